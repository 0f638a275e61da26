package http1

import "github.com/wiresight/wiresight/decode/dissect"

// dissector reads both directions of one connection.
type dissector struct{}

func newDissector(dissect.Context) *dissector { return &dissector{} }

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, closed bool) {}
