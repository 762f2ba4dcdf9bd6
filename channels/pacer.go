package channels

import (
	"sync"
	"time"
)

// Pacer spaces messages to one recipient, for vendors that refuse quick ones. It
// holds nobody up: a sender that is too early is told how long to wait, and
// answers with [ErrRetryable] and that time. It is safe for concurrent use.
type Pacer struct {
	// Every is the time that one message to a recipient costs, Burst how many may
	// go at once after a pause; default 1.
	Every time.Duration
	Burst int

	mu    sync.Mutex
	ready map[string]time.Time // when a recipient's last message is paid for
}

// pacedRecipients is how many recipients are remembered before those whose
// messages are paid for are forgotten.
const pacedRecipients = 4096

// Take reserves a message to a recipient at now. It returns 0, or how long to
// wait before trying again.
func (p *Pacer) Take(recipient string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ready == nil {
		p.ready = map[string]time.Time{}
	}
	paid := p.ready[recipient]
	if paid.Before(now) {
		paid = now
	}
	credit := time.Duration(max(p.Burst, 1)-1) * p.Every
	if wait := paid.Sub(now) - credit; wait > 0 {
		return wait
	}
	p.ready[recipient] = paid.Add(p.Every)
	if len(p.ready) > pacedRecipients {
		for r, at := range p.ready {
			if !at.After(now) {
				delete(p.ready, r)
			}
		}
	}
	return 0
}
