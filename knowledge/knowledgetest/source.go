package knowledgetest

import (
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// SourceUnderTest is a source with the means to change what it shows. Those that
// a source cannot have are nil, and what needs them is left out.
type SourceUnderTest struct {
	Source knowledge.Source
	// Put makes the source show a document of that name, a word of letters, with
	// the text in it: a new one, or another text in the place of the one it had.
	// It returns the document's ID. It is required.
	Put func(name, text string) (id string)
	// Remove takes a document away again.
	Remove func(name string)
	// Break makes a document unreadable, though it is still there.
	Break func(name string)
	// Fail makes the source as a whole fail, as a server that is down, until the
	// function it returns is called.
	Fail func() (mend func())
}

// SourceOptions says what a source can do besides what all must.
type SourceOptions struct {
	// Completes: it yields Complete at the end of a run that saw everything.
	Completes bool
	// Validates: it reports what has not changed as Unchanged, without a document.
	Validates bool
	// ReportsRemoval: it yields Gone or Missing for what was removed.
	ReportsRemoval bool
	// Confirms is in how many runs in a row a document must be missing before the
	// source says so; default 1.
	Confirms int
}

// TestSource tests a source by the documented promises of [knowledge.Source],
// [knowledge.Change] and [knowledge.Manifest]. newSource is called for every
// subtest and returns a source that shows nothing, or nothing but documents that
// stay as they are. The suite keeps a manifest from run to run as
// [knowledge.Base] does.
func TestSource(t *testing.T, newSource func(t *testing.T) SourceUnderTest, opts SourceOptions) {
	t.Helper()
	probe := newSource(t)
	if probe.Source == nil || probe.Put == nil {
		t.Fatal("knowledgetest: a source under test needs Source and Put")
	}
	run(t, sourceClauses(probe, opts), func(t *testing.T) *watched {
		return &watched{reporter: t, SourceUnderTest: newSource(t), opts: opts}
	})
}

// sourceClauses lists every promise of a source.
func sourceClauses(s SourceUnderTest, opts SourceOptions) []clause[*watched] {
	removes, breaks, fails := s.Remove != nil, s.Break != nil, s.Fail != nil
	return []clause[*watched]{
		{"IDIsStable", true, sourceIDIsStable},
		{"YieldsWhatThereIs", true, yieldsWhatThereIs},
		{"DocumentIDsAreStable", true, documentIDsAreStable},
		{"OneChangeADocument", true, oneChangeADocument},
		{"KindsAreKnown", true, kindsAreKnown},
		{"DocumentsComeWithUpsertAlone", true, documentsWithUpsertAlone},
		{"ReasonsNameDocuments", breaks, reasonsNameDocuments},
		{"StateIsSmall", true, stateIsSmall},
		{"MissingStateLosesNothing", true, missingStateLosesNothing},
		{"DocumentsBelongToReceiver", true, documentsBelongToReceiver},
		{"ManifestIsNotChanged", true, manifestIsNotChanged},
		{"RunsEqual", true, runsEqual},
		{"UnchangedStays", true, unchangedStays},
		{"UnchangedCostsNothing", opts.Validates, unchangedCostsNothing},
		{"ChangesAreSeen", true, changesAreSeen},
		{"AdditionsAreSeen", true, additionsAreSeen},
		{"RemovalIsProven", removes && (opts.Completes || opts.ReportsRemoval), removalIsProven},
		{"RemovedIsReported", removes && opts.ReportsRemoval, removedIsReported},
		{"RemovedComesBack", removes, removedComesBack},
		{"FailedDocumentIsNotRemoved", breaks, failedDocumentIsNotRemoved},
		{"CompleteOnceAndLast", true, completeOnceAndLast},
		{"CompleteWhenSeenInFull", opts.Completes, completeWhenSeenInFull},
		{"ErrorIsLast", fails, errorIsLast},
		{"FailureRemovesNothing", fails, failureRemovesNothing},
		{"EndedContextEndsTheRun", true, endedContextEndsRun},
		{"ContextEndsTheRunMidway", true, contextEndsRunMidway},
		{"BreakIsRespected", true, breakIsRespected},
	}
}
