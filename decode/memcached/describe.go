package memcached

import (
	"github.com/wiresight/wiresight/decode/layer"
)

// maxShown bounds what is shown of a value in bytes.
const maxShown = 128

// layer describes the current line. Offsets count from its first byte.
func (d *dissector) layer() layer.Layer {
	u := d.now
	t, _, _ := parseLine(u.Dir, u.Head)
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(u.Head), Summary: layer.Clip(t.words[0], maxKey)}
	add := func(name string, b []byte) {
		if len(b) > 0 {
			l.Fields = append(l.Fields, layer.Field{Name: name, Value: layer.Clip(b, maxShown), Offset: cap(u.Head) - cap(b), Length: len(b)})
		}
	}
	if u.Dir == layer.ToServer {
		describeCommand(&t, &l, add)
	} else {
		describeReply(&t, &l, add)
	}
	if t.data >= 0 {
		value := u.Head[min(t.size, len(u.Head)):]
		add("memcache.value", value[:min(int64(len(value)), t.data)])
	}
	return l
}

func describeCommand(t *text, l *layer.Layer, add func(string, []byte)) {
	add("memcache.command", t.words[0])
	c := commands[string(t.words[0])]
	if c.key > 0 && c.key < len(t.words) {
		l.Summary += " " + layer.Clip(t.words[c.key], maxKey)
		add("memcache.key", t.words[c.key])
	}
	if c.form == values {
		for _, key := range t.words[min(c.key+1, len(t.words)):] {
			add("memcache.key", key)
		}
	}
	if c.numbered {
		add("memcache.flags", t.word(2))
		add("memcache.expiration", t.word(3))
		add("memcache.value.length", t.word(4))
	}
	if last := t.words[len(t.words)-1]; string(last) == "noreply" {
		add("memcache.noreply", last)
	}
}

func describeReply(t *text, l *layer.Layer, add func(string, []byte)) {
	switch string(t.words[0]) {
	case "VALUE":
		l.Summary += " " + layer.Clip(t.word(1), maxKey)
		add("memcache.command", t.words[0])
		add("memcache.key", t.word(1))
		add("memcache.flags", t.word(2))
		add("memcache.value.length", t.word(3))
	case "STAT":
		l.Summary += " " + layer.Clip(t.word(1), maxKey)
		add("memcache.name", t.word(1))
		add("memcache.name_value", t.word(2))
	case "VERSION":
		add("memcache.version", t.word(1))
	default:
		add("memcache.response", t.words[0])
	}
}
