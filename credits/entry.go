package credits

import (
	"fmt"
	"time"
)

// EntryKind says what an [Entry] records.
type EntryKind string

// The kinds of entry.
const (
	EntryGrant   EntryKind = "grant"   // credits came: bought, given, included in a period
	EntryExpire  EntryKind = "expire"  // what was left of a grant was lost
	EntryReserve EntryKind = "reserve" // credits were held
	EntryExtend  EntryKind = "extend"  // a reservation lasts longer
	EntryCommit  EntryKind = "commit"  // a reservation became a charge
	EntryRelease EntryKind = "release" // a reservation was given back
	EntryLapse   EntryKind = "lapse"   // a reservation ended by itself
	EntryRefund  EntryKind = "refund"  // a charge was given back
	EntryPlan    EntryKind = "plan"    // the plan was changed
	EntryLimits  EntryKind = "limits"  // the limits were changed
	EntryNotice  EntryKind = "notice"  // Amount percent of the credits are used
	EntryUpgrade EntryKind = "upgrade" // Config.Upgrade was asked, or failed
)

// Entry is one line of the ledger. Entries are appended and never changed, and
// an account is what its entries make of it. Times are in UTC.
type Entry struct {
	Account string    `json:"account"`
	Seq     int64     `json:"seq"` // 1 for an account's first entry, then one more each
	Kind    EntryKind `json:"kind"`
	At      time.Time `json:"at"`               // never before that of the entry before
	Key     string    `json:"key,omitzero"`     // of the charge, grant or upgrade
	Amount  int64     `json:"amount,omitzero"`  // credits moved; percent with EntryNotice
	Overage int64     `json:"overage,omitzero"` // the part of Amount that no grant covers
	// Waived is what a late commit did not charge because there was nothing left to
	// charge it to.
	Waived  int64     `json:"waived,omitzero"`
	Until   time.Time `json:"until,omitzero"` // when the reservation or grant ends by itself
	Contact string    `json:"contact,omitzero"`
	Purpose string    `json:"purpose,omitzero"`
	// Claims marks the first reservation under a key; see [Store].
	Claims   bool     `json:"claims,omitzero"`
	Evidence Evidence `json:"evidence,omitzero"` // with EntryCommit and EntryRefund
	Grant    *Grant   `json:"grant,omitempty"`   // with EntryGrant
	Plan     *Plan    `json:"plan,omitempty"`    // with EntryPlan
	Limits   *Limits  `json:"limits,omitempty"`  // with EntryLimits
}

// own makes copies of what an entry points to its own.
func (e *Entry) own() {
	if e.Grant != nil {
		g := *e.Grant
		e.Grant = &g
	}
	if e.Plan != nil {
		p := *e.Plan
		e.Plan = &p
	}
	if e.Limits != nil {
		l := *e.Limits
		e.Limits = &l
	}
}

// canonical is the form in which times are kept: UTC, without a monotonic
// reading, in microseconds, which databases keep.
func canonical(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// validTime reports whether a time can be written down and counted in.
func validTime(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1 && year <= 9000
}

// CorruptError tells that an account's entries do not follow from each other.
type CorruptError struct {
	Account string
	Seq     int64
	Reason  string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("credits: entry %d of account %q: %s", e.Seq, e.Account, e.Reason)
}
