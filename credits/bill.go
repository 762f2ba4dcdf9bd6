package credits

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Bill is what happened in an account in a period, with every entry. Its sums
// follow from the entries alone, see [Bill.Check]. What is pending counts as
// unspent. All amounts are credits, and
//
//	Closing = Opening + Granted − Expired − Charged + Refunded + Overage
type Bill struct {
	Account  string `json:"account"`
	Period   Period `json:"period"`
	Opening  int64  `json:"opening"` // granted and not spent before the period
	Granted  int64  `json:"granted"`
	Expired  int64  `json:"expired"`
	Charged  int64  `json:"charged"` // committed
	Refunded int64  `json:"refunded"`
	Overage  int64  `json:"overage"` // the part of Charged that no grant covers, less that of Refunded
	Waived   int64  `json:"waived"`  // what late commits did not charge
	Closing  int64  `json:"closing"`
	// Rules are the sums by Evidence.Rule, sorted by it.
	Rules   []RuleTotal `json:"rules"`
	Entries []Entry     `json:"entries"`
}

// RuleTotal is what was charged under one rule.
type RuleTotal struct {
	Rule     string `json:"rule"`
	Charges  int64  `json:"charges"` // how many
	Charged  int64  `json:"charged"` // credits
	Refunds  int64  `json:"refunds"` // how many
	Refunded int64  `json:"refunded"`
}

// Period is the period of the plan around a time; where the plan changed, periods
// end and begin with the change. Without a plan it is the month of UTC.
func (l *Ledger) Period(ctx context.Context, account string, at time.Time) (Period, error) {
	if !validTime(at) {
		return Period{}, fmt.Errorf("credits: period of %v: %w", at, ErrInvalid)
	}
	plan, from, to := Plan{}.normal(), time.Time{}, time.Time{}
	err := l.pages(ctx, account, func(entries []Entry) error {
		for _, e := range entries {
			if e.Kind != EntryPlan {
				continue
			}
			if !e.Plan.From.After(at) {
				plan, from, to = *e.Plan, e.Plan.From, time.Time{}
			} else if to.IsZero() || e.Plan.From.Before(to) {
				to = e.Plan.From
			}
		}
		return nil
	})
	if err != nil {
		return Period{}, err
	}
	cal, err := plan.calendar()
	if err != nil {
		return Period{}, fmt.Errorf("credits: account %q: %w", account, err)
	}
	p := cal.period(at)
	if p.Start.Before(from) {
		p.Start = from
	}
	if !to.IsZero() && to.Before(p.End) {
		p.End = to
	}
	return p, nil
}

// Bill tells what happened in an account from p.Start up to, not including, p.End.
func (l *Ledger) Bill(ctx context.Context, account string, p Period) (Bill, error) {
	if !p.Start.Before(p.End) {
		return Bill{}, fmt.Errorf("credits: bill from %v to %v: %w", p.Start, p.End, ErrInvalid)
	}
	b := Bill{Account: account, Period: p}
	var inside [][]Entry
	err := l.pages(ctx, account, func(entries []Entry) error {
		// Entries are in the order of time.
		first, _ := slices.BinarySearchFunc(entries, p.Start, earlier)
		end, _ := slices.BinarySearchFunc(entries, p.End, earlier)
		for i := range entries[:first] {
			b.Opening += unspent(&entries[i])
		}
		if first < end {
			inside = append(inside, entries[first:end])
		}
		return nil
	})
	if err != nil {
		return Bill{}, err
	}
	b.Entries = slices.Concat(inside...)
	for i := range b.Entries {
		b.Entries[i].own()
	}
	b.sum()
	return b, nil
}

// earlier compares an entry with a time.
func earlier(e Entry, t time.Time) int { return e.At.Compare(t) }

// unspent is by how much an entry changes what is granted and not spent.
func unspent(e *Entry) int64 {
	switch e.Kind {
	case EntryGrant:
		return e.Amount
	case EntryExpire:
		return -e.Amount
	case EntryCommit:
		return e.Overage - e.Amount
	case EntryRefund:
		return e.Amount - e.Overage
	}
	return 0
}

// sum adds the entries up.
func (b *Bill) sum() {
	rules := map[string]*RuleTotal{}
	b.Closing = b.Opening
	for i := range b.Entries {
		e := &b.Entries[i]
		b.Closing += unspent(e)
		switch e.Kind {
		case EntryGrant:
			b.Granted += e.Amount
			continue
		case EntryExpire:
			b.Expired += e.Amount
			continue
		case EntryCommit, EntryRefund:
		default:
			continue
		}
		r := rules[e.Evidence.Rule]
		if r == nil {
			r = &RuleTotal{Rule: e.Evidence.Rule}
			rules[r.Rule] = r
		}
		if e.Kind == EntryCommit {
			b.Charged += e.Amount
			b.Overage += e.Overage
			b.Waived += e.Waived
			r.Charges++
			r.Charged += e.Amount
		} else {
			b.Refunded += e.Amount
			b.Overage -= e.Overage
			r.Refunds++
			r.Refunded += e.Amount
		}
	}
	for _, r := range rules {
		b.Rules = append(b.Rules, *r)
	}
	slices.SortFunc(b.Rules, func(x, y RuleTotal) int {
		if x.Rule < y.Rule {
			return -1
		}
		return 1
	})
}

// Check reports whether a bill, which may have travelled, adds up: whether its
// sums follow from its entries and Opening, no entry is missing between the first
// and the last, and all are of its account and period.
func (b Bill) Check() error {
	again := Bill{Opening: b.Opening, Entries: b.Entries}
	again.sum()
	sums := func(b *Bill) [8]int64 {
		return [8]int64{b.Opening, b.Granted, b.Expired, b.Charged, b.Refunded, b.Overage, b.Waived, b.Closing}
	}
	if sums(&again) != sums(&b) || !slices.Equal(again.Rules, b.Rules) {
		return fmt.Errorf("credits: bill of %q does not add up: %w", b.Account, ErrInvalid)
	}
	for i, e := range b.Entries {
		if e.Account != b.Account || !b.Period.Contains(e.At) || i > 0 && e.Seq != b.Entries[i-1].Seq+1 {
			return fmt.Errorf("credits: entry %d does not belong to the bill of %q here: %w", e.Seq, b.Account, ErrInvalid)
		}
	}
	return nil
}

// Entries returns an account's entries, oldest first.
func (l *Ledger) Entries(ctx context.Context, account string) ([]Entry, error) {
	var all [][]Entry
	err := l.pages(ctx, account, func(entries []Entry) error {
		all = append(all, entries)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := slices.Concat(all...)
	for i := range out {
		out[i].own()
	}
	return out, nil
}

// pages brings an account up to date and visits its entries, oldest first. They
// are the store's: visit does not change them.
func (l *Ledger) pages(ctx context.Context, account string, visit func([]Entry) error) error {
	if _, err := l.Balance(ctx, account); err != nil {
		return err
	}
	for after := int64(0); ; {
		entries, err := l.cfg.Store.Load(ctx, account, after, pageLimit)
		if err != nil {
			return fmt.Errorf("credits: load account %q: %w", account, err)
		}
		if len(entries) == 0 {
			return nil
		}
		if first := entries[0].Seq; first != after+1 {
			return &CorruptError{Account: account, Seq: first, Reason: "does not follow the one before"}
		}
		if err := visit(entries); err != nil {
			return err
		}
		after += int64(len(entries))
	}
}
