package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// counted is a source that counts its syncs.
type counted struct {
	id    string
	err   error
	syncs atomic.Int32
}

func (c *counted) ID() string { return c.id }

func (c *counted) Documents(context.Context, knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
	return func(yield func(knowledge.Change, error) bool) {
		n := c.syncs.Add(1)
		if c.err != nil {
			yield(knowledge.Change{}, c.err)
			return
		}
		_ = yield(put("a", fmt.Sprintf("Text number %d.", n)), nil) && yield(complete, nil)
	}
}

func TestRunSyncsEachSourceByItsCadence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBase(t, knowledge.Config{})
		weekly, daily, manual, late := &counted{id: "weekly"}, &counted{id: "daily"}, &counted{id: "manual"}, &counted{id: "late"}
		for s, every := range map[*counted]time.Duration{weekly: 0, daily: 24 * time.Hour, manual: -1} {
			if err := b.Add(s, knowledge.SourceOptions{Every: every}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		counts := func() string {
			synctest.Wait()
			return fmt.Sprint(weekly.syncs.Load(), daily.syncs.Load(), manual.syncs.Load(), late.syncs.Load())
		}
		if got := counts(); got != "1 1 0 0" {
			t.Errorf("at first: %s", got)
		}
		time.Sleep(time.Minute)
		if err := b.Add(late, knowledge.SourceOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := counts(); got != "1 1 0 1" {
			t.Errorf("a source added later is synced at once: %s", got)
		}
		time.Sleep(149 * time.Hour) // a week less a tenth is 151
		if w, d := weekly.syncs.Load(), daily.syncs.Load(); w != 1 || d < 6 || d > 7 {
			t.Errorf("before the week is over: weekly %d, daily %d", w, d)
		}
		time.Sleep(40 * time.Hour) // a week and a tenth is 185
		if got := counts(); !strings.HasPrefix(got, "2 ") || !strings.HasSuffix(got, " 0 2") {
			t.Errorf("after it: %s", got)
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestNextSyncIsMovedByTheSourceAndNeverByChance(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	moved := map[time.Duration]bool{}
	for i := range 40 {
		id := fmt.Sprintf("source %d", i)
		var first time.Time
		for range 2 {
			b := newBase(t, knowledge.Config{Now: func() time.Time { return now }}, &counted{id: id})
			sync1(t, b, id)
			next := b.Sources()[0].NextSync
			if d := next.Sub(now); d < 151*time.Hour || d > 185*time.Hour {
				t.Errorf("%s: next in %v, want a week within a tenth", id, d)
			}
			if first.IsZero() {
				first = next
			} else if !next.Equal(first) {
				t.Errorf("%s: %v, then %v", id, first, next)
			}
		}
		moved[first.Sub(now)] = true
	}
	if len(moved) < 35 {
		t.Errorf("40 sources have %d moments", len(moved))
	}
}

func TestFailedSourceIsTriedAgainSoonerAndThenLessOften(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	broken := &counted{id: "broken", err: errors.New("site is down")}
	var told []error
	b := newBase(t, knowledge.Config{Now: func() time.Time { return now }, OnSync: func(_ knowledge.Report, err error) { told = append(told, err) }}, broken)
	for _, want := range []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour} {
		if _, err := b.SyncDue(t.Context()); err == nil || !strings.Contains(err.Error(), "site is down") {
			t.Fatalf("err %v", err)
		}
		if r, err := b.SyncDue(t.Context()); len(r) != 0 || err != nil {
			t.Fatalf("due twice: %v, %v", r, err)
		}
		st := b.Sources()[0]
		if got := st.NextSync.Sub(now); got != want || st.Last.Err == nil {
			t.Errorf("next in %v, want %v; report %+v", got, want, st.Last)
		}
		now = st.NextSync
	}
	broken.err = nil
	if r, err := b.SyncDue(t.Context()); err != nil || len(r) != 1 || r[0].Added != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if got := b.Sources()[0].NextSync.Sub(now); got < 6*24*time.Hour {
		t.Errorf("after a good one next in %v", got)
	}
	if len(told) != 5 || told[0] == nil || told[4] != nil {
		t.Errorf("OnSync was told %v", told)
	}
}

func TestP14RunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBase(t, knowledge.Config{}, &counted{id: "a"})
		ctx, cancel := context.WithTimeout(t.Context(), 30*24*time.Hour)
		defer cancel()
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	}) // a goroutine left over would fail the bubble
}

func TestApplyIsFindableWhenItReturns(t *testing.T) {
	b := newBase(t, knowledge.Config{}, &script{id: "articles"})
	r, err := b.Apply(t.Context(), "articles", put("a", "Bikes are red."), put("b", "Tents are green."))
	if err != nil || r.Added != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := titles(t, b, knowledge.Query{Text: "green tents"}); got != "b" {
		t.Errorf("found %q", got)
	}
	r, err = b.Apply(t.Context(), "articles", knowledge.Change{ID: "b", Kind: knowledge.Gone}, put("a", "Bikes are blue."))
	if err != nil || r.Removed != 1 || r.Updated != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if got := titles(t, b, knowledge.Query{Text: "green tents"}); got != "" {
		t.Errorf("found %q after it was deleted", got)
	}
	if _, err := b.Apply(t.Context(), "nothing"); !errors.Is(err, knowledge.ErrUnknownSource) {
		t.Errorf("unknown source: %v", err)
	}
}

