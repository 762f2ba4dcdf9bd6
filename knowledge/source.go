package knowledge

import (
	"context"
	"iter"
	"time"
)

// Source is where documents come from.
//
// Documents yields what changed against known: one [Change] a document, in any
// order. It must be able to run twice at once only if the source says so; Base
// never does that. A source that stops with an error, or because ctx ended,
// yields that error as its last element with a zero Change; what was yielded
// before it stays valid. A failure of one document is a Change of kind
// [Failed], not an error. Documents and their parts belong to the receiver.
type Source interface {
	// ID names the source within its Base, for ever: it is part of every
	// document's identity.
	ID() string
	// Documents yields changes against known (validators, hashes, outlinks of
	// the last sync), so that unchanged content costs nothing.
	Documents(ctx context.Context, known Manifest) iter.Seq2[Change, error]
}

// SourceFunc makes a Source of a function.
func SourceFunc(id string, documents func(ctx context.Context, known Manifest) iter.Seq2[Change, error]) Source {
	return sourceFunc{id, documents}
}

type sourceFunc struct {
	id        string
	documents func(context.Context, Manifest) iter.Seq2[Change, error]
}

func (s sourceFunc) ID() string { return s.id }

func (s sourceFunc) Documents(ctx context.Context, known Manifest) iter.Seq2[Change, error] {
	return s.documents(ctx, known)
}

// ChangeKind says what a [Change] reports.
type ChangeKind uint8

// The kinds of change.
const (
	// Upsert: Document is new or may have changed. Base compares content, so a
	// source without validators may upsert everything each time.
	Upsert ChangeKind = iota + 1
	// Unchanged: the document is as known.
	Unchanged
	// Gone: the document is proven to be removed on purpose, as by a deletion or
	// a 410. It is not counted as loss.
	Gone
	// Failed: the document could not be read this time; Err says why. What was
	// known of it stays.
	Failed
	// Skipped: there is something here that is not to be a document, as a
	// duplicate or a page that robots.txt disallows; Err says why.
	Skipped
	// Complete: the source was seen in full, so that what was known and not
	// yielded is absent. It comes last. Without it nothing unseen may be removed.
	Complete
	// Progress carries no document: Found tells how many are known to exist by
	// now, ID what is being looked at, and Err what is odd about it.
	Progress
	// Missing: the document is no longer where it was, as by a 404, which a fault
	// can cause as well. It is removed unless so much is missing at once that the
	// sync is held back.
	Missing
)

var changeKindNames = [...]string{"none", "upsert", "unchanged", "gone", "failed", "skipped", "complete", "progress", "missing"}

// String returns the kind's name.
func (k ChangeKind) String() string {
	if int(k) < len(changeKindNames) {
		return changeKindNames[k]
	}
	return "unknown"
}

// Change is what a source says of one document.
type Change struct {
	// ID is the document's stable ID within the source.
	ID       string
	Kind     ChangeKind
	Document *Document // with Upsert
	// Err is a reason that names the document, with Failed and Skipped, and with
	// Gone and Missing if there is one. With Progress it is something odd that
	// the report is to mention.
	Err error
	// State is whatever the source wants back in the Manifest at the next sync
	// (validators, outlinks), with Skipped too. It is kept only if the change is
	// published, so that a source must do without. At most 64 KiB.
	State []byte
	// Found is how many documents or addresses are known to exist, 0 if the
	// source cannot tell. For progress only.
	Found int
}

// Manifest is what a Base knows of a source since the last published sync. It
// is read-only for the source.
type Manifest struct {
	// Entries by document ID.
	Entries map[string]Entry
	// SyncedAt is when the last sync was published, zero before the first.
	SyncedAt time.Time
}

// Entry is one document in a [Manifest].
type Entry struct {
	Hash  string // of the content as indexed; empty when only State is known
	State []byte // as the source gave it
}
