package stream

import (
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
)

func TestAStreamBeginsAsCodesWhereMostOfItsFirstBytesAreNoText(t *testing.T) {
	for _, c := range []struct {
		name string
		data []string
		want bool
	}{
		{"nothing", nil, false},
		{"a request", []string{"GET / HTTP/1.1\r\n\r\n"}, false},
		{"UTF-8", []string{"日本語のテキスト"}, false},
		{"a TLS record", []string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03Qx"}, true},
		{"a request, then an image larger than itself", []string{"GET / HTTP/1.1\r\n\r\n", strings.Repeat("\xff\x00", 30)}, true},
		{"text, then an image after the bytes that count", []string{strings.Repeat("a", 512), strings.Repeat("\xff", 9000)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var chunks []wiresight.StreamChunk
			for _, d := range c.data {
				chunks = append(chunks, wiresight.StreamChunk{Data: []byte(d)})
			}
			if got := binary(chunks); got != c.want {
				t.Errorf("codes: %v, want %v", got, c.want)
			}
		})
	}
}
