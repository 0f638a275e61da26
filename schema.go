package wiresight

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"

	"github.com/wiresight/wiresight/decode/protobuf"
)

// Bounds of what LoadSchema reads.
const (
	maxSchemaFile  = 64 << 20
	maxSchemaFiles = 10_000
)

// LoadSchema reads descriptions of messages into a schema: a .proto file, a
// folder with such files (imports count from it), or a descriptor set as
// protoc's --descriptor_set_out and buf build write it. What a file imports is
// looked for beside it, too.
func LoadSchema(ctx context.Context, schema *protobuf.Schema, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		err = loadFolder(ctx, schema, path)
	case filepath.Ext(path) == ".proto":
		err = compile(ctx, schema, filepath.Dir(path), []string{filepath.Base(path)})
	default:
		err = loadSet(schema, path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// loadFolder compiles all .proto files below a folder.
func loadFolder(ctx context.Context, schema *protobuf.Schema, root string) error {
	var names []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Type().IsRegular() && filepath.Ext(path) == ".proto" {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(name))
		}
		if len(names) > maxSchemaFiles {
			return errors.New("more than 10,000 .proto files")
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = errors.New("no .proto files in this folder")
	}
	if err != nil {
		return err
	}
	return compile(ctx, schema, root, names)
}

func compile(ctx context.Context, schema *protobuf.Schema, root string, names []string) error {
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{root}})}
	files, err := c.Compile(ctx, names...)
	if err != nil {
		return err
	}
	for _, f := range files {
		schema.Add(f)
	}
	return nil
}

func loadSet(schema *protobuf.Schema, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSchemaFile+1))
	if err != nil {
		return err
	}
	if len(data) > maxSchemaFile {
		return errors.New("larger than 64 MiB")
	}
	if err := schema.AddSet(data); err != nil {
		if strings.HasPrefix(string(data), "syntax") {
			return errors.New("this looks like a .proto file: name it so")
		}
		return err
	}
	return nil
}
