package http

import "testing"

func TestSecretsInURIsAreHidden(t *testing.T) {
	for in, want := range map[string]string{
		"/a":                               "/a",
		"/a?b=1&c=2":                       "/a?b=1&c=2",
		"/a?access_token=abc":              "/a?access_token=***",
		"/a?b=1&Token=abc&c=2#token=d":     "/a?b=1&Token=***&c=2#token=***",
		"/a?token=&b=1":                    "/a?token=&b=1",
		"/a?tokens=3&author=jane&sidebar":  "/a?tokens=3&author=jane&sidebar",
		"GET /a?sig=ab%20c HTTP/1.1":       "GET /a?sig=*** HTTP/1.1",
		"/a?next=/b?password=abc":          "/a?next=/b?password=***",
		"http://alice:abc@a.example/b?c":   "http://alice:***@a.example/b?c",
		"http://alice:a@b@a.example/":      "http://alice:***@a.example/",
		"http://alice@a.example/":          "http://alice@a.example/",
		"http://a.example:80/@b":           "http://a.example:80/@b",
		"alice:abc@a.example":              "alice:abc@a.example",
		"<https://a.example/?token=a>; b":  "<https://a.example/?token=***>; b",
		"/a?X-Amz-Signature=ab&X-Amz-Date": "/a?X-Amz-Signature=***&X-Amz-Date",
	} {
		if got := string(Hide([]byte(in))); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestFieldsThatCallThemselvesSecret(t *testing.T) {
	for name, want := range map[string]string{
		"X-Api-Key": "5 bytes, not shown", "x-csrf-token": "5 bytes, not shown", "Cookie": "5 bytes, not shown",
		"x-other": "value", ":authority": "value", "host": "value",
	} {
		if got := FieldValue([]byte(name), []byte("value")); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func FuzzHide(f *testing.F) {
	f.Add([]byte("http://a:b@c/?token=d&e#f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		once := Hide(b)
		if twice := Hide(once); len(once) > 4*len(b) || string(twice) != string(once) {
			t.Errorf("%q became %q, and then %q", b, once, twice)
		}
	})
}
