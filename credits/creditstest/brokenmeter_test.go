package creditstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/credits"
)

// oracle is a right meter whose methods can be broken one by one.
type oracle struct {
	*credits.Ledger
	now   func() time.Time
	fund  func(account string, amount int64)
	lapse func()

	mu       sync.Mutex
	accounts map[string]string // by key
	seen     map[string]int    // by call

	reserve func(ctx context.Context, c credits.Charge) error
	commit  func(ctx context.Context, key string, e credits.Evidence) error
	release func(ctx context.Context, key string) error
	extend  func(ctx context.Context, key string, until time.Time) error
	refund  func(ctx context.Context, key string, e credits.Evidence) error
	part    func(ctx context.Context, key string, amount int64, e credits.Evidence) error
	balance func(ctx context.Context, account string) (credits.Balance, error)
}

func (o *oracle) Reserve(ctx context.Context, c credits.Charge) error {
	if o.reserve != nil {
		return o.reserve(ctx, c)
	}
	return o.Ledger.Reserve(ctx, c)
}

func (o *oracle) Commit(ctx context.Context, key string, e credits.Evidence) error {
	if o.commit != nil {
		return o.commit(ctx, key, e)
	}
	return o.Ledger.Commit(ctx, key, e)
}

func (o *oracle) Release(ctx context.Context, key string) error {
	if o.release != nil {
		return o.release(ctx, key)
	}
	return o.Ledger.Release(ctx, key)
}

func (o *oracle) Extend(ctx context.Context, key string, until time.Time) error {
	if o.extend != nil {
		return o.extend(ctx, key, until)
	}
	return o.Ledger.Extend(ctx, key, until)
}

func (o *oracle) Refund(ctx context.Context, key string, e credits.Evidence) error {
	if o.refund != nil {
		return o.refund(ctx, key, e)
	}
	return o.Ledger.Refund(ctx, key, e)
}

func (o *oracle) CommitPart(ctx context.Context, key string, amount int64, e credits.Evidence) error {
	if o.part != nil {
		return o.part(ctx, key, amount, e)
	}
	return o.Ledger.CommitPart(ctx, key, amount, e)
}

func (o *oracle) Balance(ctx context.Context, account string) (credits.Balance, error) {
	if o.balance != nil {
		return o.balance(ctx, account)
	}
	return o.Ledger.Balance(ctx, account)
}

// times counts the calls of that name, this one included.
func (o *oracle) times(call string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen == nil {
		o.seen = map[string]int{}
	}
	o.seen[call]++
	return o.seen[call]
}

// take charges credits on the side.
func (o *oracle) take(ctx context.Context, amount int64) {
	key := fmt.Sprint("on the side ", o.times("take"))
	if o.Ledger.Reserve(ctx, charge(key, amount)) == nil {
		_ = o.Ledger.Commit(ctx, key, credits.Evidence{})
	}
}

// forgive is err, or nil where it is the one to be forgiven.
func forgive(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}

// instead is err, or another where it is the one to be replaced.
func instead(err, target, by error) error {
	if errors.Is(err, target) {
		return fmt.Errorf("acme: %w", by)
	}
	return err
}

