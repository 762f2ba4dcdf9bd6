package knowledgetest

import (
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// IndexCapabilities says what an index finds passages by. At least one is needed.
type IndexCapabilities struct {
	// Text: it finds passages by the words of IndexQuery.Text.
	Text bool
	// Vectors: it finds passages by IndexQuery.Vector, and holds only those that
	// have one. Up to a few hundred it must find the nearest exactly.
	Vectors bool
}

// TestIndex tests an index by the documented promises of [knowledge.Index],
// [knowledge.Passages], [knowledge.Snapshot] and [knowledge.Hit]. newIndex is
// called for every subtest. It is worth most under the race detector.
//
// The texts are invented words and the vectors random, 48 dimensions of unit
// length: the suite tests that an index keeps its promises, not how well it ranks.
func TestIndex(t *testing.T, newIndex func() knowledge.Index, caps IndexCapabilities) {
	t.Helper()
	if !caps.Text && !caps.Vectors {
		t.Fatal("knowledgetest: an index must find passages by their text or by vectors")
	}
	run(t, indexClauses(caps), func(t *testing.T) *built {
		return &built{reporter: t, index: newIndex(), caps: caps}
	})
}

// indexClauses lists every promise of an index.
func indexClauses(caps IndexCapabilities) []clause[*built] {
	vectorsAlone := caps.Vectors && !caps.Text
	return []clause[*built]{
		{"FindsPassages", true, findsPassages},
		{"HitsAreThePassagesAndScopesGiven", true, hitsAreGiven},
		{"HitsAreDistinct", true, hitsAreDistinct},
		{"ScoresFall", true, scoresFall},
		{"AnswerabilityIsAShare", true, answerabilityIsAShare},
		{"LimitIsKept", true, limitIsKept},
		{"LimitAboveLen", true, limitAboveLen},
		{"EmptySnapshotFindsNothing", true, emptySnapshotFindsNothing},
		{"EmptyQueryFindsNothing", true, emptyQueryFindsNothing},
		{"SearchesRepeat", true, searchesRepeat},
		{"TiesAreDeterministic", true, tiesAreDeterministic},
		{"FilterBeforeRanking", true, filterBeforeRanking},
		{"FilterSeesScopesGiven", true, filterSeesScopes},
		{"FilterIsAskedByScope", true, filterIsAskedByScope},
		{"NilFilterTakesAll", true, nilFilterTakesAll},
		{"LenCounts", true, lenCounts},
		{"ReplacedIsGone", true, replacedIsGone},
		{"SameIDHoldsTheNewPassage", true, sameIDHoldsTheNew},
		{"ScopeOfADocumentMoves", true, scopeMoves},
		{"RemovedIsNeverFound", true, removedIsNeverFound},
		{"UnknownReplacesAreIgnored", true, unknownReplaces},
		{"OlderSnapshotsStay", true, olderSnapshotsStay},
		{"SnapshotsBranch", true, snapshotsBranch},
		{"ManyBuildsEqualOne", true, manyBuildsEqualOne},
		{"BuildOfNothing", true, buildOfNothing},
		{"EndedContextFailsBuild", true, endedContextFailsBuild},
		{"EndedContextFailsSearch", true, endedContextFailsSearch},
		{"FailedBuildLeavesPrev", true, failedBuildLeavesPrev},
		{"ForeignSnapshotIsRefused", true, foreignSnapshotIsRefused},
		{"InputsAreNotChanged", true, inputsAreNotChanged},
		{"ConcurrentUse", true, concurrentUse},
		{"PassagesWithoutVectorsAreLeftOut", vectorsAlone, leftOutWithoutVectors},
		{"AnswerabilityIsLeftToTheBase", vectorsAlone, answerabilityIsZero},
		{"ScoresAreCosines", vectorsAlone, scoresAreCosines},
		{"NearestAreFound", vectorsAlone, nearestAreFound},
		{"OtherDimensionsAreRefused", caps.Vectors, otherDimensionsAreRefused},
		{"OtherDimensionsOfAQueryAreRefused", caps.Vectors, otherDimensionsOfAQuery},
		{"DimensionsChangeWithAllVectors", caps.Vectors, dimensionsChange},
	}
}
