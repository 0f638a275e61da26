package role

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/lab/truth"
)

// TurnServer answers each request of a fixed size with an answer of a fixed size.
type TurnServer struct {
	Address  string
	Request  int
	Answer   int
	Think    time.Duration
	Pieces   []int // the answer in several writes; none is one write of Answer bytes
	NoDelay  bool
	QuickACK bool // set before each read: every segment is acknowledged at once

	Certificate, Key string // files; with them the turns are taken over TLS
}

// TurnClient sends requests in pieces, each piece a write, and waits for each answer.
type TurnClient struct {
	Address string
	Pieces  []int
	Answer  int
	NoDelay bool
	Warmup  int // rounds with all pieces in one write, before the others
	Rounds  int
	Every   time.Duration // from start to start of the rounds; 0 is one after the other
	Mode    string        // how the pieces of a request are written: see the constants
	TLS     bool
}

// The ways to write the pieces of a request.
const (
	Writes = ""       // a write each
	Corked = "cork"   // a write each under TCP_CORK, which is lifted behind the last
	Stuck  = "stuck"  // the same, and nobody lifts it: the kernel does after 200 ms
	Vector = "vector" // one writev
	Typed  = "typed"  // a write each, a person's pause between
)

// TurnReport is what the server measured: how long it took from the last byte
// of each request to its answer.
type TurnReport struct{ Served []float64 }

func serveTurns(settings []byte) error {
	var s TurnServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	var r TurnReport
	var reported sync.Mutex
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveTurnsOn(c.(*net.TCPConn), s, func(took time.Duration) {
				reported.Lock()
				defer reported.Unlock()
				r.Served = append(r.Served, took.Seconds())
			})
		}
	}()
	ready()
	untilInputEnds()
	reported.Lock()
	defer reported.Unlock()
	return report(r)
}

func serveTurnsOn(c *net.TCPConn, s TurnServer, served func(time.Duration)) {
	defer c.Close()
	if err := c.SetNoDelay(s.NoDelay); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	stream := net.Conn(c)
	if s.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		stream = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	pieces := s.Pieces
	if len(pieces) == 0 {
		pieces = []int{s.Answer}
	}
	request := make([]byte, s.Request)
	for {
		if err := readAll(c, stream, request, s.QuickACK); err != nil {
			return
		}
		read := time.Now()
		time.Sleep(s.Think)
		for _, n := range pieces {
			if _, err := stream.Write([]byte(strings.Repeat("a", n))); err != nil {
				return
			}
		}
		served(time.Since(read))
	}
}

// readAll fills b; with quick it asks the kernel before each read to
// acknowledge at once, for it forgets (tcp(7), TCP_QUICKACK).
func readAll(c *net.TCPConn, stream net.Conn, b []byte, quick bool) error {
	if !quick {
		_, err := io.ReadFull(stream, b)
		return err
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	for read := 0; read < len(b); {
		var failed error
		if err := raw.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
		}); err != nil || failed != nil {
			return fmt.Errorf("TCP_QUICKACK: %v %v", err, failed)
		}
		n, err := stream.Read(b[read:])
		if err != nil {
			return err
		}
		read += n
	}
	return nil
}

func takeTurns(settings []byte) error {
	var s TurnClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	conn, err := net.Dial("tcp", s.Address)
	if err != nil {
		return err
	}
	c := conn.(*net.TCPConn)
	defer c.Close()
	if err := c.SetNoDelay(s.NoDelay); err != nil {
		return err
	}
	stream := net.Conn(c)
	if s.TLS {
		t := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: "api.lab.example"}) // the lab's own certificate
		if err := t.Handshake(); err != nil {
			return err
		}
		stream = t
	}
	m := truth.Messages{Connection: c.LocalAddr().String(), ClientNoDelay: s.NoDelay, Warmup: s.Warmup, Mode: s.Mode, TLS: s.TLS, Pieces: s.Pieces}
	answer := make([]byte, s.Answer)
	next := time.Now()
	for i := range s.Warmup + s.Rounds {
		pieces, mode := s.Pieces, s.Mode
		if i < s.Warmup {
			pieces, mode = []int{whole(s.Pieces)}, Writes
		} else {
			time.Sleep(time.Until(next))
			next = time.Now().Add(s.Every)
		}
		round, err := turn(c, stream, pieces, answer, mode)
		if err != nil {
			return err
		}
		round.Warmup = i < s.Warmup
		m.Rounds = append(m.Rounds, round)
	}
	return report(m)
}

func turn(c *net.TCPConn, stream net.Conn, pieces []int, answer []byte, mode string) (truth.Round, error) {
	var r truth.Round
	if mode == Corked || mode == Stuck {
		if err := cork(c, true); err != nil {
			return r, err
		}
	}
	var all net.Buffers
	for i, n := range pieces {
		piece := []byte(strings.Repeat("q", n))
		all = append(all, piece)
		if mode == Vector {
			continue
		}
		if mode == Typed && i > 0 {
			time.Sleep(time.Duration(150+i*23%60) * time.Millisecond)
		}
		r.Writes = append(r.Writes, truth.Write{Time: time.Now().UTC(), Bytes: n})
		if _, err := stream.Write(piece); err != nil {
			return r, err
		}
	}
	switch mode {
	case Vector:
		r.Writes = append(r.Writes, truth.Write{Time: time.Now().UTC(), Bytes: whole(pieces)})
		if _, err := all.WriteTo(stream); err != nil {
			return r, err
		}
	case Corked:
		if err := cork(c, false); err != nil {
			return r, err
		}
	}
	if _, err := io.ReadFull(stream, answer); err != nil {
		return r, err
	}
	r.Answer = pointer()
	r.Took = r.Answer.Sub(r.Writes[0].Time).Seconds()
	return r, nil
}

func whole(pieces []int) (sum int) {
	for _, n := range pieces {
		sum += n
	}
	return sum
}

// cork sets TCP_CORK (tcp(7)).
func cork(c *net.TCPConn, on bool) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	value := 0
	if on {
		value = 1
	}
	var failed error
	if err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_CORK, value)
	}); err != nil {
		return err
	}
	return failed
}
