package channeltest

import (
	"context"
	"errors"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

func checkTyping(r reporter, s Subject) {
	attach(r, s)
	typist := s.Channel.(channels.Typist)
	out := message(s.Channel, "k1", "")
	out.Parts = nil
	for _, on := range []bool{false, true, true, false, false} {
		if err := typist.Typing(r.Context(), out, on); err != nil {
			r.Errorf("Typing %t: %v", on, err)
		}
	}
	together(func(i int) {
		if err := typist.Typing(r.Context(), out, i%2 == 0); err != nil {
			r.Errorf("Typing at the same time: %v", err)
		}
	})
	if s.Sent != nil && len(s.Sent()) > 0 {
		r.Errorf("typing has sent %q", s.Sent())
	}
}

func checkRun(r reporter, s Subject) {
	attach(r, s)
	ctx, cancel := context.WithCancel(r.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Channel.(channels.Runner).Run(ctx) }()
	cancel()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			r.Errorf("Run: %v, want nil or the context's error", err)
		}
	case <-timer.C:
		r.Fatalf("Run does not return although its context ended")
	}
}

func checkReconcileUnsent(r reporter, s Subject) {
	attach(r, s)
	_, sent, err := s.Channel.(channels.Reconciler).Reconcile(r.Context(), message(s.Channel, "k1", "Never sent."))
	if sent && err == nil {
		r.Errorf("what was never sent counts as sent: it would be lost")
	}
}

func checkReconcileSent(r reporter, s Subject) {
	attach(r, s)
	want := send(r, s, "k1", "Sent once.")
	receipt, sent, err := s.Channel.(channels.Reconciler).Reconcile(r.Context(), message(s.Channel, "k1", "Sent once."))
	if err == nil && (!sent || receipt.ID != want.ID) {
		r.Errorf("sent %t with receipt %q, want that of the send, %q", sent, receipt.ID, want.ID)
	}
}
