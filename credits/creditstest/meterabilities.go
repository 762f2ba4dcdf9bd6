package creditstest

import (
	"time"

	"github.com/kundeagent/kundeagent/credits"
)

func lapseGivesBack(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.Lapse()
	m.left(100)
}

func committedDoesNotLapse(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.commit("a", nil)
	m.Lapse()
	m.left(40)
}

func reserveAfterLapse(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.Lapse()
	m.reserve("a", 60, nil)
	m.left(40)
	m.commit("a", nil)
	m.left(40)
}

func lateCommit(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.Lapse()
	m.commit("a", nil)
	m.commit("a", nil)
	m.reserve("a", 60, nil) // it is committed
	m.release("a", credits.ErrSettled)
	m.reserve("b", 101, credits.ErrExhausted)
	m.reserve("c", 40, nil) // at most what was reserved is charged
}

func releaseAfterLapse(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.Lapse()
	m.release("a", nil)
	m.commit("a", credits.ErrSettled)
	m.left(100)
}

func (m *metered) extend(key string, by time.Duration, want error) {
	m.Helper()
	wants(m, "extend "+key, m.Meter.(credits.Extender).Extend(m.Context(), key, m.Now().Add(by)), want)
}

const years = 5 * 365 * 24 * time.Hour

func extendedDoesNotLapse(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.extend("a", years, nil)
	m.Lapse()
	m.left(40)
	m.commit("a", nil)
	m.left(40)
}

func extendNeverShortens(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.extend("a", years, nil)
	m.extend("a", -time.Hour, nil)
	m.extend("a", time.Minute, nil)
	m.left(40)
	m.Lapse()
	m.left(40)
}

func extendTellsWhatEnded(m *metered) {
	m.Fund("acme", 100)
	m.extend("a", years, credits.ErrUnknown)
	m.reserve("a", 10, nil)
	m.Lapse()
	m.extend("a", years, credits.ErrLapsed)
	m.reserve("b", 10, nil)
	m.commit("b", nil)
	m.extend("b", years, credits.ErrSettled)
	m.reserve("c", 10, nil)
	m.release("c", nil)
	m.extend("c", years, credits.ErrSettled)
	m.left(90)
}

func (m *metered) refund(key string, want error) {
	m.Helper()
	wants(m, "refund "+key, m.Meter.(credits.Refunder).Refund(m.Context(), key, evidence(key)), want)
}

func refundGivesBack(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.commit("a", nil)
	m.refund("a", nil)
	m.left(100)
}

func refundIsIdempotent(m *metered) {
	m.Fund("acme", 100)
	for _, key := range []string{"a", "b"} {
		m.reserve(key, 30, nil)
		m.commit(key, nil)
	}
	for range 3 {
		m.refund("a", nil)
	}
	m.left(70)
}

func refundEndsTheKey(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.commit("a", nil)
	m.refund("a", nil)
	m.reserve("a", 60, credits.ErrSettled)
	m.commit("a", credits.ErrSettled)
	m.release("a", credits.ErrSettled)
	m.left(100)
}

func refundNeedsACharge(m *metered) {
	m.Fund("acme", 100)
	m.refund("a", credits.ErrUnknown)
	m.reserve("a", 60, nil)
	m.refund("a", credits.ErrUncommitted)
	m.left(40)
	m.release("a", nil)
	m.refund("a", credits.ErrUncommitted)
	m.left(100)
}

func (m *metered) part(key string, amount int64, want error) {
	m.Helper()
	wants(m, "commit a part of "+key, m.Meter.(credits.PartCommitter).CommitPart(m.Context(), key, amount, evidence(key)), want)
}

func partGivesBackTheRest(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.part("a", 25, nil)
	m.left(75)
	m.reserve("b", 60, nil)
	m.part("b", 0, nil)
	m.left(75)
}

func partIsIdempotent(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.part("a", 25, nil)
	m.part("a", 25, nil)
	m.commit("a", nil)
	m.part("a", 26, credits.ErrConflict)
	m.left(75)
}

func partIsWithin(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.part("a", 61, credits.ErrInvalid)
	m.part("a", -1, credits.ErrInvalid)
	m.part("b", 1, credits.ErrUnknown)
	m.left(40)
	m.part("a", 60, nil)
	m.left(40)
}

func (m *metered) balance(account string) credits.Balance {
	m.Helper()
	b, err := m.Meter.(credits.Balancer).Balance(m.Context(), account)
	wants(m, "balance of "+account, err, nil)
	return b
}

func balanceAddsUp(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 20, nil)
	m.reserve("b", 30, nil)
	m.reserve("c", 40, nil)
	m.commit("a", nil)
	m.release("b", nil)
	want := credits.Balance{Granted: 100, Committed: 20, Pending: 40, Available: 40}
	if got := m.balance("acme"); got != want {
		m.Errorf("balance %+v, want %+v", got, want)
	}
}

func balanceOfUnknown(m *metered) {
	m.Fund("acme", 100)
	if got := m.balance("other"); got != (credits.Balance{}) {
		m.Errorf("balance %+v of an account nobody knows", got)
	}
}
