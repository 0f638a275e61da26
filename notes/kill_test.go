package notes_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wiresight/wiresight/notes"
)

// writerOf tells this test's binary to write notes into a journal until it is
// killed, and to say so after each.
const writerOf = "WIRESIGHT_TEST_WRITE_NOTES"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerOf); path != "" {
		b, err := notes.Open(path, "ada")
		for i := 1; err == nil; i++ {
			if _, err = b.Put(notes.Note{Target: notes.Target{Packet: i}, Text: fmt.Sprint("note ", i)}); err == nil {
				fmt.Println("note", i)
			}
		}
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Whatever moment the process is killed at, what it said is written is there.
func TestNothingThatWasWrittenIsLostWhenTheProcessIsKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.notes")
	for round := range 8 {
		before := len(texts(open(t, path, "")))
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), writerOf+"="+path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(40+13*round)*time.Millisecond, func() { _ = c.Process.Kill() })
		var said []string
		for s := bufio.NewScanner(out); s.Scan(); {
			said = append(said, s.Text())
		}
		_ = c.Wait()
		there := texts(open(t, path, ""))
		for _, text := range said {
			if !slices.Contains(there, text) {
				t.Errorf("%q was written and is gone", text)
			}
		}
		if len(there) < before+len(said) {
			t.Errorf("%d notes, want at least %d", len(there), before+len(said))
		}
	}
}
