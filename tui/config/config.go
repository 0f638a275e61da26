// Package config reads the configuration of the TUI: lines of the form
//
//	theme = colour-blind
//	key.filter = /, ctrl+f
//
// Empty lines and those that begin with # are left out.
package config

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/theme"
)

// Config is what can be set. The zero value sets nothing.
type Config struct {
	Theme   string              // one of theme.Names; "" for auto
	Author  string              // who writes notes; "" for the user's name
	Restore string              // "no" where a capture opens at its beginning each time
	Keys    map[string][]string // of keymap.Names
}

// longest bounds a line.
const longest = 4096

// Path returns where the configuration lies, "" where the system has no place
// for it. WIRESIGHT_CONFIG names another one.
func Path() string {
	if path := os.Getenv("WIRESIGHT_CONFIG"); path != "" {
		return path
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "wiresight", "config")
}

// Load reads the configuration at a path. One that is not there sets nothing.
func Load(path string) (Config, error) {
	f, err := os.Open(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil
	}
	if err != nil {
		return Config{}, err
	}
	defer f.Close()
	c, err := Parse(f)
	if err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Parse reads a configuration. An error names the line.
func Parse(r io.Reader) (c Config, err error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, longest)
	n := 0
	for s.Scan() {
		n++
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if !found {
			return c, fmt.Errorf("line %d: want name = value", n)
		}
		if err := c.set(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
			return c, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		return c, fmt.Errorf("line %d: %w", n+1, err)
	}
	return c, nil
}

func (c *Config) set(name, value string) error {
	if binding, ok := strings.CutPrefix(name, "key."); ok {
		if c.Keys == nil {
			c.Keys = map[string][]string{}
		}
		c.Keys[binding] = keys(value)
		if !slices.ContainsFunc(keymap.Names(), func(b keymap.Binding) bool { return b.Name == binding }) {
			return fmt.Errorf("there is no key binding %q", binding)
		}
		return nil
	}
	switch name {
	case "theme":
		c.Theme = value
		return oneOf(name, value, theme.Names)
	case "author":
		c.Author = value
	case "restore":
		c.Restore = value
		return oneOf(name, value, []string{"yes", "no"})
	default:
		return fmt.Errorf("there is no setting %q", name)
	}
	return nil
}

// keys takes a list of keys apart. A comma that is a key is written as the word.
func keys(value string) []string {
	var list []string
	for _, k := range strings.Split(value, ",") {
		switch k = strings.TrimSpace(k); k {
		case "":
		case "comma":
			list = append(list, ",")
		default:
			list = append(list, k)
		}
	}
	return list
}

func oneOf(name, value string, list []string) error {
	if slices.Contains(list, value) {
		return nil
	}
	return fmt.Errorf("%s %q: there are %s", name, value, strings.Join(list, ", "))
}

// Write writes a configuration with everything that can be set, as it is.
func (c Config) Write(w io.Writer) error {
	var b strings.Builder
	orElse := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	fmt.Fprintf(&b, "# colours: %s\ntheme = %s\n\n", strings.Join(theme.Names, ", "), orElse(c.Theme, theme.Auto))
	fmt.Fprintf(&b, "# who writes notes; empty for the user's name\nauthor = %s\n\n", c.Author)
	fmt.Fprintf(&b, "# open a capture where it was left: yes, no\nrestore = %s\n\n# keys, separated by commas\n", orElse(c.Restore, "yes"))
	for _, k := range keymap.Names() {
		list := slices.Clone(k.Keys)
		if set := c.Keys[k.Name]; set != nil {
			list = slices.Clone(set)
		}
		for i := range list {
			list[i] = strings.NewReplacer(",", "comma", " ", "space").Replace(list[i])
		}
		fmt.Fprintf(&b, "# %s\nkey.%s = %s\n", k.About, k.Name, strings.Join(list, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
