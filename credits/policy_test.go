package credits

import (
	"math"
	"testing"
	"time"
)

func TestPrices(t *testing.T) {
	for _, test := range []struct {
		p           Policy
		units, want int64
	}{
		{PerConversation(), 1, 100}, {PerConversation(), 0, 0}, {PerConversation(), -1, 0}, {PerResolution(), 1, 50},
		{PerAction(10), 3, 30}, {PerToken(1, 1000), 1, 1}, {PerToken(1, 1000), 1000, 1}, {PerToken(1, 1000), 1001, 2}, {PerToken(3, 1000), 1500, 5},
		{PerToken(3, 1000), math.MaxInt64, MaxAmount}, {PerToken(MaxAmount, 1), 2, MaxAmount}, {Policy{Amount: -5}, 1, 0}, {PerToken(1, math.MaxInt64), math.MaxInt64, 1},
	} {
		if got := test.p.Price(test.units); got != test.want {
			t.Errorf("%+v: %d units cost %d, want %d", test.p, test.units, got, test.want)
		}
	}
	for _, p := range []Policy{PerConversation(), PerResolution(), PerAction(1), PerToken(1, 1)} {
		if p.Rule == "" || p.Amount < 1 {
			t.Errorf("%+v", p)
		}
	}
}

func TestJudgements(t *testing.T) {
	last := instant("2026-03-01T09:00:00Z")
	due := last.Add(72 * time.Hour)
	for _, test := range []struct {
		name  string
		p     Policy
		f     Facts
		after time.Duration
		want  Judgement
	}{
		{"a greeting", PerConversation(), Facts{}, 0, Judgement{}},
		{"an answer", PerConversation(), Facts{Answered: true}, 0, Judgement{Settlement: CommitIt}},
		{"an answer, then a handoff", PerConversation(), Facts{Answered: true, HandedOff: true}, 0, Judgement{Settlement: CommitIt}},
		{"an immediate handoff", PerConversation(), Facts{HandedOff: true}, 0, Judgement{Settlement: ReleaseIt}},
		{"closed after a greeting", PerConversation(), Facts{Ended: true}, 0, Judgement{Settlement: ReleaseIt}},
		{"closed after an answer", PerConversation(), Facts{Answered: true, Ended: true}, 0, Judgement{Settlement: CommitIt}},
		{"charged before", PerConversation(), Facts{Answered: true, Charged: true}, 0, Judgement{}},
		{"reopened", PerConversation(), Facts{Answered: true, Charged: true, Reopened: true, HandedOff: true}, 0, Judgement{}},
		{"answered just now", PerResolution(), Facts{Answered: true}, 0, Judgement{Due: due}},
		{"almost resolved", PerResolution(), Facts{Answered: true}, 72*time.Hour - 1, Judgement{Due: due}},
		{"resolved", PerResolution(), Facts{Answered: true}, 72 * time.Hour, Judgement{Settlement: CommitIt}},
		{"never answered", PerResolution(), Facts{}, 72 * time.Hour, Judgement{Settlement: ReleaseIt}},
		{"closed without an answer", PerResolution(), Facts{Ended: true}, 0, Judgement{Settlement: ReleaseIt}},
		{"closed after an answer", PerResolution(), Facts{Answered: true, Ended: true}, 0, Judgement{Due: due}},
		{"handed off", PerResolution(), Facts{Answered: true, HandedOff: true}, 0, Judgement{Settlement: ReleaseIt}},
		{"asked for a human", PerResolution(), Facts{Answered: true, HumanAsked: true}, 72 * time.Hour, Judgement{Settlement: ReleaseIt}},
		{"unhappy", PerResolution(), Facts{Answered: true, Negative: true}, 72 * time.Hour, Judgement{Settlement: ReleaseIt}},
		{"charged", PerResolution(), Facts{Answered: true, Charged: true}, 100 * time.Hour, Judgement{}},
		{"reopened after the charge", PerResolution(), Facts{Answered: true, Charged: true, Reopened: true}, 0, Judgement{Settlement: RefundIt}},
		{"unhappy after the charge", PerResolution(), Facts{Answered: true, Charged: true, Negative: true}, 0, Judgement{Settlement: RefundIt}},
		{"a shorter window", Policy{Basis: ResolutionBasis, ResolveAfter: time.Hour}, Facts{Answered: true}, time.Hour, Judgement{Settlement: CommitIt}},
		{"the default window", Policy{Basis: ResolutionBasis}, Facts{Answered: true}, time.Hour, Judgement{Due: due}},
		{"by action", PerAction(1), Facts{Answered: true}, 100 * time.Hour, Judgement{}},
		{"by token", PerToken(1, 1), Facts{HandedOff: true}, 100 * time.Hour, Judgement{}},
	} {
		test.f.LastActivity = last
		if got := test.p.Judge(test.f, last.Add(test.after)); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}
