package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/tui"
)

// maxPositions is of how many captures it is remembered where they were left.
const maxPositions = 100

// positionFile is the list of positions, newest first: path, conversation, tab
// and filter, separated by tabulators; "" where the system has no place for it.
func positionFile() string {
	if recent := recentFile(); recent != "" {
		return filepath.Join(filepath.Dir(recent), "positions")
	}
	return ""
}

// positions returns the lines of the list.
func positions() (lines []string) {
	f, err := os.Open(positionFile())
	if err != nil {
		return nil
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan() && len(lines) < maxPositions; {
		lines = append(lines, s.Text())
	}
	return lines
}

// positionOf returns where a capture was left.
func positionOf(path string) (at tui.Position) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return at
	}
	for _, l := range positions() {
		if f := strings.SplitN(l, "\t", 4); len(f) == 4 && f[0] == abs {
			at.Conversation, _ = strconv.Atoi(f[1])
			at.Tab, at.Filter = f[2], f[3]
			return at
		}
	}
	return at
}

// keepPosition returns what remembers where a capture is left. Failing to is no
// reason to disturb anyone.
func keepPosition(path string) func(tui.Position) {
	file := positionFile()
	abs, err := filepath.Abs(path)
	if file == "" || err != nil || strings.ContainsAny(abs, "\t\n\r") {
		return nil
	}
	return func(at tui.Position) {
		if strings.ContainsAny(at.Filter, "\t\n\r") {
			at.Filter = ""
		}
		lines := []string{fmt.Sprintf("%s\t%d\t%s\t%s", abs, at.Conversation, at.Tab, at.Filter)}
		for _, l := range positions() {
			if !strings.HasPrefix(l, abs+"\t") && len(lines) < maxPositions {
				lines = append(lines, l)
			}
		}
		if os.MkdirAll(filepath.Dir(file), 0o700) != nil {
			return
		}
		temp := file + ".new"
		if os.WriteFile(temp, []byte(strings.Join(lines, "\n")+"\n"), 0o600) == nil {
			_ = os.Rename(temp, file)
		}
	}
}
