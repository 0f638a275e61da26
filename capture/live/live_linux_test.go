package live

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/filter"
)

// start captures on an interface; without the right to, the test is skipped.
func start(t *testing.T, opt Options) capture.Source {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	if opt.Context == nil {
		opt.Context = ctx
	}
	s, err := Open(opt)
	if errors.Is(err, ErrPermission) {
		t.Skipf("no right to capture: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// socketPair returns a UDP socket and one that sends to it.
func socketPair(t *testing.T) (receiver *net.UDPConn, sender net.Conn) {
	t.Helper()
	receiver, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { receiver.Close() })
	sender, err = net.Dial("udp4", receiver.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })
	return receiver, sender
}

func TestEachPacketOnTheLoopbackOnce(t *testing.T) {
	const packets = 2000
	for _, c := range []struct {
		iface  string
		header int // bytes before the IP header
	}{{"lo", 14}, {"any", cookedSize}} {
		t.Run(c.iface, func(t *testing.T) {
			receiver, sender := socketPair(t)
			port := receiver.LocalAddr().(*net.UDPAddr).Port
			s := start(t, Options{Interface: c.iface, Filter: fmt.Sprintf("udp dst port %d", port)})
			before := time.Now()
			for n := range packets {
				fmt.Fprintf(sender, "datagram %d", n)
			}
			var f capture.Frame
			for n := range packets {
				if err := s.Next(&f); err != nil {
					t.Fatalf("after %d packets: %v; %d dropped", n, err, s.Info().Interfaces[0].Dropped)
				}
				want := fmt.Sprintf("datagram %d", n)
				if got := string(f.Data[min(len(f.Data), c.header+28):]); got != want {
					t.Fatalf("packet %d holds %q, not %q", n+1, got, want)
				}
				if f.Number != n+1 || f.Length != len(f.Data) || f.Link != s.Info().Interfaces[0].Link {
					t.Fatalf("packet %d is %+v", n+1, f)
				}
				if at := f.Time(); at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
					t.Fatalf("packet %d has the time %v", n+1, at)
				}
			}
			sender.Write([]byte("the last one"))
			if err := s.Next(&f); err != nil || !bytes.HasSuffix(f.Data, []byte("the last one")) {
				t.Errorf("something else comes last: %v, %q", err, f.Data)
			}
		})
	}
}

func TestSnapLength(t *testing.T) {
	receiver, sender := socketPair(t)
	s := start(t, Options{Interface: "lo", SnapLength: 60, Filter: fmt.Sprint("udp port ", receiver.LocalAddr().(*net.UDPAddr).Port)})
	sender.Write(make([]byte, 1000))
	var f capture.Frame
	if err := s.Next(&f); err != nil || len(f.Data) != 60 || f.Length != 14+28+1000 {
		t.Errorf("%v: %d bytes of %d", err, len(f.Data), f.Length)
	}
}

// A packet is there soon after it was sent, and so is the end.
func TestNothingWaitsForLong(t *testing.T) {
	receiver, sender := socketPair(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := start(t, Options{Interface: "lo", Context: ctx, Filter: fmt.Sprint("udp port ", receiver.LocalAddr().(*net.UDPAddr).Port)})
	sender.Write([]byte("x"))
	began := time.Now()
	var f capture.Frame
	if err := s.Next(&f); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("a single packet took %v", took)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	began = time.Now()
	if err := s.Next(&f); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("ending took %v", took)
	}
}

func TestWhatCannotBeCaptured(t *testing.T) {
	_, err := Open(Options{Interface: "nosuch0"})
	if err == nil || !strings.Contains(err.Error(), "nosuch0") || !strings.Contains(err.Error(), "wiresight interfaces") {
		t.Errorf("no such interface: %v", err)
	}
	var wrong *filter.Error
	if _, err := Open(Options{Interface: "lo", Filter: "tcp prot 80"}); !errors.As(err, &wrong) {
		t.Errorf("a wrong filter: %v", err)
	}
	err = refused("eth0", unix.EPERM)
	if !errors.Is(err, ErrPermission) || !strings.Contains(err.Error(), "sudo setcap cap_net_raw+ep /") || strings.Contains(err.Error(), "\n") {
		t.Errorf("without the right: %v", err)
	}
}

