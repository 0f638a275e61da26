package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture/live"
	"github.com/wiresight/wiresight/tui"
)

func newInterfaces() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "interfaces",
		Short: "List what can be captured on",
		Args:  arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			list, err := live.Interfaces()
			if err != nil {
				return err
			}
			if asJSON {
				return interfacesJSON(list)
			}
			return interfacesTable(list)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array")
	return cmd
}

func interfacesTable(list []live.Interface) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSTATE\tADDRESSES\tDESCRIPTION")
	for i := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", list[i].Name, state(&list[i]), strings.Join(list[i].Addresses, ", "), list[i].Description)
	}
	return w.Flush()
}

func state(i *live.Interface) string {
	if i.Up {
		return "up"
	}
	return "down"
}

func interfacesJSON(list []live.Interface) error {
	type entry struct {
		Name        string   `json:"name"`
		Description string   `json:"description,omitempty"`
		Addresses   []string `json:"addresses"`
		Up          bool     `json:"up"`
		Loopback    bool     `json:"loopback"`
	}
	entries := make([]entry, 0, len(list))
	for _, i := range list {
		entries = append(entries, entry{i.Name, i.Description, append([]string{}, i.Addresses...), i.Up, i.Loopback})
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(entries)
}

// interfaceChoices offers the interfaces that are up.
func interfaceChoices(context.Context) []tui.Choice {
	list, err := live.Interfaces()
	if err != nil {
		return nil
	}
	var choices []tui.Choice
	for _, i := range list {
		if !i.Up {
			continue
		}
		name := i.Name
		choices = append(choices, tui.Choice{
			Title:       name,
			Notes:       journalOf("", name, ""),
			Description: strings.TrimPrefix(strings.Join([]string{i.Description, strings.Join(i.Addresses, ", ")}, "  "), "  "),
			Open: func(ctx context.Context) (*wiresight.Session, error) {
				return wiresight.OpenLive(ctx, name, wiresight.Options{Index: true})
			},
		})
	}
	return choices
}
