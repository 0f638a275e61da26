package http

import (
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/layer"
)

const form = "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\nX-Secret: x\r\n\r\none\r\n" +
	"--b\r\ncontent-type: text/plain\r\n\r\ntwo\r\n--by the way\r\n--b--\r\nepilogue"

func TestMultipart(t *testing.T) {
	var got []string
	for _, f := range parts(`multipart/form-data; boundary="b"`, []byte(form)) {
		got = append(got, f.Value)
		for _, p := range f.Children {
			got = append(got, p.Value+" "+form[p.Offset:p.Offset+p.Length])
			for _, k := range p.Children {
				got = append(got, k.Name+"="+k.Value)
			}
		}
	}
	want := []string{
		"multipart/form-data",
		"3 bytes Content-Disposition: form-data; name=\"a\"\r\nX-Secret: x\r\n\r\none", `mime_multipart.header.content-disposition=form-data; name="a"`,
		"17 bytes content-type: text/plain\r\n\r\ntwo\r\n--by the way", "mime_multipart.header.content-type=text/plain",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	for _, c := range []string{"text/plain; boundary=b", "multipart/mixed", "multipart/mixed; boundary"} {
		if f := parts(c, []byte(form)); f != nil {
			t.Errorf("%s: %+v", c, f)
		}
	}
}

func FuzzMultipart(f *testing.F) {
	f.Add("b", []byte(form))
	f.Add("", []byte("----"))
	f.Fuzz(func(t *testing.T, boundary string, body []byte) {
		var check func([]layer.Field)
		check = func(fields []layer.Field) {
			for _, k := range fields {
				if k.Offset < 0 || k.Length < 0 || k.Offset+k.Length > len(body) {
					t.Errorf("%+v of %d bytes", k, len(body))
				}
				check(k.Children)
			}
		}
		check(parts("multipart/mixed; boundary="+strings.TrimSpace(boundary), body))
	})
}
