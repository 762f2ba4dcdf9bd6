package knowledge

import (
	"cmp"
	"slices"
	"strings"
)

// fusionDepth is how many hits of each kind are fused.
const fusionDepth = 50

// fusedHit is a passage found by words, by meaning, or by both.
type fusedHit struct {
	Hit
	lexical, similarity float64
}

func lexicalHits(found IndexResult) []fusedHit {
	out := make([]fusedHit, len(found.Hits))
	for i, h := range found.Hits {
		out[i] = fusedHit{Hit: h, lexical: h.Score}
	}
	return out
}

// Shares of the two kinds of evidence in the answerability of both, as weights
// of their log-odds. Questions that share hardly a word with their answer are
// common, so that words say less against an answer than for one.
const (
	wordsShare   = .5
	noWordsShare = .25
	meaningShare = .75
)

func answerabilityOfBoth(words, meaning float64) float64 {
	share := wordsShare
	if words < .5 {
		share = noWordsShare
	}
	return probability(share*logOdds(words) + meaningShare*logOdds(meaning))
}

// fuse joins what was found by words and by meaning.
//
// A convex combination of scores keeps more than their ranks do (Bruch, Gai,
// Ingber: An Analysis of Fusion Functions for Hybrid Retrieval, 2023). Each
// kind's scores are first brought to [0,1] between its best hit and nothing,
// the similarities down to what an unrelated passage has, and then count as
// much as that kind alone trusts to answer the question.
func fuse(byWords, byMeaning IndexResult, meaning judgement) ([]fusedHit, float64) {
	byID := make(map[string]int, len(byWords.Hits)+len(byMeaning.Hits))
	out := lexicalHits(byWords)
	for i := range out {
		byID[out[i].Passage.ID] = i
		out[i].Score = trust(byWords.Answerability) * ratio(out[i].lexical, byWords.Hits[0].Score, 0)
	}
	best := slices.Max(append(meaning.similarities, meaning.unrelated))
	for n, h := range byMeaning.Hits {
		i, known := byID[h.Passage.ID]
		if !known {
			i = len(out)
			out = append(out, fusedHit{Hit: h})
			out[i].Score = 0
		}
		out[i].similarity = h.Score
		out[i].Score += trust(meaning.answerability) * ratio(meaning.similarities[n], best, meaning.unrelated)
	}
	slices.SortStableFunc(out, func(a, b fusedHit) int {
		if c := cmp.Compare(b.Score, a.Score); c != 0 {
			return c
		}
		return strings.Compare(a.Passage.ID, b.Passage.ID)
	})
	return out, answerabilityOfBoth(byWords.Answerability, meaning.answerability)
}

// trust keeps a kind of evidence from having no say at all: a judgement is an
// estimate too.
func trust(answerability float64) float64 { return .2 + .8*answerability }

// ratio is how far between none and best a score lies, in [0,1].
func ratio(score, best, none float64) float64 {
	if best <= none {
		return 0
	}
	return min(1, max(0, (score-none)/(best-none)))
}