func TestInterfaces(t *testing.T) {
	list, err := Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Interface{}
	for _, i := range list {
		found[i.Name] = i
	}
	if lo, ok := found["lo"]; ok && (!lo.Loopback || lo.Description != "loopback" || lo.Link != capture.LinkEthernet) {
		t.Errorf("the loopback interface is %+v", lo)
	}
	if found["any"].Link != capture.LinkLinuxSLL2 {
		t.Errorf("all interfaces are %+v", found["any"])
	}
}

// Most filters can run in the kernel for frames that get their cooked header
// here, and then ask it only for what it knows.
func TestCookedProgram(t *testing.T) {
	for expr, want := range map[string]bool{
		"": true, "udp": true, "ip and udp port 53": true, "inbound": true, "ifindex 3": true,
		"tcp port 80 and host 10.0.0.1": true, "ip6 and icmp6": true, "net 10.0.0.0/8": true,
		"greater 100": false, // the kernel's length lacks the header
	} {
		p, err := filter.CompileWith(expr, capture.LinkLinuxSLL2, 0, filter.Options{Kernel: true})
		if err != nil {
			t.Fatal(err)
		}
		changed, ok := cookedProgram(p.RawTagged())
		if ok != want {
			t.Errorf("%q can be run by the kernel: %v", expr, ok)
		}
		for n, i := range changed {
			d := i.Disassemble()
			if _, unknown := d.(bpf.RawInstruction); unknown && i.K != classicExt+extHardwareType {
				t.Errorf("%q: instruction %d is %v", expr, n, d)
			}
		}
	}
}

// The kernel keeps a VLAN tag apart; it is put back where it was.
func TestVLANTagsAreRestored(t *testing.T) {
	const before = 64 // bytes of a ring's frame before its data
	packet := "destinsource\x08\x00payload"
	header := &unix.Tpacket3Hdr{
		Mac: before, Snaplen: uint32(len(packet)), Len: uint32(len(packet)), Status: unix.TP_STATUS_VLAN_VALID,
		Hv1: unix.TpacketHdrVariant1{Vlan_tci: 0x2007},
	}
	all, err := filter.Compile("vlan 7", capture.LinkEthernet, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &source{target: target{link: capture.LinkEthernet}, snap: maxSnapLength, program: all}
	var f capture.Frame
	memory := append(make([]byte, before), packet...)
	if !s.take(&f, header, &unix.RawSockaddrLinklayer{}, memory) {
		t.Fatal("the filter does not see the tag")
	}
	if want := "destinsource\x81\x00\x20\x07\x08\x00payload"; string(f.Data) != want || f.Length != len(want) {
		t.Errorf("%q, %d bytes", f.Data, f.Length)
	}
	header.Hv1.Vlan_tci = 8
	if s.take(&f, header, &unix.RawSockaddrLinklayer{}, append(make([]byte, before), packet...)) {
		t.Error("another VLAN passes")
	}

	cooked, err := filter.Compile("ip", capture.LinkLinuxSLL2, 0) // as if there were no tag
	if err != nil {
		t.Fatal(err)
	}
	s = &source{target: target{link: capture.LinkLinuxSLL2, cooked: true}, snap: maxSnapLength, program: cooked, filterHere: true}
	from := &unix.RawSockaddrLinklayer{Protocol: bigEndian(0x0800), Ifindex: 5, Hatype: 1, Pkttype: 4, Halen: 6}
	packet = "\x45ayload"
	header.Snaplen, header.Len = 7, 7
	if !s.take(&f, header, from, append(make([]byte, before), packet...)) {
		t.Fatal("nothing passes")
	}
	want := binary.BigEndian.AppendUint32([]byte("\x81\x00\x00\x00"), 5)
	want = append(want, "\x00\x01\x04\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x08\x00\x45ayload"...)
	if !bytes.Equal(f.Data, want) {
		t.Errorf("cooked: %q, not %q", f.Data, want)
	}
}
