package redis

import (
	"strconv"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// kindNames are the specification's names of values, for facts.
var kindNames = map[byte]string{
	simpleString: "simple string", simpleError: "error", integer: "integer", bulkString: "bulk string", array: "array", null: "null",
	double: "double", boolean: "boolean", bulkError: "error", verbatim: "verbatim string", bigNumber: "big number", mapping: "map",
	set: "set", push: "push", attribute: "attribute",
}

// status is what a reply says in a word: OK, QUEUED, an error's text, nil.
func (v *value) status() string {
	switch {
	case v.null:
		return "nil"
	case v.kind == simpleString, v.kind == simpleError, v.kind == bulkError:
		return layer.Clip(v.arg(0), maxText)
	}
	return ""
}

// replyFacts tells what is to be known of a reply.
func replyFacts(v *value, facts []flow.Fact) []flow.Fact {
	add := func(key, value string) { facts = append(facts, flow.Fact{Key: key, Value: value}) }
	add("type", kindNames[v.kind])
	switch {
	case v.null:
	case v.kind == integer || v.kind == boolean || v.kind == double:
		add("value", layer.Clip(v.arg(0), maxText))
	case isString(v.kind):
		add("bytes", strconv.FormatInt(v.size, 10))
	case isAggregate(v.kind) && v.size >= 0:
		add("elements", strconv.FormatInt(v.size, 10))
		if v.errors > 0 {
			add("errors", strconv.Itoa(v.errors))
		}
	}
	return facts
}

// delivery reports whether a value that came to a client is one that nobody
// asked for, and its kind as a message. Before RESP3 subscribers alone get
// such, as arrays; waiting tells whether a reply is due.
func delivery(v *value, subscribed, waiting bool) (kind string, ok bool) {
	if v.kind != push && !(v.kind == array && v.size >= 3 && v.size <= 4 && (subscribed || !waiting)) {
		return "", false
	}
	switch name := string(v.arg(0)); name {
	case "message", "pmessage", "smessage":
		return name, true
	case "invalidate":
		return name, v.kind == push
	}
	return "push", v.kind == push && !isConfirmation(v)
}

// isConfirmation reports whether a value confirms a SUBSCRIBE or UNSUBSCRIBE.
func isConfirmation(v *value) bool {
	if v.kind != push && v.kind != array || v.size != 3 {
		return false
	}
	switch string(v.arg(0)) {
	case "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
		return true
	}
	return false
}
