package main

import (
	"os"
	"path/filepath"
	"strings"
)

// maxRecent is how many files the picker remembers.
const maxRecent = 20

// recentFile is the list of recently opened captures, one path a line, newest
// first; "" where the system has no place for it.
func recentFile() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "wiresight", "recent")
}

// recent returns the recently opened captures that still exist.
func recent() []string {
	data, err := os.ReadFile(recentFile())
	if err != nil {
		return nil
	}
	var paths []string
	for _, p := range strings.Split(string(data), "\n") {
		if p == "" {
			continue
		}
		if _, err := os.Stat(p); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// remember puts a capture at the head of the list. Failing to is no reason to
// disturb anyone.
func remember(path string) {
	list := recentFile()
	abs, err := filepath.Abs(path)
	if list == "" || err != nil || strings.ContainsAny(abs, "\n\r") {
		return
	}
	paths := []string{abs}
	for _, p := range recent() {
		if p != abs && len(paths) < maxRecent {
			paths = append(paths, p)
		}
	}
	if os.MkdirAll(filepath.Dir(list), 0o700) != nil {
		return
	}
	temp := list + ".new"
	if os.WriteFile(temp, []byte(strings.Join(paths, "\n")+"\n"), 0o600) == nil {
		_ = os.Rename(temp, list)
	}
}
