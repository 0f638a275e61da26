package wiresight

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/capture/filter"
	"github.com/wiresight/wiresight/capture/live"
	"github.com/wiresight/wiresight/capture/pcapng"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/protobuf"
	"github.com/wiresight/wiresight/decode/secrets"
)

// Session is a capture being read, or read. Its methods may be called from
// several goroutines.
type Session struct {
	opt    Options
	cancel context.CancelFunc
	source capture.Source
	live   bool
	output *pcapng.File         // Options.Write
	spool  *pcapng.File         // frames of a stream, to be read again
	again  capture.RandomAccess // where Packet reads; nil without Options.Index
	begun  time.Time
	once   sync.Once
	ended  chan struct{}

	mu     sync.Mutex
	chain  *decode.Chain
	index  []PacketInfo
	names  []layer.Protocol // by PacketInfo.Top
	status Status
	resume *sync.Cond
	notes  []Note
	noted  int  // bytes of them
	full   bool // no more are kept
	named  int  // of Info().Names, taken in

	secrets *secrets.Store
	schema  *protobuf.Schema
	keyed   int // of Info().Secrets, taken in

	replays replayCache
	each    func(*Packet) error // EachPacket
}

// Open opens a capture file, "-" for standard input. The session reads
// nothing until Start or Run.
func Open(ctx context.Context, path string, opt Options) (*Session, error) {
	ctx, cancel := context.WithCancel(ctx)
	src, err := file.Open(path, file.Options{Follow: opt.Follow, Context: ctx})
	if err != nil {
		cancel()
		return nil, err
	}
	return newSession(src, opt, cancel, false)
}

// OpenLive begins to capture on an interface.
func OpenLive(ctx context.Context, iface string, opt Options) (*Session, error) {
	ctx, cancel := context.WithCancel(ctx)
	src, err := live.Open(live.Options{
		Interface: iface, Filter: opt.CaptureFilter, SnapLength: opt.SnapLength,
		Promiscuous: opt.Promiscuous, Context: ctx,
	})
	if err != nil {
		cancel()
		return nil, err
	}
	return newSession(src, opt, cancel, true)
}

func newSession(src capture.Source, opt Options, cancel context.CancelFunc, isLive bool) (*Session, error) {
	s := &Session{opt: opt, cancel: cancel, source: src, live: isLive, ended: make(chan struct{})}
	s.resume = sync.NewCond(&s.mu)
	s.status = Status{Live: isLive || opt.Follow, SavedTo: opt.Write}
	if s.secrets = opt.Secrets; s.secrets == nil {
		s.secrets = secrets.New()
	}
	if s.schema = opt.Schema; s.schema == nil {
		s.schema = protobuf.NewSchema()
	}
	s.chain = decode.New(s.chainOptions(decode.Options{NewTracker: timing.NewTracker}))
	if err := s.opened(); err != nil {
		src.Close()
		cancel()
		return nil, err
	}
	return s, nil
}

// chainOptions completes a chain's options with what all chains of the session
// share.
func (s *Session) chainOptions(o decode.Options) decode.Options {
	o.Secrets, o.Schema, o.DecodeAs = s.secrets, s.schema, s.opt.DecodeAs
	return o
}

// opened does what follows the opening of the source.
func (s *Session) opened() error {
	if s.opt.Opened != nil {
		if err := s.opt.Opened(); err != nil {
			return err
		}
	}
	return s.outputs()
}

// outputs opens the file to save to, and a place from which frames can be
// read again where the source itself cannot do that.
func (s *Session) outputs() (err error) {
	if s.opt.Write != "" {
		if s.output, err = pcapng.Create(s.opt.Write); err != nil {
			return err
		}
		s.output.Describe(s.source)
	}
	if !s.opt.Index {
		return nil
	}
	if ra, ok := s.source.(capture.RandomAccess); ok {
		s.again = ra
		return nil
	}
	if s.output != nil {
		s.again = s.output
		return nil
	}
	if s.spool, err = pcapng.Temp(); err != nil {
		return fmt.Errorf("no room to keep the packets for looking at them again: %w", err)
	}
	s.spool.Describe(s.source)
	s.again = s.spool
	return nil
}

