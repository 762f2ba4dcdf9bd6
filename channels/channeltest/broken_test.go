package channeltest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/kundeagent/kundeagent/channels"
)

// broken is a channel with a fault in one of its methods.
type broken struct {
	able
	id        func() string
	caps      func() channels.Capabilities
	attach    func(channels.Inbox) error
	send      func(context.Context, channels.Outgoing) (channels.Receipt, error)
	typing    func(context.Context, channels.Outgoing, bool) error
	run       func(context.Context) error
	reconcile func(context.Context, channels.Outgoing) (channels.Receipt, bool, error)
	open      func(context.Context, channels.Outgoing) (channels.Stream, error)
}

func (b *broken) ID() string {
	if b.id != nil {
		return b.id()
	}
	return b.able.ID()
}

func (b *broken) Capabilities() channels.Capabilities {
	if b.caps != nil {
		return b.caps()
	}
	return b.able.Capabilities()
}

func (b *broken) Attach(in channels.Inbox) error {
	if b.attach != nil {
		return b.attach(in)
	}
	return b.able.Attach(in)
}

func (b *broken) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	if b.send != nil {
		return b.send(ctx, out)
	}
	return b.able.Send(ctx, out)
}

func (b *broken) Typing(ctx context.Context, out channels.Outgoing, on bool) error {
	if b.typing != nil {
		return b.typing(ctx, out, on)
	}
	return b.able.Typing(ctx, out, on)
}

func (b *broken) Run(ctx context.Context) error {
	if b.run != nil {
		return b.run(ctx)
	}
	return b.able.Run(ctx)
}

func (b *broken) Reconcile(ctx context.Context, out channels.Outgoing) (channels.Receipt, bool, error) {
	if b.reconcile != nil {
		return b.reconcile(ctx, out)
	}
	return b.able.Reconcile(ctx, out)
}

func (b *broken) Open(ctx context.Context, out channels.Outgoing) (channels.Stream, error) {
	if b.open != nil {
		return b.open(ctx, out)
	}
	return b.able.Open(ctx, out)
}

// stream is one that shows on a screen of its own, with a fault.
type stream struct {
	key    string
	screen *screen
	fault  string
}

// screen is what customers see of streams that have faults.
type screen struct {
	mu    sync.Mutex
	text  map[string]string
	count map[string]int
	ended map[string]bool
	sent  int
}

func newScreen() *screen {
	return &screen{text: map[string]string{}, count: map[string]int{}, ended: map[string]bool{}}
}

func (s stream) Append(_ context.Context, seq int, segment string) error {
	c := s.screen
	c.mu.Lock()
	defer c.mu.Unlock()
	key := s.key
	if s.fault == "mixes" {
		key = "k0"
	}
	switch {
	case c.ended[key] && s.fault != "goes on" && s.fault != "aborts never":
		return nil
	case seq <= c.count[key] && s.fault != "repeats":
		return nil
	case seq > c.count[key]+1 && s.fault != "leaps":
		return &channels.SendError{Kind: channels.ErrInvalid}
	}
	if s.fault == "trims" {
		segment = segment[:1+len(segment)/2]
	}
	c.count[key] = max(c.count[key], seq)
	c.text[key] += segment
	return nil
}

func (s stream) Finish(context.Context, channels.Outgoing) (channels.Receipt, error) {
	return s.end(false), nil
}

func (s stream) Abort(context.Context, channels.Outgoing) (channels.Receipt, error) {
	return s.end(true), nil
}

func (s stream) end(aborted bool) channels.Receipt {
	c := s.screen
	c.mu.Lock()
	defer c.mu.Unlock()
	if aborted && s.fault == "aborts never" {
		return channels.Receipt{ID: s.key}
	}
	if aborted && s.fault == "takes back" {
		c.text[s.key] = ""
	}
	c.ended[s.key] = true
	if s.fault == "ends anew" {
		c.sent++
		return channels.Receipt{ID: fmt.Sprint(c.sent)}
	}
	return channels.Receipt{ID: s.key}
}

// withStreams makes a channel whose streams have a fault, and tells the subject
// where they show.
func withStreams(fault string, breaks string) brokenChannel {
	screens := map[channels.Channel]*screen{}
	return brokenChannel{
		breaks: breaks,
		make: func(a able) channels.Channel {
			shown := newScreen()
			b := &broken{able: a}
			b.open = func(_ context.Context, out channels.Outgoing) (channels.Stream, error) {
				shown.mu.Lock()
				defer shown.mu.Unlock()
				if fault == "begins anew" {
					shown.text[out.Key], shown.count[out.Key] = "", 0
				}
				if fault == "shows on opening" {
					shown.text[out.Key] = "…"
				}
				return stream{key: out.Key, screen: shown, fault: fault}, nil
			}
			screens[b] = shown
			return b
		},
		subject: func(s *Subject) {
			shown := screens[s.Channel]
			s.Sent = nil
			s.Shown = func(key string) string {
				shown.mu.Lock()
				defer shown.mu.Unlock()
				return shown.text[key]
			}
			if fault != "lives in one process" {
				same := s.Channel
				s.Reopen = func() channels.Channel { return same }
			}
		},
	}
}

