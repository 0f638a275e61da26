package component

import (
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/theme"
)

func TestTheInnermostLayerIsOpenUntilTheUserClosesIt(t *testing.T) {
	layers := []layer.Layer{
		{Protocol: "tcp", OSI: 4, Fields: []layer.Field{{Name: "tcp.srcport", Value: "50001"}}},
		{Protocol: "dns", OSI: 7, Fields: []layer.Field{{Name: "dns.id", Value: "7"}}},
	}
	tree := Tree{Theme: theme.Bare()}
	tree.SetSize(40, 10)
	check := func(what, text string, want bool) {
		t.Helper()
		if got := strings.Contains(strings.Join(tree.View(), "\n"), text); got != want {
			t.Errorf("%s: %s shown: %v, want %v", what, text, got, want)
		}
	}
	tree.Set(layers, nil, nil)
	check("at first", "dns.id", true)
	check("at first", "tcp.srcport", false)

	tree.Set(layers[:1], nil, nil)
	check("in a packet that ends with TCP", "tcp.srcport", true)

	tree.Set(layers, nil, nil)
	tree.Select(1)
	tree.Expand(false)
	tree.Set(layers, nil, nil)
	check("after it was closed", "dns.id", false)
	tree.Expand(true)
	check("after it was opened again", "dns.id", true)
}
