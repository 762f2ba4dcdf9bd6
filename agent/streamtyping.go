package agent

import (
	"context"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

const (
	// typingEvery is how often an indicator is shown anew; the media withdraw
	// it by themselves after 20 seconds (Messenger) or more.
	typingEvery = 10 * time.Second
	// typingTimeout bounds one call of a Typist, which delays the answer.
	typingTimeout = 2 * time.Second
)

// attend shows the customer that an answer is being written, as far as the
// channel can, until done is called or somebody else gets the conversation.
func (w *work) attend(ctx context.Context, c Conversation, in input) (s *show, done func()) {
	typist, _ := w.agent.channels[c.Channel].(channels.Typist)
	if w.exchange {
		typist = nil
	}
	s = w.newShow(c, in)
	if typist == nil && s.off != "" {
		return s, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s.owned = ctx
	p := presence{agent: w.agent, c: &c, typist: typist, out: w.agent.outgoing(&c, in.key, Reply{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.keep(ctx, cancel)
	}()
	return s, func() {
		cancel(nil)
		<-ended
	}
}

// presence is the agent's while it works on a turn.
type presence struct {
	agent  *Agent
	c      *Conversation
	typist channels.Typist // may be nil
	out    channels.Outgoing
}

// keep shows the indicator until ctx ends, and ends ctx when somebody else gets
// the conversation, with ErrTakenOver as its cause.
func (p *presence) keep(ctx context.Context, cancel context.CancelCauseFunc) {
	look := time.NewTicker(max(p.agent.cfg.Poll, time.Second))
	defer look.Stop()
	again := time.NewTicker(typingEvery)
	defer again.Stop()
	show := p.typist != nil
	shown := false
	for ctx.Err() == nil {
		switch {
		case !p.owns(ctx):
			cancel(ErrTakenOver)
		case show:
			p.typing(ctx, true)
			show, shown = false, true
		}
		select {
		case <-ctx.Done():
		case <-look.C:
		case <-again.C:
			show = p.typist != nil
		}
	}
	if shown {
		p.typing(context.WithoutCancel(ctx), false)
	}
}

// owns reports whether the conversation has not changed hands. When the store
// cannot tell, the claim of what is said will.
func (p *presence) owns(ctx context.Context) bool {
	now, err := p.agent.cfg.Store.Load(ctx, p.c.Agent, p.c.ID)
	return err != nil || now.OwnerVersion == p.c.OwnerVersion
}

func (p *presence) typing(ctx context.Context, on bool) {
	ctx, cancel := context.WithTimeout(ctx, typingTimeout)
	defer cancel()
	if err := p.typist.Typing(ctx, p.out, on); err != nil {
		p.agent.cfg.Logger.DebugContext(ctx, "typing indicator", "agent", p.c.Agent, "conversation", p.c.ID, "on", on, "error", err)
	}
}
