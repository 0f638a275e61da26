package role

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/gobwas/ws"

	"github.com/wiresight/wiresight/lab/truth"
)

// frameTap keeps what a WebSocket library writes to its connection and reads
// from it, so that another library can count the frames.
type frameTap struct {
	net.Conn
	mu            sync.Mutex
	written, read bytes.Buffer
}

func (t *frameTap) Write(b []byte) (int, error) {
	n, err := t.Conn.Write(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.written.Write(b[:n])
	return n, err
}

func (t *frameTap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.read.Write(b[:n])
	return n, err
}

// into puts the frames into the truth of the connection: the counts, and for
// each message how many there were.
func (t *frameTap) into(c *truth.WebSocket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.Frames = truth.NewCounts()
	countFrames(c, true, afterUpgrade(t.written.Bytes()))
	countFrames(c, false, afterUpgrade(t.read.Bytes()))
}

// afterUpgrade is what follows the HTTP/1.1 request or answer.
func afterUpgrade(b []byte) []byte {
	_, frames, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	return frames
}

var opcodes = map[ws.OpCode]string{
	ws.OpContinuation: "continuation", ws.OpText: "text", ws.OpBinary: "binary",
	ws.OpClose: "close", ws.OpPing: "ping", ws.OpPong: "pong",
}

func countFrames(c *truth.WebSocket, toServer bool, b []byte) {
	var messages []*truth.WebSocketMessage // of this direction
	from := map[bool]string{true: "client", false: "server"}[toServer]
	for i := range c.Messages {
		if c.Messages[i].From == from {
			messages = append(messages, &c.Messages[i])
		}
	}
	r, place := bytes.NewReader(b), -1
	for {
		f, err := readFrame(r)
		if err != nil {
			return
		}
		h := f.Header
		c.Frames.Add(toServer, opcodes[h.OpCode])
		if h.Rsv1() {
			if c.Compressed == nil {
				compressed := truth.NewCounts()
				c.Compressed = &compressed
			}
			c.Compressed.Add(toServer, opcodes[h.OpCode])
		}
		if h.OpCode == ws.OpClose {
			code, reason := ws.ParseCloseFrameData(f.Payload)
			c.Close = append(c.Close, truth.WebSocketClose{From: from, Code: int(code), Reason: reason})
		}
		if h.OpCode.IsControl() {
			continue
		}
		if h.OpCode != ws.OpContinuation {
			place++
		}
		if place >= 0 && place < len(messages) {
			messages[place].Frames++
			messages[place].Compressed = messages[place].Compressed || h.Rsv1()
		}
	}
}

// readFrame reads a frame with its payload unmasked.
func readFrame(r io.Reader) (f ws.Frame, err error) {
	const longest = 1 << 20
	if f.Header, err = ws.ReadHeader(r); err != nil {
		return f, err
	}
	if f.Header.Length > longest {
		return f, fmt.Errorf("a frame of %d bytes", f.Header.Length)
	}
	f.Payload = make([]byte, f.Header.Length)
	if _, err = io.ReadFull(r, f.Payload); err != nil {
		return f, err
	}
	if f.Header.Masked {
		ws.Cipher(f.Payload, f.Header.Mask, 0)
		f.Header.Masked = false
	}
	return f, nil
}
