package wiresight_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// frames counts frames by direction and type: {"to_server": {"PING": 2}}.
type frames map[string]map[string]int64

// frameTruth is what the programs of the lab counted; see testdata/README.md.
type frameTruth struct {
	Hosts []struct {
		IP   []string
		Role string
	}
	HTTP2     []struct{ Frames frames }
	WebSocket []struct{ Frames frames }
	QUIC      []struct {
		Frames frames `json:"quic_frames"`
		HTTP3  struct{ Frames frames }
	}
}

// byProtocol adds up the frames of all connections; nil for none.
func (w *frameTruth) byProtocol() map[string]frames {
	all := map[string]frames{}
	add := func(protocol string, f frames) {
		for dir, kinds := range f {
			for kind, n := range kinds {
				count(all, protocol, dir, strings.ToUpper(kind), n)
			}
		}
	}
	for _, c := range w.HTTP2 {
		add("http2", c.Frames)
	}
	for _, c := range w.WebSocket {
		add("websocket", c.Frames)
	}
	for _, c := range w.QUIC {
		add("quic", c.Frames)
		add("http3", c.HTTP3.Frames)
	}
	return all
}

func count(all map[string]frames, protocol, dir, kind string, n int64) {
	if all[protocol] == nil {
		all[protocol] = frames{}
	}
	if all[protocol][dir] == nil {
		all[protocol][dir] = map[string]int64{}
	}
	all[protocol][dir][kind] += n
}

// quicFrames are RFC 9000's types from 0 on; STREAM and CONNECTION_CLOSE have
// several.
var quicFrames = []string{
	"PADDING", "PING", "ACK", "ACK", "RESET_STREAM", "STOP_SENDING", "CRYPTO", "NEW_TOKEN",
	"STREAM", "STREAM", "STREAM", "STREAM", "STREAM", "STREAM", "STREAM", "STREAM",
	"MAX_DATA", "MAX_STREAM_DATA", "MAX_STREAMS", "MAX_STREAMS", "DATA_BLOCKED", "STREAM_DATA_BLOCKED", "STREAMS_BLOCKED", "STREAMS_BLOCKED",
	"NEW_CONNECTION_ID", "RETIRE_CONNECTION_ID", "PATH_CHALLENGE", "PATH_RESPONSE", "CONNECTION_CLOSE", "CONNECTION_CLOSE", "HANDSHAKE_DONE",
}

// frameOf names the frame that a field tells of, "" for another field.
func frameOf(f *layer.Field) (protocol, kind string) {
	name, _, _ := strings.Cut(f.Value, " (")
	switch f.Name {
	case "http2.type":
		return "http2", name
	case "http3.frame_type":
		return "http3", name
	case "websocket.opcode":
		n, err := strconv.Atoi(name)
		if kind := map[int]string{0: "CONTINUATION", 1: "TEXT", 2: "BINARY", 8: "CLOSE", 9: "PING", 10: "PONG"}[n]; err == nil && kind != "" {
			return "websocket", kind
		}
		return "websocket", f.Value
	case "quic.frame_type":
		n, err := strconv.Atoi(name)
		switch {
		case err == nil && n < len(quicFrames):
			return "quic", quicFrames[n]
		case n == 0x30 || n == 0x31:
			return "quic", "DATAGRAM"
		}
		return "quic", f.Value
	}
	return "", ""
}

func shownFrames(all map[string]frames, dir string, list []layer.Field) {
	for i := range list {
		if protocol, kind := frameOf(&list[i]); protocol != "" {
			count(all, protocol, dir, kind, 1)
		}
		shownFrames(all, dir, list[i].Children)
	}
}

// Each frame that a program counted is shown with its packet, in its direction,
// and no other.
func TestFramesAreThoseThatTheProgramsCounted(t *testing.T) {
	truths, _ := filepath.Glob("testdata/*.truth.json")
	compared := map[string]int64{}
	for _, path := range truths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		truth := new(frameTruth)
		if err := json.Unmarshal(data, truth); err != nil {
			t.Fatal(err)
		}
		want := truth.byProtocol()
		if len(want) == 0 {
			continue
		}
		scenario := strings.TrimSuffix(path, ".truth.json")
		t.Run(filepath.Base(scenario), func(t *testing.T) {
			keys := secrets.New()
			if err := wiresight.LoadKeys(keys, scenario+".keys", false); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			var clients []string
			for _, h := range truth.Hosts {
				if h.Role == "client" {
					clients = append(clients, h.IP...)
				}
			}
			got := map[string]frames{}
			s := open(t, scenario+".client.pcapng", wiresight.Options{Secrets: keys})
			if err := s.EachPacket(func(p *wiresight.Packet) error {
				dir := "to_client"
				if slices.ContainsFunc(clients, func(ip string) bool { return p.Source == ip || strings.HasPrefix(p.Source, ip+":") }) {
					dir = "to_server"
				}
				for i := range p.Layers {
					shownFrames(got, dir, p.Layers[i].Fields)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for protocol := range want {
				for _, dir := range []string{"to_server", "to_client"} {
					told, seen := want[protocol][dir], got[protocol][dir]
					for kind := range told {
						compared[protocol] += told[kind]
					}
					both := slices.Concat(slices.Collect(maps.Keys(told)), slices.Collect(maps.Keys(seen)))
					slices.Sort(both)
					for _, kind := range slices.Compact(both) {
						if more := seen[kind] - told[kind]; more != 0 && !mayDiffer(filepath.Base(scenario), protocol, dir, kind, more) {
							t.Errorf("%s %s: %d %s, the program counted %d", protocol, dir, seen[kind], kind, told[kind])
						}
					}
				}
			}
		})
	}
	for _, protocol := range []string{"http2", "http3", "quic", "websocket"} {
		if compared[protocol] == 0 {
			t.Errorf("no frames of %s", protocol)
		}
	}
	t.Log("frames compared:", compared)
}

// mayDiffer reports whether there is a reason why more frames, or fewer, are in
// the capture than a program counted.
func mayDiffer(scenario, protocol, dir, kind string, more int64) bool {
	switch {
	case protocol == "quic" && kind == "PADDING":
		return true // not counted
	case protocol == "quic" && kind == "CONNECTION_CLOSE":
		return more > 0 // sent again for each packet that still comes (RFC 9000 section 10.2.1), and not logged again
	case protocol == "quic" && dir == "to_client":
		return more > 0 // came when the client had closed
	case scenario == "quic-0rtt-rejected" && protocol == "quic":
		return more < 0 // the library does not log the keys of 0-RTT packets
	case scenario == "http3-cancel" && protocol == "http3" && kind == "DATA":
		return more == -1 // the stream was reset within the frame, which is shown only as a whole
	case scenario == "http2-push-refused" && dir == "to_client":
		return more > 0 // on its way when the client refused it
	case strings.HasPrefix(scenario, "grpc") && kind == "DATA":
		return more > 0 // grpc-go does not log them
	case strings.HasPrefix(scenario, "http2-continuation") && kind == "CONTINUATION":
		return more > 0 // nghttp counts a header block as one frame
	}
	return false
}
