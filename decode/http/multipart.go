package http

import (
	"bytes"
	"fmt"
	"mime"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// Bounds of what is described of a multipart body.
const (
	maxParts    = 256
	maxPartHead = 8 << 10
)

// partFields are those whose values are shown; others may tell secrets.
var partFields = []string{
	"content-disposition", "content-type", "content-encoding", "content-transfer-encoding", "content-id", "content-length",
	"content-range", "content-description", "content-language",
}

// parts describes a multipart body (RFC 2046 section 5.1): forms with files,
// several ranges of one file. It is nil where the body is none.
func parts(contentType string, body []byte) []layer.Field {
	if !strings.HasPrefix(mediaType(contentType), "multipart/") {
		return nil
	}
	kind, parameters, err := mime.ParseMediaType(contentType)
	boundary := parameters["boundary"]
	if err != nil || boundary == "" {
		return nil
	}
	l := layer.Field{Name: "mime_multipart.type", Value: layer.Clip([]byte(kind), MaxMethod), Length: len(body)}
	delimiter := []byte("--" + boundary)
	for at, ok := nextPart(body, 0, delimiter); ok && len(l.Children) < maxParts; {
		end, more := boundaryAt(body, at, delimiter)
		if !more {
			break // it is not whole
		}
		l.Children = append(l.Children, part(body, at, end))
		at, ok = nextPart(body, end, delimiter)
	}
	return []layer.Field{l}
}

// boundaryAt returns where the delimiter's line stands behind from: the line
// end before it belongs to it.
func boundaryAt(body []byte, from int, delimiter []byte) (int, bool) {
	for at := from; ; {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			return 0, false
		}
		at += i
		switch {
		case !delimits(body[at+len(delimiter):]):
		case at >= from+2 && body[at-2] == '\r' && body[at-1] == '\n':
			return at - 2, true
		case at >= from+1 && body[at-1] == '\n':
			return at - 1, true
		case at == from:
			return at, true
		}
		at += len(delimiter)
	}
}

// delimits reports whether what follows a delimiter's text lets it be one.
func delimits(rest []byte) bool {
	return len(rest) == 0 || bytes.HasPrefix(rest, []byte("--")) || strings.IndexByte(" \t\r\n", rest[0]) >= 0
}

// nextPart returns where the part behind the delimiter at or behind from
// begins; false behind the last one, whose delimiter ends with two hyphens.
func nextPart(body []byte, from int, delimiter []byte) (int, bool) {
	at, ok := boundaryAt(body, from, delimiter)
	if !ok {
		return 0, false
	}
	at += bytes.Index(body[at:], delimiter) + len(delimiter)
	line := bytes.IndexByte(body[at:], '\n')
	if line < 0 || bytes.HasPrefix(body[at:], []byte("--")) {
		return 0, false
	}
	return at + line + 1, true
}

// part describes the part that body[at:end] is.
func part(body []byte, at, end int) layer.Field {
	f := layer.Field{Name: "mime_multipart.part", Offset: at, Length: end - at}
	for line := at; line < min(end, at+maxPartHead); {
		n := bytes.IndexByte(body[line:end], '\n')
		if n < 0 {
			break
		}
		text := TrimSpace(body[line : line+n])
		if len(text) == 0 {
			line += n + 1
			f.Value = fmt.Sprintf("%d bytes", end-line)
			return f
		}
		name, value, _ := bytes.Cut(text, []byte(":"))
		for _, known := range partFields {
			if FoldEqual(name, known) {
				f.Children = append(f.Children, layer.Field{
					Name: "mime_multipart.header." + known, Value: layer.Clip(TrimSpace(value), MaxValue), Offset: line, Length: n + 1,
				})
			}
		}
		line += n + 1
	}
	f.Value = fmt.Sprintf("%d bytes", end-at)
	return f
}
