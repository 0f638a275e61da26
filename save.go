package wiresight

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/pcapng"
)

// SaveAs writes the packets that were read so far to a new pcapng file, each
// with the comments that it has in the capture and those of comments, by
// number. It refuses to write over the capture itself, and replaces another
// file only once the new one is whole. progress, which may be nil, is told now
// and then how many packets are done.
func (s *Session) SaveAs(ctx context.Context, path string, comments map[int][]string, progress func(done, of int)) error {
	if s.again == nil {
		return ErrNoIndex
	}
	if s.reads(path) {
		return fmt.Errorf("%s is the capture that is being looked at: choose another name", path)
	}
	index := s.entries()
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".part")
	out, err := pcapng.Create(part)
	if err != nil {
		return err
	}
	out.Describe(s.source)
	err = s.copy(ctx, out, index, comments, progress)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

// reads reports whether path is the file that the session reads or writes.
func (s *Session) reads(path string) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	var own string
	s.View(func(v View) {
		if v.Info != nil {
			own = v.Info.Source
		}
	})
	for _, name := range []string{own, s.opt.Write} {
		if info, err := os.Stat(name); name != "" && err == nil && os.SameFile(info, there) {
			return true
		}
	}
	return false
}

func (s *Session) copy(ctx context.Context, out *pcapng.File, index []PacketInfo, comments map[int][]string, progress func(done, of int)) error {
	var f capture.Frame
	for i := range index {
		if i%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(i, len(index))
			}
		}
		if err := s.frame(index, i+1, &f); err != nil {
			return err
		}
		if more := comments[i+1]; len(more) > 0 {
			f.Comments = slices.Concat(f.Comments, more)
		}
		if _, err := out.Write(&f); err != nil {
			return err
		}
	}
	return nil
}
