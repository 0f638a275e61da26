package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/protobuf"
	"github.com/wiresight/wiresight/decode/secrets"
)

// keyLogVariable names the key log that programs write, and that is read where
// no --keys is given.
const keyLogVariable = "SSLKEYLOGFILE"

// loadKeys reads the key files that the command line or the environment names.
func (f *flags) loadKeys() (*secrets.Store, error) {
	store := secrets.New()
	growing := f.iface != "" || f.follow
	for _, path := range f.keys {
		if err := wiresight.LoadKeys(store, path, growing); err != nil {
			return nil, usagef("--keys: %w", err)
		}
		if !growing && store.Empty() {
			fmt.Fprintf(os.Stderr, "wiresight: no keys in %s\n", path)
		}
	}
	if path := os.Getenv(keyLogVariable); path != "" && len(f.keys) == 0 {
		// It may be meant for other programs, and not be there (yet).
		if err := wiresight.LoadKeys(store, path, growing); err != nil && !os.IsNotExist(err) {
			return nil, usagef("%s: %w", keyLogVariable, err)
		}
	}
	return store, nil
}

// loadSchema reads the descriptions of messages that the command line names.
func (f *flags) loadSchema() (*protobuf.Schema, error) {
	schema := protobuf.NewSchema()
	for _, path := range f.protos {
		if err := wiresight.LoadSchema(context.Background(), schema, path); err != nil {
			return nil, usagef("--proto: %w", err)
		}
	}
	return schema, nil
}

// parseDecodeAs reads what -d says, as tshark does: "tcp.port==8888,http2".
func parseDecodeAs(rules []string) (map[decode.Port]layer.Protocol, error) {
	ports := map[decode.Port]layer.Protocol{}
	for _, rule := range rules {
		where, name, ok := strings.Cut(rule, ",")
		transport, number, ok2 := strings.Cut(where, ".port==")
		port, err := strconv.ParseUint(number, 10, 16)
		transport = strings.TrimSpace(transport)
		if !ok || !ok2 || err != nil || transport != "tcp" && transport != "udp" {
			return nil, usagef("-d %s: say it like tcp.port==8888,http1", rule)
		}
		p, known := registered(layer.Protocol(name), transport == "udp")
		if !known {
			return nil, usagef("-d %s: no protocol %q over %s (there are %s)", rule, name, transport, strings.Join(protocolNames(transport == "udp"), ", "))
		}
		ports[decode.Port{Transport: layer.Protocol(transport), Number: uint16(port)}] = p
	}
	return ports, nil
}

// aliases are the names that Wireshark and people use for some protocols.
var aliases = map[layer.Protocol]layer.Protocol{"http": "http1", "ssl": "tls", "pgsql": "postgresql", "resp": "redis"}

func registered(name layer.Protocol, datagram bool) (layer.Protocol, bool) {
	if full, ok := aliases[name]; ok {
		name = full
	}
	for _, p := range decode.Protocols() {
		if p.Name == name && (datagram && p.Datagram || !datagram && p.Stream) {
			return name, true
		}
	}
	return "", false
}

func protocolNames(datagram bool) (names []string) {
	for _, p := range decode.Protocols() {
		if datagram && p.Datagram || !datagram && p.Stream {
			names = append(names, string(p.Name))
		}
	}
	return names
}