// brokenMeters each break one promise; want are the clauses that must say so.
var brokenMeters = []struct {
	name   string
	breaks func(o *oracle)
	want   string // separated by blanks
}{
	{"takes everything for reserved", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			return forgive(o.Ledger.Reserve(ctx, c), credits.ErrExhausted)
		}
	}, "AccountsAreSeparate BadChargesAreInvalid CapComesFirst CommitAfterReleaseIsSettled CommitCharges CommitIsIdempotent CommittedDoesNotLapse EndedContextChangesNothing ErrorsNameAccountOrKey ExhaustedIsRefused ExtendNeverShortens ExtendTellsWhatEnded ExtendedDoesNotLapse LapseGivesBack LateCommitIsAcceptedOnce OtherAccountConflicts OtherAmountConflicts ParallelRepetitionsCountOnce ParallelReservationsNeverOverspend ParallelSettlementsAgree PartGivesBackTheRest PartIsIdempotent PartIsWithinTheReservation RefundEndsTheKey RefundGivesBack RefundIsIdempotent RefundNeedsACharge RefusalHoldsNothing RefusedKeyStaysFree ReleaseAfterCommitIsSettled ReleaseAfterLapseEnds ReleaseGivesBack ReleaseIsIdempotent ReserveAfterCommitChangesNothing ReserveAfterLapseHoldsAnew ReserveAfterReleaseIsSettled ReserveHolds ReserveIsIdempotent"},
	{"reserves again when asked again", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			err := o.Ledger.Reserve(ctx, c)
			if n := o.times(c.Account + c.Key); err == nil && n > 1 {
				o.take(ctx, 10)
			}
			return err
		}
	}, "LateCommitIsAcceptedOnce ParallelRepetitionsCountOnce RefusedKeyStaysFree ReserveAfterCommitChangesNothing ReserveAfterLapseHoldsAnew ReserveIsIdempotent"},
	{"takes another amount for the same call", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			err := o.Ledger.Reserve(ctx, c)
			o.mu.Lock()
			defer o.mu.Unlock()
			if err == nil {
				o.accounts[c.Key] = c.Account
			}
			if o.accounts[c.Key] == c.Account {
				return forgive(err, credits.ErrConflict)
			}
			return err
		}
	}, "ErrorsNameAccountOrKey OtherAmountConflicts"},
	{"keeps keys by account", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			err := o.Ledger.Reserve(ctx, c)
			if c.Account == "other" && errors.Is(err, credits.ErrConflict) {
				c.Key += " of other"
				return o.Ledger.Reserve(ctx, c)
			}
			return err
		}
	}, "OtherAccountConflicts"},
	{"takes no amount for a small one", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			c.Amount = max(c.Amount, 0)
			return o.Ledger.Reserve(ctx, c)
		}
	}, "BadChargesAreInvalid"},
	{"invents a key", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			if c.Key == "" {
				c.Key = "invented"
			}
			return o.Ledger.Reserve(ctx, c)
		}
	}, "BadChargesAreInvalid"},
	{"holds what is left when it is too little", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			err := o.Ledger.Reserve(ctx, c)
			var refused *credits.RefusedError
			if errors.As(err, &refused) && refused.Limit == "" {
				o.take(ctx, refused.Left)
			}
			return err
		}
	}, "BadChargesAreInvalid CommitAfterReleaseIsSettled CommitCharges CommitIsIdempotent CommittedDoesNotLapse EndedContextChangesNothing ExhaustedIsRefused ExtendNeverShortens ExtendTellsWhatEnded ExtendedDoesNotLapse LapseGivesBack LateCommitIsAcceptedOnce OtherAccountConflicts OtherAmountConflicts ParallelRepetitionsCountOnce ParallelSettlementsAgree PartGivesBackTheRest PartIsIdempotent PartIsWithinTheReservation RefundEndsTheKey RefundGivesBack RefundIsIdempotent RefundNeedsACharge RefusalHoldsNothing RefusedKeyStaysFree ReleaseAfterCommitIsSettled ReleaseAfterLapseEnds ReleaseGivesBack ReleaseIsIdempotent ReserveAfterCommitChangesNothing ReserveAfterLapseHoldsAnew ReserveAfterReleaseIsSettled ReserveHolds ReserveIsIdempotent"},
	{"remembers refused keys", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			if o.times("refused "+c.Key) > 1 && c.Key == "a" && c.Amount == 120 {
				return fmt.Errorf("key a: %w", credits.ErrConflict)
			}
			return o.Ledger.Reserve(ctx, c)
		}
	}, "RefusedKeyStaysFree"},
	{"refuses free charges of the poor", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			if b, _ := o.Ledger.Balance(ctx, c.Account); c.Amount == 0 && b.Granted == 0 {
				return fmt.Errorf("acme: %w", credits.ErrExhausted)
			}
			return o.Ledger.Reserve(ctx, c)
		}
	}, "AccountsAreSeparate FreeChargePasses"},
	{"calls a cap exhaustion", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			return instead(o.Ledger.Reserve(ctx, c), credits.ErrCapped, credits.ErrExhausted)
		}
	}, "CapComesFirst CapIsKept"},
	{"looks at the credits first", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			err := o.Ledger.Reserve(ctx, c)
			if b, _ := o.Ledger.Balance(ctx, c.Account); errors.Is(err, credits.ErrCapped) && b.Available < c.Amount {
				return fmt.Errorf("acme: %w", credits.ErrExhausted)
			}
			return err
		}
	}, "CapComesFirst"},
	{"gives credits back with the commit", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			err := o.Ledger.Commit(ctx, key, e)
			if err == nil && o.times("commit "+key) == 1 {
				o.fund("acme", 60)
			}
			return err
		}
	}, "AccountsAreSeparate BalanceAddsUp CommitCharges CommitIsIdempotent CommittedDoesNotLapse ExtendTellsWhatEnded ExtendedDoesNotLapse OtherAmountConflicts ParallelRepetitionsCountOnce ParallelSettlementsAgree PartIsIdempotent RefundEndsTheKey RefundGivesBack RefundIsIdempotent ReleaseAfterCommitIsSettled ReserveAfterCommitChangesNothing ReserveAfterLapseHoldsAnew"},
	{"charges each commit", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			err := o.Ledger.Commit(ctx, key, e)
			if err == nil && o.times("commit "+key) > 1 {
				o.take(ctx, 1)
			}
			return err
		}
	}, "CommitIsIdempotent LateCommitIsAcceptedOnce ParallelRepetitionsCountOnce ReserveAfterCommitChangesNothing"},
	{"reserves anew after a commit", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			err := o.Ledger.Reserve(ctx, c)
			if err == nil && o.times(c.Key) == 2 && o.times("committed "+c.Key) > 1 {
				o.take(ctx, 1)
			}
			return err
		}
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			o.times("committed " + key)
			return o.Ledger.Commit(ctx, key, e)
		}
	}, "LateCommitIsAcceptedOnce ParallelRepetitionsCountOnce ReserveAfterCommitChangesNothing"},
	{"keeps what is released", func(o *oracle) {
		o.release = func(ctx context.Context, key string) error {
			err := o.Ledger.Release(ctx, key)
			if err == nil && key == "a" && o.times("release") == 1 {
				o.take(ctx, 1)
			}
			return err
		}
	}, "CommitAfterReleaseIsSettled EndedContextChangesNothing RefundNeedsACharge ReleaseAfterLapseEnds ReleaseGivesBack ReleaseIsIdempotent ReserveAfterReleaseIsSettled"},
	{"gives back with each release", func(o *oracle) {
		o.release = func(ctx context.Context, key string) error {
			err := o.Ledger.Release(ctx, key)
			if err == nil && o.times("release "+key) > 1 {
				o.fund("acme", 30)
			}
			return err
		}
	}, "ReleaseIsIdempotent"},
	{"releases what is committed", func(o *oracle) {
		o.release = func(ctx context.Context, key string) error {
			return forgive(o.Ledger.Release(ctx, key), credits.ErrSettled)
		}
	}, "LateCommitIsAcceptedOnce ParallelSettlementsAgree RefundEndsTheKey ReleaseAfterCommitIsSettled"},
	{"commits what is released", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			return forgive(o.Ledger.Commit(ctx, key, e), credits.ErrSettled)
		}
	}, "CommitAfterReleaseIsSettled ParallelSettlementsAgree RefundEndsTheKey ReleaseAfterLapseEnds"},
	{"reserves what is released", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			return forgive(o.Ledger.Reserve(ctx, c), credits.ErrSettled)
		}
	}, "RefundEndsTheKey ReserveAfterReleaseIsSettled"},
	{"does not mind unknown keys", func(o *oracle) {
		o.release = func(ctx context.Context, key string) error {
			return forgive(o.Ledger.Release(ctx, key), credits.ErrUnknown)
		}
	}, "EndedContextChangesNothing ErrorsNameAccountOrKey UnknownKeysAreUnknown"},
	{"commits unknown keys", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			return forgive(o.Ledger.Commit(ctx, key, e), credits.ErrUnknown)
		}
	}, "ErrorsNameAccountOrKey RefusalHoldsNothing UnknownKeysAreUnknown"},
	{"tells no names", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			if err := o.Ledger.Commit(ctx, key, e); errors.Is(err, credits.ErrUnknown) {
				return credits.ErrUnknown
			} else {
				return err
			}
		}
	}, "ErrorsNameAccountOrKey"},
	{"has one purse", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error { c.Account = "acme"; return o.Ledger.Reserve(ctx, c) }
	}, "AccountsAreSeparate OtherAccountConflicts"},
	{"is deaf to its context", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			return o.Ledger.Commit(context.WithoutCancel(ctx), key, e)
		}
	}, "EndedContextChangesNothing"},
	{"works on after the context ended", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			return errors.Join(o.Ledger.Reserve(context.WithoutCancel(ctx), c), ctx.Err())
		}
	}, "EndedContextChangesNothing"},
	{"lets one slip through", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			err := o.Ledger.Reserve(ctx, c)
			if errors.Is(err, credits.ErrExhausted) && c.Amount == 10 && o.times("refused") == 1 {
				return nil
			}
			return err
		}
	}, "ParallelReservationsNeverOverspend"},
	{"counts a repetition at the same time", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			err := o.Ledger.Commit(ctx, key, e)
			if o.times("commit "+key) == 10 {
				o.take(ctx, 1)
			}
			return err
		}
	}, "ParallelRepetitionsCountOnce"},
	{"charges and gives back at the same time", func(o *oracle) {
		o.release = func(ctx context.Context, key string) error {
			err := o.Ledger.Release(ctx, key)
			if errors.Is(err, credits.ErrSettled) && o.times("settled") > 1 {
				return nil
			}
			return err
		}
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			err := o.Ledger.Commit(ctx, key, e)
			if errors.Is(err, credits.ErrSettled) && o.times("settled") > 1 {
				return nil
			}
			return err
		}
	}, "ParallelSettlementsAgree RefundEndsTheKey"},
	{"never lapses", func(o *oracle) {
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			err := o.Ledger.Reserve(ctx, c)
			if err == nil {
				_ = o.Ledger.Extend(ctx, c.Key, o.now().Add(2*years))
			}
			return err
		}
	}, "ExtendTellsWhatEnded LapseGivesBack"},
	{"lapses what is committed", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			o.times("committed " + key)
			return o.Ledger.Commit(ctx, key, e)
		}
		began := o.now()
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			if o.now().Sub(began) > time.Hour && o.times("committed a") == 2 {
				o.fund("acme", 60)
			}
			return o.Ledger.Reserve(ctx, c)
		}
	}, "CommittedDoesNotLapse ExtendTellsWhatEnded ExtendedDoesNotLapse ReleaseAfterLapseEnds ReserveAfterLapseHoldsAnew"},
	{"ends keys that lapse", func(o *oracle) {
		began := o.now()
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			if n := o.times(c.Key); n == 2 && o.now().Sub(began) > time.Hour && c.Key == "a" {
				return fmt.Errorf("key a: %w", credits.ErrSettled)
			}
			return o.Ledger.Reserve(ctx, c)
		}
	}, "LateCommitIsAcceptedOnce ReserveAfterLapseHoldsAnew"},
	{"refuses late commits", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			if err := o.Ledger.Extend(ctx, key, o.now()); errors.Is(err, credits.ErrLapsed) {
				return err
			}
			return o.Ledger.Commit(ctx, key, e)
		}
	}, "LateCommitIsAcceptedOnce"},
	{"charges late commits twice", func(o *oracle) {
		o.commit = func(ctx context.Context, key string, e credits.Evidence) error {
			late := errors.Is(o.Ledger.Extend(ctx, key, o.now()), credits.ErrLapsed)
			err := o.Ledger.Commit(ctx, key, e)
			if late {
				o.take(ctx, 10)
			}
			return err
		}
	}, "LateCommitIsAcceptedOnce"},
	{"does not end what lapsed", func(o *oracle) {
		o.release = func(ctx context.Context, key string) error {
			if errors.Is(o.Ledger.Extend(ctx, key, o.now()), credits.ErrLapsed) {
				return nil
			}
			return o.Ledger.Release(ctx, key)
		}
	}, "ReleaseAfterLapseEnds"},
	{"does not extend", func(o *oracle) {
		o.extend = func(ctx context.Context, key string, until time.Time) error {
			return o.Ledger.Extend(ctx, key, o.now())
		}
	}, "ExtendNeverShortens ExtendedDoesNotLapse"},
	{"extends to the last wish", func(o *oracle) {
		o.extend = func(ctx context.Context, key string, until time.Time) error {
			err := o.Ledger.Extend(ctx, key, until)
			if err == nil && until.Before(o.now()) {
				return o.Ledger.Release(ctx, key)
			}
			return err
		}
	}, "ExtendNeverShortens"},
	{"extends what ended", func(o *oracle) {
		o.extend = func(ctx context.Context, key string, until time.Time) error {
			return forgive(o.Ledger.Extend(ctx, key, until), credits.ErrSettled)
		}
	}, "ExtendTellsWhatEnded"},
	{"refunds nothing", func(o *oracle) {
		o.refund = func(ctx context.Context, key string, e credits.Evidence) error {
			err := o.Ledger.Refund(ctx, key, e)
			if err == nil && o.times("refund") == 1 {
				o.take(ctx, 60)
			}
			return err
		}
	}, "RefundEndsTheKey RefundGivesBack RefundIsIdempotent"},
	{"refunds each time", func(o *oracle) {
		o.refund = func(ctx context.Context, key string, e credits.Evidence) error {
			err := o.Ledger.Refund(ctx, key, e)
			if err == nil && o.times("refund") > 1 {
				o.fund("acme", 30)
			}
			return err
		}
	}, "RefundIsIdempotent"},
	{"lets refunded keys be used again", func(o *oracle) {
		o.refund = func(ctx context.Context, key string, e credits.Evidence) error {
			o.times("refunded " + key)
			return o.Ledger.Refund(ctx, key, e)
		}
		o.reserve = func(ctx context.Context, c credits.Charge) error {
			err := o.Ledger.Reserve(ctx, c)
			if errors.Is(err, credits.ErrSettled) && o.times("refunded "+c.Key) > 1 {
				return nil
			}
			return err
		}
	}, "RefundEndsTheKey"},
	{"refunds what was not charged", func(o *oracle) {
		o.refund = func(ctx context.Context, key string, e credits.Evidence) error {
			return forgive(o.Ledger.Refund(ctx, key, e), credits.ErrUncommitted)
		}
	}, "RefundNeedsACharge"},
	{"charges all for a part", func(o *oracle) {
		o.part = func(ctx context.Context, key string, amount int64, e credits.Evidence) error {
			if err := o.Ledger.CommitPart(ctx, key, amount, e); err != nil {
				return err
			}
			if o.times("part") == 1 {
				o.take(ctx, 60-amount)
			}
			return nil
		}
	}, "PartGivesBackTheRest PartIsIdempotent"},
	{"takes another part for the same call", func(o *oracle) {
		o.part = func(ctx context.Context, key string, amount int64, e credits.Evidence) error {
			return forgive(o.Ledger.CommitPart(ctx, key, amount, e), credits.ErrConflict)
		}
	}, "PartIsIdempotent"},
	{"charges at most what is reserved, silently", func(o *oracle) {
		o.part = func(ctx context.Context, key string, amount int64, e credits.Evidence) error {
			return o.Ledger.CommitPart(ctx, key, min(amount, 60), e)
		}
	}, "PartIsWithinTheReservation"},
	{"counts what is pending as committed", func(o *oracle) {
		o.balance = func(ctx context.Context, account string) (credits.Balance, error) {
			b, err := o.Ledger.Balance(ctx, account)
			b.Committed, b.Pending = b.Committed+b.Pending, 0
			return b, err
		}
	}, "BalanceAddsUp"},
	{"knows no unknown account", func(o *oracle) {
		o.balance = func(ctx context.Context, account string) (credits.Balance, error) {
			b, err := o.Ledger.Balance(ctx, account)
			if b == (credits.Balance{}) {
				return b, fmt.Errorf("account %q: %w", account, credits.ErrUnknown)
			}
			return b, err
		}
	}, "BalanceOfUnknownAccountIsEmpty"},
}
