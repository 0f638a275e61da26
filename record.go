package wiresight

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/live"
	"github.com/wiresight/wiresight/capture/pcapng"
)

// Recording captures on an interface into a pcapng file and looks into no
// frame: what is recorded is opened as a file when it is whole, with the keys
// that came meanwhile.
type Recording struct {
	cancel context.CancelFunc
	source capture.Source
	out    *pcapng.File  // nil until Start
	ended  chan struct{} // likewise
	err    error         // valid once ended

	packets atomic.Int64
	last    atomic.Int64 // when a frame was taken, nanoseconds of the monotonic clock since begun
	begun   time.Time
}

// Recorded is what a recording has.
type Recorded struct {
	Packets int64
	Dropped uint64 // frames that the kernel says it lost
}

// Record begins to capture on an interface: whatever is sent after it has
// returned is recorded, once Start has said where. Of the options it heeds
// CaptureFilter, SnapLength, Promiscuous and Opened.
func Record(iface string, opt Options) (*Recording, error) {
	ctx, cancel := context.WithCancel(context.Background())
	source, err := live.Open(live.Options{
		Interface: iface, Filter: opt.CaptureFilter, SnapLength: opt.SnapLength, Promiscuous: opt.Promiscuous, Context: ctx,
	})
	if err != nil {
		cancel()
		return nil, err
	}
	if opt.Opened != nil {
		if err := opt.Opened(); err != nil {
			cancel()
			return nil, errors.Join(err, source.Close())
		}
	}
	return &Recording{cancel: cancel, source: source, begun: time.Now()}, nil
}

// Start writes to a new file at path, readable by its owner alone.
func (r *Recording) Start(path string) error {
	out, err := pcapng.Create(path)
	if err != nil {
		return err
	}
	out.Describe(r.source)
	r.out, r.ended = out, make(chan struct{})
	go r.run()
	return nil
}

func (r *Recording) run() {
	defer close(r.ended)
	var f capture.Frame
	for {
		err := r.source.Next(&f)
		if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
			return
		}
		if err == nil {
			_, err = r.out.Write(&f)
		}
		if err != nil {
			r.err = err
			return
		}
		r.packets.Add(1)
		r.last.Store(int64(time.Since(r.begun)))
	}
}

// Stop ends the recording once no frame has come for as long as quiet, so that
// the last ones are in it, and at the latest after most. It returns why the
// recording is not whole, if it is not.
func (r *Recording) Stop(quiet, most time.Duration) (Recorded, error) {
	if r.out == nil {
		r.cancel()
		return Recorded{}, r.source.Close()
	}
	called := time.Since(r.begun)
	for {
		since := max(time.Duration(r.last.Load()), called)
		left := min(since+quiet, called+most) - time.Since(r.begun)
		if left <= 0 {
			break
		}
		select {
		case <-r.ended:
		case <-time.After(left):
			continue
		}
		break
	}
	r.cancel()
	<-r.ended
	interfaces := r.source.Info().Interfaces
	recorded := Recorded{Packets: r.packets.Load()}
	for _, i := range interfaces {
		recorded.Dropped += i.Dropped
	}
	r.out.Drops(interfaces)
	return recorded, errors.Join(r.err, r.out.Close(), r.source.Close())
}