// Start reads in the background until the end, or until Stop.
func (s *Session) Start() { s.once.Do(func() { go s.run() }) }

// Run reads to the end and returns why it ended early, or nil. Damage to the
// input that only cost packets is a problem in the model, and is also returned
// once everything readable was read.
func (s *Session) Run() error {
	s.once.Do(s.run)
	<-s.ended
	return s.Status().Err
}

// Stop ends reading; what was read stays.
func (s *Session) Stop() {
	s.cancel()
	s.SetPaused(false)
}

// Close stops the session and gives back its files.
func (s *Session) Close() error {
	s.Stop()
	s.Start()
	<-s.ended
	s.replays.close()
	var errs []error
	errs = append(errs, s.source.Close())
	for _, f := range []*pcapng.File{s.output, s.spool} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// SetPaused stops or resumes taking in frames; a live source goes on filling
// its buffer meanwhile, and counts what it must drop.
func (s *Session) SetPaused(p bool) {
	s.mu.Lock()
	s.status.Paused = p
	s.mu.Unlock()
	s.resume.Broadcast()
}

func (s *Session) run() {
	defer close(s.ended)
	s.mu.Lock()
	s.begun = time.Now()
	s.mu.Unlock()
	err := s.compile()
	if err == nil {
		err = s.read()
	}
	if s.output != nil {
		err = errors.Join(err, s.save())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chain.Finish()
	s.status.Err = err
	s.status.Done = true
	s.status.Elapsed = time.Since(s.begun)
	s.progress()
}

// save completes the file that was written. The session still reads from it.
func (s *Session) save() error {
	s.output.Drops(s.source.Info().Interfaces)
	err := s.output.End()
	if err != nil || !s.opt.EmbedKeys {
		return err
	}
	return s.EmbedKeys(s.opt.Write)
}

// EmbedKeys puts the keys of the connections that the session has read, and of
// no others, into a pcapng file that holds their packets and is complete. Where
// there are none the file stays as it is.
func (s *Session) EmbedKeys(path string) error {
	if log := s.secrets.UsedKeyLog(); log != nil {
		return pcapng.Embed(path, []capture.Secrets{{Type: keyLogType, Data: log}})
	}
	return nil
}

// compile prepares the capture filter of a file; a live source filters in the
// kernel. The link type is known only with the first frame.
func (s *Session) compile() error {
	if s.opt.CaptureFilter == "" || s.live {
		return nil
	}
	_, err := filter.Compile(s.opt.CaptureFilter, capture.LinkEthernet, 0)
	return err
}

// read is the street's first step: frame after frame into the chain. It
// returns nil at a normal end.
func (s *Session) read() error {
	var f capture.Frame
	var damaged error
	programs := map[capture.LinkType]*filter.Program{}
	number := 0
	for {
		if err := s.source.Next(&f); err != nil {
			var damage *capture.Damage
			switch {
			case errors.As(err, &damage):
				if damaged == nil {
					damaged = err
				}
				s.mu.Lock()
				s.chain.Problem(number, damage.Error())
				s.mu.Unlock()
				if damage.Recovered {
					continue
				}
				return damaged
			case errors.Is(err, io.EOF), errors.Is(err, context.Canceled):
				return damaged
			}
			return err
		}
		if keep, err := s.matches(programs, &f); err != nil {
			return err
		} else if !keep {
			continue
		}
		number++
		f.Number = number
		if err := s.take(&f); err != nil {
			return err
		}
		if s.opt.MaxPackets > 0 && number >= s.opt.MaxPackets {
			return damaged
		}
	}
}

func (s *Session) matches(programs map[capture.LinkType]*filter.Program, f *capture.Frame) (bool, error) {
	if s.opt.CaptureFilter == "" || s.live {
		return true, nil
	}
	p, ok := programs[f.Link]
	if !ok {
		var err error
		if p, err = filter.Compile(s.opt.CaptureFilter, f.Link, 0); err != nil {
			return false, err
		}
		programs[f.Link] = p
	}
	return p.Match(f.Data, f.Length), nil
}

// take saves, indexes and decodes one frame.
func (s *Session) take(f *capture.Frame) error {
	offset := f.Offset
	for _, out := range []*pcapng.File{s.output, s.spool} {
		if out == nil {
			continue
		}
		at, err := out.Write(f)
		if err != nil {
			return err
		}
		if s.again == capture.RandomAccess(out) {
			offset = at
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.status.Paused {
		s.resume.Wait()
	}
	s.takeNames()
	s.takeSecrets()
	s.takeNotes(f)
	r := s.chain.Packet(f)
	s.status.Packets++
	if s.each != nil {
		id := 0
		if r.Conversation != nil {
			id = r.Conversation.ID
		}
		return s.each(packet(f, r, id))
	}
	if s.opt.Index {
		s.index = append(s.index, s.indexed(f, offset, r))
	}
	return nil
}

// takeNotes keeps a packet's comments, and says once that it keeps no more.
func (s *Session) takeNotes(f *capture.Frame) {
	for _, c := range f.Comments {
		switch {
		case s.full:
		case len(s.notes) >= maxNotes || s.noted+len(c) > maxNoteBytes:
			s.full = true
			s.chain.Problem(f.Number, "the comments from here on are too many to be kept")
		default:
			s.noted += len(c)
			s.notes = append(s.notes, Note{Packet: f.Number, Text: c})
		}
	}
}

// takeNames hands the names that the capture's maker saw to the chain; they may
// come between packets. An interface has none, and each call of its Info asks
// the kernel what was dropped.
func (s *Session) takeNames() {
	if s.live {
		return
	}
	names := s.source.Info().Names
	for _, n := range names[s.named:] {
		if a, err := netip.ParseAddr(n.Addr); err == nil {
			s.chain.Name(a, n.Name)
		}
	}
	s.named = len(names)
}

// keyLogType is the type of pcapng's secrets that hold an NSS key log
// (draft-ietf-opsawg-pcapng section 4.7).
const keyLogType = 0x544c534b

// takeSecrets hands the secrets that the capture holds to the store.
func (s *Session) takeSecrets() {
	if s.live {
		return
	}
	blocks := s.source.Info().Secrets
	for _, b := range blocks[s.keyed:] {
		if b.Type == keyLogType {
			s.secrets.AddKeyLog(b.Data)
			s.secrets.EndKeyLog()
		}
	}
	s.keyed = len(blocks)
}

func (s *Session) indexed(f *capture.Frame, offset int64, r *decode.Result) PacketInfo {
	p := PacketInfo{Offset: offset, Nanos: f.Nanos, flags: lengthFlags(f.Length)}
	if r.Conversation != nil {
		p.Conversation = uint32(r.Conversation.ID)
	}
	if r.Fragment {
		p.flags |= flagFragment
	}
	for i, n := range s.names {
		if n == r.Top {
			p.Top = uint16(i)
			return p
		}
	}
	p.Top = uint16(len(s.names))
	s.names = append(s.names, r.Top)
	return p
}

// Status tells how far the session is.
func (s *Session) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.status.Done {
		s.progress()
	}
	return s.status
}

// progress fills what the source can tell; the caller holds the lock.
func (s *Session) progress() {
	if p, ok := s.source.(capture.Progress); ok {
		s.status.Read, s.status.Size = p.Progress()
	}
	if !s.status.Done && !s.begun.IsZero() {
		s.status.Elapsed = time.Since(s.begun)
	}
	s.status.Dropped = 0
	if info := s.source.Info(); info != nil {
		for _, i := range info.Interfaces {
			s.status.Dropped += i.Dropped
		}
	}
}

// View runs f on a consistent state of what was read. f copies what it needs
// and returns soon: reading waits meanwhile.
func (s *Session) View(f func(View)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(View{Model: s.chain.Model(), Info: s.source.Info(), Packets: s.index, Notes: s.notes})
}

// ProtocolName returns the name of PacketInfo.Top.
func (s *Session) ProtocolName(top uint16) layer.Protocol {
	s.mu.Lock()
	defer s.mu.Unlock()
	if int(top) < len(s.names) {
		return s.names[top]
	}
	return ""
}
