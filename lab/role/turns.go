package role

import (
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
	NoDelay  bool
	QuickACK bool // set before each read: every segment is acknowledged at once
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
}

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
	answer := []byte(strings.Repeat("a", s.Answer))
	request := make([]byte, s.Request)
	for {
		if err := readAll(c, request, s.QuickACK); err != nil {
			return
		}
		read := time.Now()
		time.Sleep(s.Think)
		if _, err := c.Write(answer); err != nil {
			return
		}
		served(time.Since(read))
	}
}

// readAll fills b; with quick it asks the kernel before each read to
// acknowledge at once, for it forgets (tcp(7), TCP_QUICKACK).
func readAll(c *net.TCPConn, b []byte, quick bool) error {
	if !quick {
		_, err := io.ReadFull(c, b)
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
		n, err := c.Read(b[read:])
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
	m := truth.Messages{Connection: c.LocalAddr().String(), ClientNoDelay: s.NoDelay, Warmup: s.Warmup}
	whole := 0
	for _, n := range s.Pieces {
		whole += n
	}
	answer := make([]byte, s.Answer)
	next := time.Now()
	for i := range s.Warmup + s.Rounds {
		pieces := s.Pieces
		if i < s.Warmup {
			pieces = []int{whole}
		} else {
			time.Sleep(time.Until(next))
			next = time.Now().Add(s.Every)
		}
		round, err := turn(c, pieces, answer)
		if err != nil {
			return err
		}
		round.Warmup = i < s.Warmup
		m.Rounds = append(m.Rounds, round)
	}
	return report(m)
}

func turn(c *net.TCPConn, pieces []int, answer []byte) (truth.Round, error) {
	var r truth.Round
	for _, n := range pieces {
		r.Writes = append(r.Writes, truth.Write{Time: time.Now().UTC(), Bytes: n})
		if _, err := c.Write([]byte(strings.Repeat("q", n))); err != nil {
			return r, err
		}
	}
	if _, err := io.ReadFull(c, answer); err != nil {
		return r, err
	}
	r.Answer = pointer()
	r.Took = r.Answer.Sub(r.Writes[0].Time).Seconds()
	return r, nil
}
