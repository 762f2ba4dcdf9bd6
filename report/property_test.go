package report_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/report"
)

// random makes events of some conversations, with everything that can happen and
// with equal times, so that order would show if it mattered.
func random(r *rand.Rand, n int) []report.Event {
	kinds := []report.Kind{
		report.Received, report.Refused, report.Answered, report.Replied, report.AskedBack, report.HumanAsked, report.HandedOver,
		report.HumanReplied, report.TakenOver, report.FeedbackGiven, report.Closed, report.Reopened,
	}
	pick := func(names ...string) string { return names[r.IntN(len(names))] }
	var events []report.Event
	for range n {
		e := report.Event{
			Conversation: fmt.Sprint("c", r.IntN(1+n/20)), Kind: kinds[r.IntN(len(kinds))],
			At:       monday.Add(time.Duration(r.IntN(10)) * 48 * time.Hour),
			Channel:  pick("chat", "mail", "chat", ""),
			Language: pick("en", "da", "de", ""), Reason: pick("loop", "guard", report.NotDeployed, ""),
			Message: fmt.Sprint("m", r.IntN(5)), Helpful: r.IntN(2) == 0,
		}
		for range r.IntN(4) {
			e.Sources = append(e.Sources, fmt.Sprint("s", r.IntN(30)))
		}
		switch r.IntN(4) { // two conversations with more than is kept
		case 0:
			e.Conversation, e.Kind, e.Message = "long", report.Answered, fmt.Sprint("m", r.IntN(500))
		case 1:
			e.Conversation, e.Kind, e.Message = "wide", report.Answered, "m"
		}
		events = append(events, e)
	}
	return events
}

func queries() []report.Query {
	return []report.Query{
		{Now: monday.AddDate(0, 0, 12)}, {Now: monday.AddDate(1, 0, 0)}, {Now: monday.AddDate(0, 0, 8), ResolveAfter: time.Hour},
		{Now: monday.AddDate(0, 0, 20), From: monday.AddDate(0, 0, 3), To: monday.AddDate(0, 0, 9), Channels: []string{"chat"}},
	}
}

func TestAnyOrderAndAnyRepetitionMakesTheSameReport(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		events := random(r, 20+r.IntN(800))
		want := tally(t, events...)
		shuffled := slices.Clone(events)
		for range r.IntN(len(events)) {
			shuffled = append(shuffled, events[r.IntN(len(events))])
		}
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		got := tally(t, shuffled...)
		for _, q := range queries() {
			a, err := want.Report(q)
			b, err2 := got.Report(q)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("seed %d, %+v:\n%+v\nshuffled and repeated:\n%+v", seed, q, a, b)
			}
		}
	}
}

func TestA18Invariants(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		all := tally(t, random(r, 20+r.IntN(800))...)
		for _, q := range queries() {
			rep, err := all.Report(q)
			if err != nil {
				t.Fatal(err)
			}
			requireSound(t, rep.Total)
			for name, groups := range map[string][]report.Group{"channels": rep.Channels, "languages": rep.Languages, "weeks": rep.Weeks} {
				var sum report.Counts
				for _, g := range groups {
					requireSound(t, g.Counts)
					add(&sum, g.Counts)
				}
				total := rep.Total
				total.MeanResolution, total.MedianResolution = 0, 0
				if sum != total {
					t.Fatalf("seed %d: the sum of the %s is\n%+v, the total\n%+v", seed, name, sum, total)
				}
			}
			if n := sumOf(rep.Handoffs); n != rep.Total.HandedOff {
				t.Fatalf("seed %d: %d handoffs by reason, %d in all", seed, n, rep.Total.HandedOff)
			}
			if n := sumOf(rep.Refusals); n != rep.Total.NotTaken {
				t.Fatalf("seed %d: %d refusals by reason, %d in all", seed, n, rep.Total.NotTaken)
			}
			for _, s := range rep.Sources {
				if s.Resolved > s.Conversations || s.Conversations > rep.Total.Handled || s.Pending > rep.Total.Pending || s.Answers < s.Pending+s.Conversations {
					t.Fatalf("seed %d: source %+v of %+v", seed, s, rep.Total)
				}
			}
		}
	}
}

// requireSound checks what holds for the counts of any part of the conversations.
func requireSound(t *testing.T, c report.Counts) {
	t.Helper()
	for rule, holds := range map[string]bool{
		"received is pending or judged":     c.Received == c.Pending+c.Judged,
		"judged is handled or not":          c.Judged == c.Handled+c.NotTaken,
		"handed over or deflected":          c.Handled == c.HandedOff+c.Deflected,
		"resolved is deflected":             c.Resolved <= c.Deflected,
		"deflected is resolved or not":      c.Deflected == c.Resolved+c.Unresolved+c.Abandoned+c.OnlyDeflected,
		"resolved is confirmed or assumed":  c.Resolved == c.ConfirmedResolved+c.AssumedResolved,
		"open ones are received":            c.Open <= c.Received,
		"a resolution takes no less than 0": c.MeanResolution >= 0 && c.MedianResolution >= 0 && (c.Resolved > 0 || c.MeanResolution == 0),
	} {
		if !holds {
			t.Fatalf("%s: %+v", rule, c)
		}
	}
	for _, r := range []report.Rate{c.HandleRate(), c.HandoffRate(), c.DeflectionRate(), c.ResolutionRate(), c.FeedbackRate()} {
		v, ok := r.Value()
		if r.Part < 0 || r.Part > r.Whole || ok != (r.Whole > 0) || v < 0 || v > 1 {
			t.Fatalf("rate %+v = %v of %+v", r, v, c)
		}
	}
}

// add adds every count of c to sum; durations are no sums.
func add(sum *report.Counts, c report.Counts) {
	to, from := reflect.ValueOf(sum).Elem(), reflect.ValueOf(c)
	for i := range to.NumField() {
		if to.Field(i).Type() == reflect.TypeFor[int]() {
			to.Field(i).SetInt(to.Field(i).Int() + from.Field(i).Int())
		}
	}
}

func sumOf(all []report.Reason) (n int) {
	for _, r := range all {
		n += r.Conversations
	}
	return n
}
