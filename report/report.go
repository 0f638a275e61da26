// Package report writes what a session knows: the whole as JSON for programs
// or as text for people, and single packets as lines. It decodes and judges
// nothing; the model comes from the session and the claims from package
// classify. docs/report.md describes the JSON.
package report

import (
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/flow"
)

// Schema names the JSON document's form.
const Schema = "wiresight.report/1"

// Filter chooses the conversations to report; display.Filter is one.
type Filter interface {
	Conversation(*flow.Conversation) bool
}

// Options say what is reported and how. The zero value reports everything.
type Options struct {
	Filter Filter // report only the conversations for which it is true; nil for all
	Width  int    // WriteText: columns to write in; 0 is 80
	Color  bool   // WriteText: colours, for a terminal
	// Err is why reading ended early; it is told at the head of the report.
	Err error
}

func (o *Options) shows(c *flow.Conversation) bool {
	return o.Filter == nil || o.Filter.Conversation(c)
}

// drops returns how many frames the capture's maker says it lost.
func drops(info *capture.Info) (n uint64) {
	if info == nil {
		return 0
	}
	for i := range info.Interfaces {
		n += info.Interfaces[i].Dropped
	}
	return n
}
