package credits

import (
	"math/bits"
	"time"
)

// Basis is what a [Policy] counts.
type Basis string

// What can be charged for. The zero Basis is ConversationBasis.
const (
	ConversationBasis Basis = "conversation" // one that the agent answered
	ResolutionBasis   Basis = "resolution"   // one that it resolved
	ActionBasis       Basis = "action"       // each that it performed
	TokenBasis        Basis = "token"        // of the model
)

// Policy says what is charged, and how much. It is a plain value.
type Policy struct {
	// Amount is the price in credits of Units units of the basis. It is charged
	// once for each conversation, unless Basis says otherwise.
	Amount int64
	// Rule names the policy and its version in the evidence of each charge.
	Rule string
	// Basis is what is counted; default ConversationBasis.
	Basis Basis
	// Units is how many of them Amount pays for; default 1.
	Units int64
	// ResolveAfter is how long after its last activity a conversation is judged
	// resolved; default 72 hours. Only ResolutionBasis uses it.
	ResolveAfter time.Duration
}

// PerConversation charges 100 credits for each conversation that the agent
// answers, whether or not it is resolved. A greeting alone, or a handoff before
// any answer, costs nothing.
func PerConversation() Policy { return Policy{Amount: 100, Rule: "per-conversation/1"} }

// PerResolution charges 50 credits for each conversation that the agent resolved:
// it answered, nobody asked for a human or was unhappy, and 72 hours went by in
// silence. One that is reopened after that is refunded.
func PerResolution() Policy {
	return Policy{Amount: 50, Rule: "per-resolution/1", Basis: ResolutionBasis, ResolveAfter: 72 * time.Hour}
}

// PerAction charges amount credits for each action performed.
func PerAction(amount int64) Policy {
	return Policy{Amount: amount, Rule: "per-action/1", Basis: ActionBasis}
}

// PerToken charges amount credits for so many tokens, begun ones in full.
// Reserve the price of the most that a call may use, and commit the price of
// what it used with [PartCommitter].
func PerToken(amount, tokens int64) Policy {
	return Policy{Amount: amount, Rule: "per-token/1", Basis: TokenBasis, Units: tokens}
}

// Price is what so many units cost, rounded up to whole credits. It is 0 for no
// units and at most MaxAmount.
func (p Policy) Price(units int64) int64 {
	if units <= 0 || p.Amount <= 0 {
		return 0
	}
	per := uint64(max(p.Units, 1))
	hi, lo := bits.Mul64(uint64(p.Amount), uint64(units))
	lo, carry := bits.Add64(lo, per-1, 0)
	if hi += carry; hi >= per {
		return MaxAmount
	}
	price, _ := bits.Div64(hi, lo, per)
	return int64(min(price, MaxAmount))
}

// Facts is what is known of a conversation when its charge is judged.
type Facts struct {
	Answered     bool // the agent gave an answer of substance
	HandedOff    bool // it went to a human
	HumanAsked   bool // the customer asked for one
	Negative     bool // the customer was unhappy with an answer
	Ended        bool // it was closed, and can only be reopened
	Charged      bool // its charge was committed, and not refunded
	Reopened     bool // the customer came back after the charge
	LastActivity time.Time
}

// Settlement is what is to become of a reservation or charge.
type Settlement uint8

// The settlements.
const (
	Keep      Settlement = iota // nothing yet, or nothing more
	CommitIt                    // charge it
	ReleaseIt                   // give the reservation back
	RefundIt                    // give the charge back
)

// Judgement is what a [Policy] says of a conversation.
type Judgement struct {
	Settlement Settlement
	// Due is when to judge again if nothing happens before; zero is not by itself.
	// Reservations must last until then, see [Extender].
	Due time.Time
}

// Judge says what is to become of a conversation's charge. It depends on its
// arguments alone: ask it whenever something happened and when it was due.
// Policies by action or token settle each unit when it is done, and always keep.
func (p Policy) Judge(f Facts, now time.Time) Judgement {
	switch p.Basis {
	case "", ConversationBasis:
		return p.judgeConversation(f)
	case ResolutionBasis:
		return p.judgeResolution(f, now)
	}
	return Judgement{}
}

func (p Policy) judgeConversation(f Facts) Judgement {
	switch {
	case f.Charged:
		return Judgement{} // once, also when it is reopened
	case f.Answered:
		return Judgement{Settlement: CommitIt}
	case f.HandedOff || f.Ended:
		return Judgement{Settlement: ReleaseIt}
	}
	return Judgement{}
}

func (p Policy) judgeResolution(f Facts, now time.Time) Judgement {
	unresolved := f.HandedOff || f.HumanAsked || f.Negative
	window := p.ResolveAfter
	if window <= 0 {
		window = 72 * time.Hour
	}
	due := f.LastActivity.Add(window)
	switch {
	case f.Charged && (unresolved || f.Reopened):
		return Judgement{Settlement: RefundIt}
	case f.Charged:
		return Judgement{}
	case unresolved, f.Ended && !f.Answered:
		return Judgement{Settlement: ReleaseIt}
	case now.Before(due):
		return Judgement{Due: due}
	case f.Answered:
		return Judgement{Settlement: CommitIt}
	}
	return Judgement{Settlement: ReleaseIt}
}
