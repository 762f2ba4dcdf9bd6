package credits

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// GrantKind says where credits come from. It is for the bill; the ledger treats
// all kinds alike.
type GrantKind string

// The kinds of grant.
const (
	PlanGrant      GrantKind = "plan"      // included in a period; made by the ledger
	PackGrant      GrantKind = "pack"      // bought
	PromotionGrant GrantKind = "promotion" // given
	UpgradeGrant   GrantKind = "upgrade"   // from Config.Upgrade
	RefundGrant    GrantKind = "refund"    // in place of a grant that expired; made by the ledger
)

// IDs of the grants that the ledger makes itself.
const (
	includedPrefix = "included/"
	refundPrefix   = "refund/"
)

// Grant gives an account credits. They are used in the order of priority, then
// of expiry, then of age; the credits included in the plan have priority 0.
type Grant struct {
	// ID is unique in the account; those that begin with "included/" or "refund/"
	// are the ledger's. The same grant a second time has no effect.
	ID     string    `json:"id"`
	Amount int64     `json:"amount"` // from 1 to MaxAmount
	Kind   GrantKind `json:"kind,omitzero"`
	// Priority says which credits are used first: those with the lower number.
	Priority int `json:"priority,omitzero"`
	// Expires is when what is left of it is lost; zero is never. What is reserved
	// by then is not lost before it is given back.
	Expires time.Time `json:"expires,omitzero"`
}

// Pack is a purchase of credits that do not expire. The ID is that of the order
// or payment.
func Pack(id string, amount int64) Grant { return Grant{ID: id, Amount: amount, Kind: PackGrant} }

// same reports whether two grants are the same call.
func (g Grant) same(h Grant) bool {
	expire := g.Expires.Equal(h.Expires)
	g.Expires, h.Expires = time.Time{}, time.Time{}
	return expire && g == h
}

// Grant adds credits to an account. The same grant again changes nothing; another
// one under its ID is ErrConflict. One that has expired already, of less than one
// credit or more than MaxAmount, or with an ID of the ledger's is ErrInvalid.
func (l *Ledger) Grant(ctx context.Context, account string, g Grant) error {
	if g.ID == "" || g.Amount < 1 || g.Amount > MaxAmount || !validTime(g.Expires) ||
		strings.HasPrefix(g.ID, includedPrefix) || strings.HasPrefix(g.ID, refundPrefix) {
		return fmt.Errorf("credits: grant %q of %d to %q: %w", g.ID, g.Amount, account, ErrInvalid)
	}
	g.Expires = canonical(g.Expires)
	return l.change(ctx, account, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		if known := s.grantByID[g.ID]; known != nil {
			if !known.same(g) {
				return out, fmt.Errorf("credits: grant %q to %q: %w", g.ID, account, ErrConflict)
			}
			return out, nil
		}
		if !g.Expires.IsZero() && !now.Before(g.Expires) {
			return out, fmt.Errorf("credits: grant %q to %q expired at %v: %w", g.ID, account, g.Expires, ErrInvalid)
		}
		own := g
		return append(out, Entry{Kind: EntryGrant, Key: g.ID, Amount: g.Amount, At: now, Until: g.Expires, Grant: &own}), nil
	})
}

// grant is what is left of a Grant.
type grant struct {
	Grant
	left    int64
	number  int64 // of the entry that made it: its age
	listed  bool  // in state.grants
	expired bool  // what was left was taken away
}

// part is what a reservation took from a grant.
type part struct {
	grant  *grant
	amount int64
}

// usedBefore compares grants by the order in which they are used.
func usedBefore(a, b *grant) int {
	if a.Priority != b.Priority {
		return compare(int64(a.Priority), int64(b.Priority))
	}
	if !a.Expires.Equal(b.Expires) {
		switch {
		case a.Expires.IsZero():
			return 1
		case b.Expires.IsZero():
			return -1
		}
		return a.Expires.Compare(b.Expires)
	}
	return compare(a.number, b.number)
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// addGrant puts a new grant among those to be used.
func (s *state) addGrant(g Grant) *grant {
	live := &grant{Grant: g, number: s.seq}
	s.grantByID[g.ID] = live
	s.granted += g.Amount
	s.put(live, g.Amount)
	return live
}

// put gives credits back to a grant. One that has expired loses them again with
// the next step of time.
func (s *state) put(g *grant, amount int64) {
	if amount == 0 {
		return
	}
	g.left += amount
	s.available += amount
	if !g.listed {
		g.listed = true
		i, _ := slices.BinarySearchFunc(s.grants, g, usedBefore)
		s.grants = slices.Insert(s.grants, i, g)
		if !g.Expires.IsZero() {
			s.timers.add(timer{at: g.Expires, number: s.seq, grant: g})
		}
	}
}

// take uses up to amount credits in the order of the grants, notes from which,
// and returns how many there were.
func (s *state) take(h *hold, amount int64) int64 {
	wanted := amount
	for wanted > 0 && len(s.grants) > 0 {
		g := s.grants[0]
		n := min(wanted, g.left)
		h.parts = append(h.parts, part{g, n})
		g.left -= n
		wanted -= n
		if g.left == 0 {
			s.unlist(g)
		}
	}
	s.available -= amount - wanted
	return amount - wanted
}

// unlist takes a grant with nothing left from those to be used.
func (s *state) unlist(g *grant) {
	if !g.listed {
		return
	}
	g.listed = false
	i, _ := slices.BinarySearchFunc(s.grants, g, usedBefore)
	s.grants = slices.Delete(s.grants, i, i+1)
}