// brokenChannel is a channel with one fault, and the clause that is to catch it.
type brokenChannel struct {
	breaks  string
	make    func(able) channels.Channel
	subject func(*Subject)
}

func faulty(breaks string, fault func(b *broken)) brokenChannel {
	return brokenChannel{breaks: breaks, make: func(a able) channels.Channel {
		b := &broken{able: a}
		fault(b)
		return b
	}}
}

var brokenChannels = map[string]brokenChannel{
	"renames itself": faulty("the ID stays", func(b *broken) {
		var n atomic.Int64
		b.id = func() string { return fmt.Sprint("id-", n.Add(1)) }
	}),
	"has no name": faulty("the ID stays", func(b *broken) { b.id = func() string { return "" } }),
	"learns": faulty("the capabilities stay", func(b *broken) {
		var n atomic.Int64
		b.caps = func() channels.Capabilities {
			caps := b.able.Capabilities()
			caps.MaxText = int(n.Add(1))
			return caps
		}
	}),
	"takes no inbox":    faulty("no inbox is no inbox", func(b *broken) { b.attach = func(channels.Inbox) error { return nil } }),
	"takes every inbox": faulty("another inbox is refused", func(b *broken) { b.attach = func(channels.Inbox) error { return nil } }),
	"attaches once": faulty("the same inbox may come again", func(b *broken) {
		var n atomic.Int64
		b.attach = func(in channels.Inbox) error {
			if in != nil && n.Add(1) > 1 {
				return channels.ErrAttached
			}
			return b.able.Attach(in)
		}
	}),
	"sends nothing": faulty("a message arrives", func(b *broken) {
		b.send = func(context.Context, channels.Outgoing) (channels.Receipt, error) {
			return channels.Receipt{ID: "x"}, nil
		}
	}),
	"sends again": faulty("a key is sent once", sendsAgain),
	"races":       faulty("a key is sent once at the same time", sendsAgain),
	"loses what comes at once": faulty("messages at the same time all arrive", func(b *broken) {
		var n atomic.Int64
		b.send = func(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
			if n.Add(1) == atOnce {
				return channels.Receipt{ID: "lost"}, nil
			}
			return b.able.Send(ctx, out)
		}
	}),
	"ends without a kind": faulty("a context that ended is an error of its kind", func(b *broken) {
		b.send = func(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
			if ctx.Err() != nil {
				return channels.Receipt{}, errors.New("something happened")
			}
			return b.able.Send(ctx, out)
		}
	}),
	"fails without a kind": faulty("failures say what they are", func(b *broken) {
		b.send = func(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
			r, err := b.able.Send(ctx, out)
			if err != nil {
				err = &channels.SendError{Kind: errors.New("new kind")}
			}
			return r, err
		}
	}),
	"takes what it cannot send": faulty("failures say what they are", func(b *broken) {
		b.send = func(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
			out.Key += "x"
			return b.able.Send(ctx, out)
		}
	}),
	"cannot stop typing": faulty("typing can be shown and withdrawn at any time", func(b *broken) {
		b.typing = func(_ context.Context, _ channels.Outgoing, on bool) error {
			if !on {
				return errors.New("nothing is shown")
			}
			return nil
		}
	}),
	"ends running with an error": faulty("running ends with its context", func(b *broken) {
		b.run = func(ctx context.Context) error { <-ctx.Done(); return errors.New("connection closed") }
	}),
	"counts all as sent": faulty("what was not sent is not reconciled", func(b *broken) {
		b.reconcile = func(context.Context, channels.Outgoing) (channels.Receipt, bool, error) {
			return channels.Receipt{ID: "x"}, true, nil
		}
	}),
	"counts nothing as sent": faulty("what was sent is reconciled", func(b *broken) {
		b.reconcile = func(context.Context, channels.Outgoing) (channels.Receipt, bool, error) {
			return channels.Receipt{}, false, nil
		}
	}),
	"shows on opening":     withStreams("shows on opening", "a stream that is only opened shows nothing"),
	"trims":                withStreams("trims", "segments are shown as they are"),
	"repeats":              withStreams("repeats", "a segment again has no effect"),
	"leaps":                withStreams("leaps", "a segment after a hole is not shown"),
	"goes on":              withStreams("goes on", "a finished stream stays as it is"),
	"takes back":           withStreams("takes back", "an aborted stream keeps what was shown"),
	"aborts never":         withStreams("aborts never", "an aborted stream keeps what was shown"),
	"ends anew":            withStreams("ends anew", "an end again has no effect"),
	"begins anew":          withStreams("begins anew", "a stream opened again goes on"),
	"lives in one process": withStreams("lives in one process", "a stream goes on in another process"),
	"mixes":                withStreams("mixes", "streams do not mix"),
}

func sendsAgain(b *broken) {
	var n atomic.Int64
	b.send = func(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
		out.Key = fmt.Sprint(out.Key, n.Add(1))
		return b.able.Send(ctx, out)
	}
}
