package creditstest

import (
	"fmt"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/credits"
)

// MeterUnderTest is a meter with the means to test it. Those that a meter cannot
// have are nil, and what needs them is left out.
type MeterUnderTest struct {
	Meter credits.Meter
	// Fund gives an account credits, more each time. The accounts are called
	// "acme" and "other". Without it, they have nothing. It is required.
	Fund func(account string, amount int64)
	// Cap limits what an account may commit and hold together.
	Cap func(account string, limit int64)
	// Lapse lets the time pass after which reservations lapse.
	Lapse func()
	// Now is the meter's clock; it is needed to test a [credits.Extender].
	Now func() time.Time
}

// TestMeter tests a meter by the documented promises of [credits.Meter], and of
// the optional interfaces beside it that it implements. newMeter is called for
// every subtest. Accounts must not overdraw or buy credits by themselves.
func TestMeter(t *testing.T, newMeter func(t *testing.T) MeterUnderTest) {
	t.Helper()
	probe := newMeter(t)
	if probe.Meter == nil || probe.Fund == nil {
		t.Fatal("creditstest: a meter under test needs Meter and Fund")
	}
	run(t, meterClauses(probe), func(t *testing.T) *metered {
		return &metered{reporter: t, MeterUnderTest: newMeter(t)}
	})
}

// meterClauses lists every promise of a meter.
func meterClauses(m MeterUnderTest) []clause[*metered] {
	lapses, caps := m.Lapse != nil, m.Cap != nil
	_, extends := m.Meter.(credits.Extender)
	extends = extends && m.Now != nil
	_, refunds := m.Meter.(credits.Refunder)
	_, parts := m.Meter.(credits.PartCommitter)
	_, balances := m.Meter.(credits.Balancer)
	return []clause[*metered]{
		{"ReserveHolds", true, reserveHolds},
		{"ReserveIsIdempotent", true, reserveIsIdempotent},
		{"OtherAmountConflicts", true, otherAmountConflicts},
		{"OtherAccountConflicts", true, otherAccountConflicts},
		{"BadChargesAreInvalid", true, badChargesAreInvalid},
		{"ExhaustedIsRefused", true, exhaustedIsRefused},
		{"RefusalHoldsNothing", true, refusalHoldsNothing},
		{"RefusedKeyStaysFree", true, refusedKeyStaysFree},
		{"FreeChargePasses", true, freeChargePasses},
		{"CapIsKept", caps, capIsKept},
		{"CapComesFirst", caps, capComesFirst},
		{"CommitCharges", true, commitCharges},
		{"CommitIsIdempotent", true, commitIsIdempotent},
		{"ReserveAfterCommitChangesNothing", true, reserveAfterCommit},
		{"ReleaseGivesBack", true, releaseGivesBack},
		{"ReleaseIsIdempotent", true, releaseIsIdempotent},
		{"ReleaseAfterCommitIsSettled", true, releaseAfterCommit},
		{"CommitAfterReleaseIsSettled", true, commitAfterRelease},
		{"ReserveAfterReleaseIsSettled", true, reserveAfterRelease},
		{"UnknownKeysAreUnknown", true, unknownKeys},
		{"ErrorsNameAccountOrKey", true, errorsName},
		{"AccountsAreSeparate", true, accountsAreSeparate},
		{"EndedContextChangesNothing", true, endedContextChangesNothing},
		{"ParallelReservationsNeverOverspend", true, parallelReservations},
		{"ParallelRepetitionsCountOnce", true, parallelRepetitions},
		{"ParallelSettlementsAgree", true, parallelSettlements},
		{"LapseGivesBack", lapses, lapseGivesBack},
		{"CommittedDoesNotLapse", lapses, committedDoesNotLapse},
		{"ReserveAfterLapseHoldsAnew", lapses, reserveAfterLapse},
		{"LateCommitIsAcceptedOnce", lapses, lateCommit},
		{"ReleaseAfterLapseEnds", lapses, releaseAfterLapse},
		{"ExtendedDoesNotLapse", lapses && extends, extendedDoesNotLapse},
		{"ExtendNeverShortens", lapses && extends, extendNeverShortens},
		{"ExtendTellsWhatEnded", lapses && extends, extendTellsWhatEnded},
		{"RefundGivesBack", refunds, refundGivesBack},
		{"RefundIsIdempotent", refunds, refundIsIdempotent},
		{"RefundEndsTheKey", refunds, refundEndsTheKey},
		{"RefundNeedsACharge", refunds, refundNeedsACharge},
		{"PartGivesBackTheRest", parts, partGivesBackTheRest},
		{"PartIsIdempotent", parts, partIsIdempotent},
		{"PartIsWithinTheReservation", parts, partIsWithin},
		{"BalanceAddsUp", balances, balanceAddsUp},
		{"BalanceOfUnknownAccountIsEmpty", balances, balanceOfUnknown},
	}
}

// metered is a meter in one subtest.
type metered struct {
	reporter
	MeterUnderTest
	probes int
}

func charge(key string, amount int64) credits.Charge {
	return credits.Charge{Account: "acme", Key: key, Amount: amount, Purpose: "test"}
}

func (m *metered) reserve(key string, amount int64, want error) {
	m.Helper()
	wants(m, fmt.Sprintf("reserve %d under %s", amount, key), m.Meter.Reserve(m.Context(), charge(key, amount)), want)
}

func (m *metered) commit(key string, want error) {
	m.Helper()
	wants(m, "commit "+key, m.Meter.Commit(m.Context(), key, evidence(key)), want)
}

func (m *metered) release(key string, want error) {
	m.Helper()
	wants(m, "release "+key, m.Meter.Release(m.Context(), key), want)
}

func evidence(key string) credits.Evidence {
	return credits.Evidence{Conversation: key, Rule: "test/1", Event: "event of " + key}
}

// left fails unless exactly so much can be reserved, and gives it back.
func (m *metered) left(want int64) {
	m.Helper()
	m.leftIn("acme", want)
}

func (m *metered) leftIn(account string, want int64) {
	m.Helper()
	m.probes++
	c := credits.Charge{Account: account, Key: fmt.Sprint("probe ", m.probes), Amount: want + 1}
	wants(m, fmt.Sprintf("reserve one more than the %d that should be left", want), m.Meter.Reserve(m.Context(), c), credits.ErrExhausted)
	m.probes++
	c.Key, c.Amount = fmt.Sprint("probe ", m.probes), want
	wants(m, fmt.Sprintf("reserve the %d that should be left", want), m.Meter.Reserve(m.Context(), c), nil)
	wants(m, "release them", m.Meter.Release(m.Context(), c.Key), nil)
}
