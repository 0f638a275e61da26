package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight/tui"
	"github.com/wiresight/wiresight/tui/config"
	"github.com/wiresight/wiresight/tui/keymap"
)

func newConfig() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Show the configuration, with everything that can be set",
		Long: `config writes the configuration as it is: colours, and which keys do what. Save
it where wiresight looks for it and change what you like:

  ` + config.Path() + `

WIRESIGHT_CONFIG names another file.`,
		Example: `  wiresight config
  wiresight config >~/.config/wiresight/config`,
		Args: arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			c, err := config.Load(config.Path())
			if err != nil {
				return err
			}
			return c.Write(os.Stdout)
		},
	}
}

// configure sets what the configuration says.
func configure(opt *tui.Options) error {
	path := config.Path()
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	if err := keymap.Rebind(c.Keys); err != nil {
		return usagef("%s: %v", path, err)
	}
	opt.Theme = c.Theme
	if opt.Author = c.Author; opt.Author == "" {
		opt.Author = author()
	}
	if c.Restore == "no" {
		opt.Keep, opt.Position = nil, tui.Position{}
	}
	return nil
}
