package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
)

// sample is a packet of three layers.
func sample() *wiresight.Packet {
	return &wiresight.Packet{
		Number: 7, Time: time.Unix(1700000000, 5), Length: 80, Conversation: 2, Source: "10.0.0.1", Destination: "10.0.0.2",
		Protocol: "dns", Summary: "Standard query A example.com\x1b[2J",
		Layers: []layer.Layer{
			{Protocol: layer.IPv4, OSI: 3, Length: 20, Summary: "10.0.0.1 → 10.0.0.2", Fields: []layer.Field{
				{Name: "ip.flags", Value: "0x2", Children: []layer.Field{{Name: "ip.flags.df", Value: "Set"}}},
				{Name: "ip.src", Value: "10.0.0.1"}}},
			{Protocol: layer.UDP, OSI: 4, Offset: 20, Length: 8},
			{Protocol: "dns", OSI: 7, Source: layer.Reassembled, Length: 30, Data: []byte("\x00\xff"), Packets: []int{5, 7}, Fields: []layer.Field{
				{Name: "dns.qry.name", Value: "a"}, {Name: "dns.qry.type", Value: "1"}, {Name: "dns.qry.name", Value: "b"}, {Name: "dns.qry.name", Value: "c"}}},
		},
	}
}

func TestPacketAsJSON(t *testing.T) {
	var out bytes.Buffer
	p := NewPackets(&out)
	for range 2 {
		if err := p.JSON(sample()); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(out.String(), "\n")
	if len(lines) != 3 || lines[0] != lines[1] || lines[2] != "" {
		t.Fatalf("lines %q", lines)
	}
	want := `{"number":7,"time":"2023-11-14T22:13:20.000000005Z","length":80,"layers":[` +
		`{"name":"ipv4","osi_layer":3,"offset":0,"length":20,"summary":"10.0.0.1 → 10.0.0.2","fields":{"ip.flags":"0x2","ip.flags.df":"Set","ip.src":"10.0.0.1"}},` +
		`{"name":"udp","osi_layer":4,"offset":20,"length":8},` +
		`{"name":"dns","osi_layer":7,"offset":0,"length":30,"reassembled":true,"data":"00ff","packets":[5,7],"fields":{"dns.qry.name":["a","b","c"],"dns.qry.type":"1"}}],` +
		`"summary":"Standard query A example.com\u001b[2J","conversation":2}` + "\n"
	if lines[0] != want {
		t.Errorf("got\n%s\nwant\n%s", lines[0], want)
	}
}

func TestManyFieldsOfOneNameAreOneArray(t *testing.T) {
	k := sample()
	k.Layers = k.Layers[:1]
	k.Layers[0].Fields = nil
	for i := range 500 {
		k.Layers[0].Fields = append(k.Layers[0].Fields, layer.Field{Name: fmt.Sprintf("f%d", i%3), Value: fmt.Sprint(i)})
	}
	var out bytes.Buffer
	p := NewPackets(&out)
	p.JSON(k)
	p.Flush()
	var got struct {
		Layers []struct{ Fields map[string][]string }
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	f := got.Layers[0].Fields
	if len(f) != 3 || len(f["f0"]) != 167 || f["f1"][166] != "499" || f["f2"][0] != "2" {
		t.Errorf("fields %v", f)
	}
}

func TestPacketAsALine(t *testing.T) {
	var out bytes.Buffer
	p := NewPackets(&out)
	k := sample()
	p.Line(k)
	k.Number, k.Time, k.Source = 8, k.Time.Add(1500*time.Millisecond), "2001:db8::1"
	p.Line(k)
	p.Flush()
	want := `     7    0.000000 10.0.0.1  → 10.0.0.2  dns        80 Standard query A example.com\x1b[2J
     8    1.500000 2001:db8::1 → 10.0.0.2  dns        80 Standard query A example.com\x1b[2J
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
