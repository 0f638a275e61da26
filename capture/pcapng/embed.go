package pcapng

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/wiresight/wiresight/capture"
)

var errNoSection = errors.New("it does not begin as a pcapng file does")

// Embed puts decryption secrets into the pcapng file at path, which nobody
// writes any more: behind its first section's header, so that they stand before
// all packets they open (section 4.7). The file is replaced in one step by one
// that is readable by its owner alone. Whoever has it open keeps the old one.
func Embed(path string, secrets []capture.Secrets) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return named(path, err)
	}
	defer in.Close()
	head, o, err := firstSection(in)
	if err != nil {
		return named(path, err)
	}
	out, err := os.CreateTemp(filepath.Dir(path), ".wiresight-*") // 0600
	if err != nil {
		return named(path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(out.Name())
			err = named(path, err)
		}
	}()
	for _, s := range secrets {
		head = o.appendSecrets(head, s)
	}
	if _, err = out.Write(head); err == nil {
		_, err = io.Copy(out, in)
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	in.Close() // Windows replaces no file that somebody has open
	return os.Rename(out.Name(), path)
}

// firstSection reads the Section Header Block that in begins with.
func firstSection(in io.Reader) ([]byte, order, error) {
	b := make([]byte, minSection)
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, order{}, errNoSection
	}
	o, ok := orderOf(b[blockHeader:])
	total := o.uint32(b[4:])
	if !ok || o.uint32(b) != blockSection || total < minSection || total > maxBlock || total%4 != 0 {
		return nil, order{}, errNoSection
	}
	b = append(b, make([]byte, total-minSection)...)
	if _, err := io.ReadFull(in, b[minSection:]); err != nil {
		return nil, order{}, errNoSection
	}
	// A section whose length is told would end too early.
	for i := range 8 {
		b[blockHeader+8+i] = 0xff
	}
	return b, o, nil
}

// appendSecrets appends a Decryption Secrets Block in the byte order of its
// section.
func (o order) appendSecrets(b []byte, s capture.Secrets) []byte {
	put := func(v uint32) {
		var word [4]byte
		little.PutUint32(word[:], v)
		b = little.AppendUint32(b, o.uint32(word[:]))
	}
	total := uint32(blockOverhead + 8 + padded(len(s.Data)))
	put(blockSecrets)
	put(total)
	put(s.Type)
	put(uint32(len(s.Data)))
	b = appendPadded(b, s.Data)
	put(total)
	return b
}
