package sqltext

import (
	"strings"
	"testing"
)

func TestShape(t *testing.T) {
	for _, c := range []struct{ statement, want string }{
		{"SELECT 1;", "SELECT ?"},
		{"select  *\n from t1 where name = 'O''Brien' and n > 4.5e3 -- why", "select * from t1 where name = ? and n > ?"},
		{`insert into "My Table" values ('a\'b', 0x1f, $1, :x)`, `insert into "My Table" values (?, ?, $1, :x)`},
		{"SELECT `a b`, /* secret */ c2 FROM t", "SELECT `a b`, c2 FROM t"},
		{"DO $x$ begin secret end $x$", "DO ?"},
		{"SELECT 'never ends", "SELECT ?"},
		{"", ""},
	} {
		if got := Shape([]byte(c.statement), false); got != c.want {
			t.Errorf("%q: %q, want %q", c.statement, got, c.want)
		}
	}
	if got := Shape([]byte(strings.Repeat("abc,", 100)), false); len(got) > maxShape+16 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

func FuzzShape(f *testing.F) {
	f.Add("select 'a' from $1 $$b$$ /* c")
	f.Fuzz(func(t *testing.T, s string) {
		if n := len(Shape([]byte(s), true)); n > 16*(maxShape+maxLook) {
			t.Errorf("%d bytes", n)
		}
	})
}

func TestTextHidesPasswords(t *testing.T) {
	if got := Text([]byte("ALTER USER ann PASSWORD 'hush'")); got != "ALTER USER ann PASSWORD ?" {
		t.Errorf("%q", got)
	}
	if got := Text([]byte("SELECT 'hi'")); got != "SELECT 'hi'" {
		t.Errorf("%q", got)
	}
}