func TestP10HalfMissingAtOnceIsHeldBackAndAFewAreNot(t *testing.T) {
	s := &script{id: "site"}
	for i := range 20 {
		s.changes = append(s.changes, put(fmt.Sprint(i), fmt.Sprintf("Fact number %d.", i)))
	}
	s.changes = append(s.changes, complete)
	b := newBase(t, knowledge.Config{}, s)
	sync1(t, b, "site")
	for i := range 10 {
		s.changes[i] = knowledge.Change{ID: fmt.Sprint(i), Kind: knowledge.Missing, Err: errors.New("404")}
	}
	if r, err := b.Sync(t.Context(), "site"); !errors.Is(err, knowledge.ErrHeldBack) || !strings.Contains(r.Held, "10 of 20") {
		t.Errorf("half of it missing: %+v, %v", r, err)
	}
	for i := range 8 {
		s.changes[i] = knowledge.Change{ID: fmt.Sprint(i), Kind: knowledge.Gone}
	}
	if r := sync1(t, b, "site"); r.Removed != 10 {
		t.Errorf("eight proven to be gone and two missing: %+v", r)
	}
}

func TestP10RenamedDocumentsAreNoLoss(t *testing.T) {
	s := &script{id: "site"}
	for i := range 20 {
		s.changes = append(s.changes, put(fmt.Sprint(i), fmt.Sprintf("Fact number %d.", i)))
	}
	s.changes = append(s.changes, complete)
	b := newBase(t, knowledge.Config{}, s)
	sync1(t, b, "site")
	for i := range 20 {
		s.changes[i] = put(fmt.Sprint("new-", i), fmt.Sprintf("Fact number %d.", i))
	}
	if r := sync1(t, b, "site"); r.Removed != 20 || r.Added != 20 {
		t.Errorf("%+v", r)
	}
}

// secret is a source that is read with credentials.
type secret struct{ *script }

func (secret) Private() bool { return true }

func TestP5SourceThatKnowsItIsPrivateIsNeverPublic(t *testing.T) {
	b := newBase(t, knowledge.Config{}, secret{shop()})
	sync1(t, b, "shop")
	for range 2 {
		if res := ask(t, b, knowledge.Query{Text: "bicycle"}); len(res.Passages) == 0 || res.Passages[0].Citable {
			t.Errorf("%+v", res.Passages)
		}
		if err := b.SetOptions(t.Context(), "shop", knowledge.SourceOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReportNotesWhatASourceFoundOdd(t *testing.T) {
	s := shop()
	odd := errors.New("two pages are nearly the same")
	s.changes = append([]knowledge.Change{{ID: "Returns", Kind: knowledge.Progress, Err: odd}}, s.changes...)
	if r := sync1(t, newBase(t, knowledge.Config{}, s), "shop"); len(r.Notes) != 1 || r.Notes[0].Err != odd || len(r.Issues) != 0 || r.Added != 3 {
		t.Errorf("%+v", r)
	}
}

func TestSetOptionsTakesEffectFromTheNextSearchOn(t *testing.T) {
	b := newBase(t, knowledge.Config{Embedder: &meanings{}}, shop())
	sync1(t, b, "shop")
	set := func(o knowledge.SourceOptions) {
		t.Helper()
		if err := b.SetOptions(t.Context(), "shop", o); err != nil {
			t.Fatal(err)
		}
	}
	q := knowledge.Query{Text: "reimbursement"}
	set(knowledge.SourceOptions{NoCitations: true})
	if res := ask(t, b, q); len(res.Passages) == 0 || res.Passages[0].Citable {
		t.Errorf("citations off: %+v", res.Passages)
	}
	set(knowledge.SourceOptions{Visibility: knowledge.Internal})
	if got := titles(t, b, q); got != "" {
		t.Errorf("internal, found %q", got)
	}
	set(knowledge.SourceOptions{Audience: []string{"gold"}})
	if got := titles(t, b, q); got != "" {
		t.Errorf("for gold, found %q", got)
	}
	q.Audience = []string{"gold"}
	if got := titles(t, b, q); !strings.Contains(got, "Returns") {
		t.Errorf("for gold, gold found %q", got)
	}
	sync1(t, b, "shop")
	if got := titles(t, b, q); !strings.Contains(got, "Returns") {
		t.Errorf("after a sync gold found %q", got)
	}
	if err := b.SetOptions(t.Context(), "shop", knowledge.SourceOptions{Audience: []string{"a,b"}}); !errors.Is(err, knowledge.ErrInvalidConfig) {
		t.Errorf("comma: %v", err)
	}
	if err := b.SetOptions(t.Context(), "none", knowledge.SourceOptions{}); !errors.Is(err, knowledge.ErrUnknownSource) {
		t.Errorf("unknown: %v", err)
	}
}

func TestProgressTellsRateAndWhatRemains(t *testing.T) {
	p := knowledge.SyncProgress{Done: 30, Found: 90, Elapsed: 15 * time.Second}
	if p.Rate() != 2 || p.Remaining() != 30*time.Second {
		t.Errorf("rate %v, remaining %v", p.Rate(), p.Remaining())
	}
	if p := (knowledge.SyncProgress{}); p.Rate() != 0 || p.Remaining() != 0 {
		t.Errorf("of nothing: rate %v, remaining %v", p.Rate(), p.Remaining())
	}
}
