package knowledge

import (
	"context"
	"math"
	"slices"
	"strings"
)

// What a cosine similarity means differs from one embedding model to the next:
// with some, unrelated texts have .1, with others .75, because all vectors lean
// one way. Similarities are therefore judged against the index itself. What all
// its vectors have in common is taken out of them (Mu, Viswanath: All-but-the-Top,
// 2018). How far the nearest passage stands out is measured in standard
// deviations of the question's similarities to a sample of all passages. How far
// the nearest stands out when nothing answers is measured on the passages of the
// sample, each asked without the document it is from.
const (
	sampleSize = 256 // passages compared with every question
	probeSize  = 64  // of these, asked themselves
	// leastSample is from how many passages on their own figures count for more
	// than the assumptions below, and a judgement for more than none.
	leastSample = 32
	// Assumptions about what stands out when nothing answers: as the greatest of
	// n normally distributed values does, plus what a common subject adds.
	assumedExcess = .7
	assumedSpread = .8
	// centreFrom is how many vectors it takes until half of what they have in
	// common is taken out: the mean of a few is mostly what they say.
	centreFrom = 8
	// separation is how many spreads lie between the best that is no answer and
	// one that is: 2 is an area of .92 under the curve of normally distributed
	// values. A passage lies nearer to others than a question does that nothing
	// answers, by about half of it, so that where its nearest stands out is where
	// the chances of a question are even.
	separation = 2
	// recalibrateAt is the share by which the number of vectors may change
	// before the figures are taken anew.
	recalibrateAt = .2
)

// similarityScale judges similarities within one generation. It is immutable;
// the zero value knows nothing.
type similarityScale struct {
	centre []float32   // what the vectors have in common
	sample [][]float32 // without it, of unit length
	size   int         // vectors when it was measured
	absent float64     // how far the nearest stands out when nothing answers
	spread float64     // its standard deviation
}

// judgement is what the nearest passages of one question amount to.
type judgement struct {
	answerability float64
	unrelated     float64   // similarity of an unrelated passage
	similarities  []float64 // of the hits, without what all vectors have in common
}

// judge estimates how probable it is that the nearest passages answer.
func (g *generation) judge(question []float32, hits []Hit) judgement {
	s := &g.similarity
	if len(hits) == 0 || s.size == 0 {
		return judgement{}
	}
	question = s.centred(question)
	j := judgement{answerability: .5}
	best := -1.0
	for _, h := range hits {
		similarity := h.Score
		if v := g.vectorOf(h); v != nil {
			similarity = dot(question, s.centred(v))
		}
		j.similarities = append(j.similarities, similarity)
		best = max(best, similarity)
	}
	mean, deviation := s.background(question)
	if j.unrelated = mean; deviation > 0 {
		excess := (best - mean) / deviation
		sure := float64(s.size) / float64(s.size+leastSample)
		j.answerability = probability(sure * separation * (excess - s.absent) / s.spread)
	}
	return j
}

// vectorOf returns the vector of a passage found, nil if it is not at hand.
func (g *generation) vectorOf(h Hit) []float32 {
	var r *record
	if h.Scope.Source == ShortAnswerSource {
		if i := g.shortAnswer(h.Passage.Document); i >= 0 {
			r = g.short[i].record
		}
	} else if s := g.sources[h.Scope.Source]; s != nil {
		r = s.documents[h.Passage.Document]
	}
	if r == nil || h.Passage.Ordinal >= len(r.vectors) {
		return nil
	}
	return r.vectors[h.Passage.Ordinal]
}

// centred returns a vector without what all have in common, of unit length.
func (s *similarityScale) centred(v []float32) []float32 {
	out := make([]float32, len(v))
	var sum float64
	for i, x := range v {
		d := x - s.centre[i]
		out[i] = d
		sum += float64(d) * float64(d)
	}
	if sum > 0 {
		scale := float32(1 / math.Sqrt(sum))
		for i := range out {
			out[i] *= scale
		}
	}
	return out
}

// take sets the sample and what it has in common.
func (s *similarityScale) take(sample []vectorOf) {
	s.centre = make([]float32, len(sample[0].vector))
	for _, v := range sample {
		for i, x := range v.vector {
			s.centre[i] += x / float32(len(sample)+centreFrom)
		}
	}
	for _, v := range sample {
		s.sample = append(s.sample, s.centred(v.vector))
	}
}

