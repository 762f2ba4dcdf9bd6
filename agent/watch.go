package agent

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

var _ channels.Feed = (*Agent)(nil)

// Watch yields the messages of a conversation after afterSeq, then those to
// come, until ctx ends, and in between, as partial entries, what is shown of an
// answer while it is written. It works on any replica: what happened on another
// one is seen within Config.Poll.
func (a *Agent) Watch(ctx context.Context, conversation string, afterSeq int64) iter.Seq2[channels.Entry, error] {
	return func(yield func(channels.Entry, error) bool) {
		news, leave := a.watchers.join(conversation)
		defer leave()
		tick := time.NewTicker(a.cfg.Poll)
		defer tick.Stop()
		var shown channels.Message // as it was being written
		for {
			c, err := a.cfg.Store.Load(ctx, a.cfg.ID, conversation)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(channels.Entry{}, fmt.Errorf("agent: watch: %w", err))
				return
			}
			for _, e := range c.Messages {
				if e.Seq > afterSeq {
					if !yield(e, nil) {
						return
					}
					afterSeq = e.Seq
				}
			}
			if msg, writing := c.Writing(); writing && (msg.ID != shown.ID || msg.Text != shown.Text) {
				shown = msg
				if !yield(channels.Entry{Message: msg, Partial: true}, nil) {
					return
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-news:
			case <-tick.C:
			}
		}
	}
}

// watchers tells those who watch a conversation in this process that it
// changed. The zero value is ready.
type watchers struct {
	mu   sync.Mutex
	next int
	news map[string]map[int]chan struct{}
}

func (w *watchers) join(conversation string) (news <-chan struct{}, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.news == nil {
		w.news = map[string]map[int]chan struct{}{}
	}
	if w.news[conversation] == nil {
		w.news[conversation] = map[int]chan struct{}{}
	}
	id, ch := w.next, make(chan struct{}, 1)
	w.next++
	w.news[conversation][id] = ch
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.news[conversation], id)
		if len(w.news[conversation]) == 0 {
			delete(w.news, conversation)
		}
	}
}

func (w *watchers) changed(conversation string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ch := range w.news[conversation] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
