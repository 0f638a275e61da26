package redis

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// maxText bounds a name, a key or an error in bytes.
const maxText = 128

// answers tells how a command is answered.
type answers byte

const (
	once        answers = iota
	perChannel          // a confirmation for each channel
	unsubscribe         // the same; without channels, for each subscription
	monitor             // by a stream of lines
	resp3               // HELLO
	transaction         // EXEC
	replyOff            // CLIENT REPLY OFF: not at all, from here on
	replySkip           // CLIENT REPLY SKIP: neither this one nor the next
	replyOn             // CLIENT REPLY ON
)

// command is a command that a client sent.
type command struct {
	name    string // upper case, with the subcommand where there are some
	first   int    // index of the first argument behind the name
	answers answers
}

// containers are the commands that consist of subcommands.
var containers = map[string]bool{
	"ACL": true, "CLIENT": true, "CLUSTER": true, "COMMAND": true, "CONFIG": true, "DEBUG": true, "FUNCTION": true, "LATENCY": true,
	"MEMORY": true, "MODULE": true, "OBJECT": true, "PUBSUB": true, "SCRIPT": true, "SENTINEL": true, "SLOWLOG": true,
	"XGROUP": true, "XINFO": true,
}

// keyless are the commands whose first argument is no key, and may be a secret.
var keyless = map[string]bool{
	"AUTH": true, "HELLO": true, "ECHO": true, "PING": true, "EVAL": true, "EVALSHA": true, "EVAL_RO": true, "EVALSHA_RO": true,
	"FCALL": true, "FCALL_RO": true, "MIGRATE": true, "REPLICAOF": true, "SLAVEOF": true, "SHUTDOWN": true, "INFO": true,
	"REPLCONF": true, "PSYNC": true, "FAILOVER": true, "SWAPDB": true, "WAIT": true, "MULTI": true, "EXEC": true,
}

// readCommand names the command in a value that a client sent.
func readCommand(v *value) (c command) {
	if v.kind == inline {
		return command{name: inlineName(v.text)}
	}
	name := strings.ToUpper(layer.Clip(v.arg(0), maxText))
	c = command{name: name, first: 1}
	if containers[name] && len(v.args) > 1 {
		c.first = 2
		c.name += " " + strings.ToUpper(layer.Clip(v.arg(1), maxText))
	}
	switch c.name {
	case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE":
		c.answers = perChannel
	case "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE":
		c.answers = unsubscribe
	case "MONITOR":
		c.answers = monitor
	case "HELLO":
		c.answers = resp3
	case "EXEC":
		c.answers = transaction
	case "CLIENT REPLY":
		switch strings.ToUpper(layer.Clip(v.arg(2), maxText)) {
		case "OFF":
			c.answers = replyOff
		case "SKIP":
			c.answers = replySkip
		case "ON":
			c.answers = replyOn
		}
	}
	return c
}

// inlineName returns the first word of an inline command.
func inlineName(line []byte) string {
	word, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
	return strings.ToUpper(layer.Clip(word, maxText))
}

// facts tells what is to be known of a command, without its secrets.
func (c *command) facts(v *value, facts []flow.Fact) []flow.Fact {
	add := func(key, value string) { facts = append(facts, flow.Fact{Key: key, Value: value}) }
	if v.kind == inline {
		add("inline", "true")
		return facts
	}
	name, _, _ := strings.Cut(c.name, " ")
	n := int(v.size) - c.first
	switch {
	case n <= 0:
	case name == "AUTH":
		if n > 1 {
			add("user", layer.Clip(v.arg(1), maxText))
		}
		add("password", "given")
	case name == "HELLO":
		add("version", layer.Clip(v.arg(1), maxText))
		for i := 2; i+2 < len(v.args); i++ {
			if strings.EqualFold(string(v.arg(i)), "AUTH") {
				add("user", layer.Clip(v.arg(i+1), maxText))
				add("password", "given")
				break
			}
		}
	case name == "PUBLISH" || name == "SPUBLISH":
		add("channel", layer.Clip(v.arg(1), maxText))
	case c.answers == perChannel || c.answers == unsubscribe:
		var all []string
		for i := 1; i < len(v.args); i++ {
			all = append(all, layer.Clip(v.arg(i), maxText))
		}
		add("channels", strings.Join(all, ", "))
	case name == "SELECT":
		add("database", layer.Clip(v.arg(1), maxText))
	case !keyless[name] && !containers[name]:
		add("key", layer.Clip(v.arg(1), maxText))
	}
	if n > 0 {
		add("arguments", strconv.Itoa(n))
	}
	return facts
}

// secretFrom returns the index of the first argument that must not be shown.
func (c *command) secretFrom() int {
	name, sub, _ := strings.Cut(c.name, " ")
	switch {
	case name == "AUTH", name == "MIGRATE":
		return 1
	case name == "HELLO":
		return 2
	case name == "ACL" && sub == "SETUSER", name == "CONFIG" && sub == "SET":
		return 3
	}
	return maxElements
}

// payloadFacts tells of a published message.
func payloadFacts(v *value, i int, facts []flow.Fact) []flow.Fact {
	if i >= len(v.args) {
		return facts
	}
	size := v.args[i].size
	facts = append(facts, flow.Fact{Key: "payload-bytes", Value: strconv.FormatInt(size, 10)})
	if !v.missing {
		facts = append(facts, flow.Fact{Key: "digest", Value: wire.Digest(v.arg(i), size)})
	}
	return facts
}