// background returns mean and standard deviation of a centred vector's
// similarities to the sample. Of few passages the one that answers would be a good part of
// both: the nearest tenth is left out.
func (s *similarityScale) background(v []float32) (mean, deviation float64) {
	all := make([]float64, len(s.sample))
	for i, o := range s.sample {
		all[i] = dot(v, o)
	}
	slices.Sort(all)
	all = all[:len(all)-(len(all)+9)/10]
	if len(all) == 0 {
		return 0, 0
	}
	for _, x := range all {
		mean += x
	}
	mean /= float64(len(all))
	for _, x := range all {
		deviation += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(all)))
}

// vectorOf is one passage's vector.
type vectorOf struct {
	passage *Passage
	vector  []float32
}

// measured returns a scale for a generation's vectors: the one it has while
// little changed, otherwise a new one.
func (g *generation) measured(ctx context.Context) (similarityScale, error) {
	if g.vectors == nil || g.vectors.Len() == 0 {
		return similarityScale{}, nil
	}
	n := g.vectors.Len()
	if old := g.similarity; old.size > 0 && math.Abs(float64(n-old.size)) <= recalibrateAt*float64(old.size) {
		return old, nil
	}
	sample := g.vectorSample()
	if len(sample) == 0 {
		return similarityScale{}, nil
	}
	s := similarityScale{size: n}
	s.take(sample)
	var seen []float64
	for _, v := range sample[:min(probeSize, len(sample))] {
		excess, ok, err := g.excessWithoutOwn(ctx, &s, v)
		if err != nil {
			return similarityScale{}, err
		}
		if ok {
			seen = append(seen, excess)
		}
	}
	s.settle(seen)
	return s, nil
}

// vectorSample returns passages that stand for all: those of the smallest IDs,
// which are hashes.
func (g *generation) vectorSample() []vectorOf {
	var all []vectorOf
	for r := range g.records() {
		for i, v := range r.vectors {
			if v != nil {
				all = append(all, vectorOf{r.passages[i], v})
			}
		}
	}
	slices.SortFunc(all, func(a, b vectorOf) int { return strings.Compare(a.passage.ID, b.passage.ID) })
	return all[:min(sampleSize, len(all))]
}

// excessWithoutOwn asks a passage of the sample and returns how far the nearest
// passage of another document stands out.
func (g *generation) excessWithoutOwn(ctx context.Context, s *similarityScale, v vectorOf) (excess float64, ok bool, err error) {
	found, err := g.vectors.Search(ctx, IndexQuery{Vector: v.vector, Limit: fusionDepth})
	if err != nil {
		return 0, false, err
	}
	question := s.centred(v.vector)
	mean, deviation := s.background(question)
	best := -1.0
	for _, h := range found.Hits {
		if other := g.vectorOf(h); other != nil && (h.Passage.Source != v.passage.Source || h.Passage.Document != v.passage.Document) {
			best = max(best, dot(question, s.centred(other)))
		}
	}
	if best == -1 || deviation == 0 {
		return 0, false, nil
	}
	return (best - mean) / deviation, true, nil
}

// settle sets what stands out when nothing answers, from what was seen and, as
// far as that is little, from assumptions.
func (s *similarityScale) settle(seen []float64) {
	weight := float64(leastSample)
	sum := weight * (math.Sqrt(2*math.Log(1+float64(s.size))) + assumedExcess)
	n := weight + float64(len(seen))
	for _, x := range seen {
		sum += x
	}
	s.absent = sum / n
	spread := weight * assumedSpread * assumedSpread
	for _, x := range seen {
		spread += (x - s.absent) * (x - s.absent)
	}
	s.spread = math.Sqrt(spread / n)
}

func dot(a, b []float32) float64 {
	var sum float32
	for i, x := range a {
		sum += x * b[i]
	}
	return float64(sum)
}

// logOdds of a probability, bounded to what an estimate can know.
func logOdds(p float64) float64 {
	p = min(.99, max(.01, p))
	return math.Log(p / (1 - p))
}

func probability(logOdds float64) float64 { return 1 / (1 + math.Exp(-logOdds)) }
