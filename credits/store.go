package credits

import (
	"context"
	"errors"
)

// Store remembers the entries of a [Ledger]. Each method is one statement on a
// table of entries whose primary key is (account, seq), with a unique column that
// holds the key of entries that claim it and is null in all others. Several
// ledgers may share a store; it is safe for concurrent use. A call whose
// context has ended fails. Package creditstest tests implementations.
//
// On a table credit_entries (account, seq, claim, ...) the three are
//
//	INSERT INTO credit_entries (account, seq, claim, ...) VALUES (?, ?, ?, ...), (...)
//	SELECT ... FROM credit_entries WHERE account = ? AND seq > ? ORDER BY seq LIMIT ?
//	SELECT account FROM credit_entries WHERE claim = ?
//
// where a violated constraint of the first is ErrStale, and account and claim are
// compared byte by byte.
type Store interface {
	// Append adds entries of one account, whose Seq go on from its last entry: all
	// or none. It is ErrStale if the account has an entry of one of these numbers,
	// or if any account has an entry that claims a key that one of these claims.
	// It keeps neither the slice nor what the entries point to.
	Append(ctx context.Context, entries []Entry) error
	// Load returns an account's entries after that number, the oldest first: at
	// most limit, and none only if there are no more. Callers do not change them.
	Load(ctx context.Context, account string, after int64, limit int) ([]Entry, error)
	// Owner returns the account of the entry that claims a key, "" if none does.
	Owner(ctx context.Context, key string) (account string, err error)
}

// ErrStale is what a [Store] refuses entries with that were decided on without
// knowing the latest.
var ErrStale = errors.New("entries are not based on the latest")
