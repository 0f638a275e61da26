package wiresight_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/wiresight/wiresight"

// floors orders the folders: a package imports only packages of lower floors,
// or of its own folder.
var floors = []string{
	"decode/layer", "capture", "decode/protobuf", "decode/flow", "decode/secrets", "decode/dissect", "decode/stream", "decode/wire", "decode/sqltext", "decode/header", "decode/ip",
	"decode/tcp", "decode/http", "decode/*", "decode", "classify", "learn", "notes", ".", "report", "display", "tui", "cmd",
}

func floor(dir string) int {
	for i, f := range floors {
		if dir == f || strings.HasPrefix(dir, f+"/") && f != "decode" && f != "." {
			return i
		}
		if f == "decode/*" && strings.HasPrefix(dir, "decode/") {
			return i
		}
	}
	return -1
}

// The street has one direction: nothing reaches up into what is built on it.
func TestFoldersImportOnlyWhatStandsBelow(t *testing.T) {
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "lab" || strings.HasPrefix(d.Name(), ".") && p != ".") {
			return filepath.SkipDir
		}
		if filepath.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		dir := path.Dir(filepath.ToSlash(p))
		here := floor(dir)
		if here < 0 {
			t.Errorf("%s: the folder %s has no place in the street; see CONTRIBUTING.md", p, dir)
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			if name != module && !strings.HasPrefix(name, module+"/") {
				continue
			}
			target := strings.TrimPrefix(strings.TrimPrefix(name, module), "/")
			if target == "" {
				target = "."
			}
			there := floor(target)
			if there > here {
				t.Errorf("%s imports %s, which stands above it", p, target)
			}
			if there == here && floors[here] == "decode/*" && target != dir && !unwraps[dir+" "+target] {
				t.Errorf("%s imports %s: protocols do not know each other", p, target)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unwraps lists the protocols that may import the one whose messages they
// carry.
var unwraps = map[string]bool{
	"decode/quic decode/tls":          true, // QUIC's CRYPTO frames hold TLS handshake messages (RFC 9001)
	"decode/quic decode/tls/suite":    true, // and its packets are protected by TLS's suites
	"decode/dtls decode/tls":          true, // its handshake messages are TLS's
	"decode/dtls decode/tls/suite":    true,
	"decode/tls decode/tls/suite":     true,
	"decode/http3 decode/http3/qpack": true, // its header compression
}
