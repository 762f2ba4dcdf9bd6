package gaps

import (
	"cmp"
	"math"
	"slices"
)

const (
	// candidates is how many topics are compared with a question exactly: those
	// that share most with it.
	candidates = 8
	// postings bounds how many holders of a question's terms are looked at for
	// candidates: those of its rarest terms.
	postings = 1024
	// centreWords and centreGrams bound what is kept of a topic.
	centreWords = 32
	centreGrams = 96
	// wordShare is what the words count for in a similarity, the rest is of the
	// n-grams.
	wordShare = .6
	// supposedTopics are added to those there are, so that terms of the first
	// topics are not taken for rare or common.
	supposedTopics = 8
)

// cluster holds the topics of one language by their terms. A term weighs the
// more the fewer topics hold it: topics and not questions, so that the words of
// the topic that is asked most do not become worthless by it.
type cluster struct {
	numbers map[uint64]int32 // of terms
	holders [][]int32        // by term: the centres that hold it
	centres []*centre
	shared  []float64 // by centre, while candidates are sought
	weights []float64 // by number of holders, see weight
}

// centre is what the questions of a topic have in common.
type centre struct {
	topic        *topic
	questions    float64
	words, grams []weighted
}

// weighted is a term with the number of questions it is in, sorted by term.
type weighted struct {
	term  int32
	count float32
}

// similar is a topic with its similarity to a question, in [0,1].
type similar struct {
	centre     *centre
	similarity float64
}

func newCluster() *cluster { return &cluster{numbers: map[uint64]int32{}} }

// weight is the squared inverse frequency of a term over topics:
// ln(1 + all/(holders + 1)). It is computed once until there is another topic.
func (c *cluster) weight(holders int) float64 {
	for i := len(c.weights); i <= holders; i++ {
		w := math.Log(1 + float64(len(c.centres)+supposedTopics)/float64(i+1))
		c.weights = append(c.weights, w*w)
	}
	return c.weights[holders]
}

func (c *cluster) weightOf(term int32) float64 { return c.weight(len(c.holders[term])) }

// nearest returns the topics most like a question, the best first.
func (c *cluster) nearest(t terms) []similar {
	asked := c.ask(t)
	var out []similar
	for _, at := range c.sharing(asked) {
		out = append(out, similar{c.centres[at], c.compare(asked, c.centres[at])})
	}
	slices.SortStableFunc(out, func(a, b similar) int { return cmp.Compare(b.similarity, a.similarity) })
	return out
}

// similarity is that of one centre.
func (c *cluster) similarity(at int32, t terms) float64 { return c.compare(c.ask(t), c.centres[at]) }

func (c *cluster) compare(a asked, with *centre) float64 {
	return wordShare*c.cosine(a.words, a.wordNorm, with.words, with.questions) +
		(1-wordShare)*c.cosine(a.grams, a.gramNorm, with.grams, with.questions)
}

// asked is a question in the terms of a cluster.
type asked struct {
	words, grams       []int32 // that the cluster knows, sorted
	wordNorm, gramNorm float64 // squared, of all
}

func (c *cluster) ask(t terms) asked {
	var a asked
	a.words, a.wordNorm = c.lookUp(t.words)
	a.grams, a.gramNorm = c.lookUp(t.grams)
	return a
}

func (c *cluster) lookUp(keys []uint64) (known []int32, norm float64) {
	for _, k := range keys {
		n, ok := c.numbers[k]
		if !ok {
			norm += c.weight(0)
			continue
		}
		known = append(known, n)
		norm += c.weightOf(n)
	}
	slices.Sort(known)
	return known, norm
}

// sharing returns the centres that share most with a question, by its rarest
// terms: what is common to many topics tells none of them.
func (c *cluster) sharing(a asked) []int32 {
	all := slices.Concat(a.words, a.grams)
	slices.SortFunc(all, func(x, y int32) int {
		return cmp.Or(cmp.Compare(len(c.holders[x]), len(c.holders[y])), cmp.Compare(x, y))
	})
	var touched []int32
	left := postings
	for _, term := range all {
		if left -= len(c.holders[term]); left < 0 && len(touched) > 0 {
			break
		}
		w := c.weightOf(term)
		for _, at := range c.holders[term] {
			if c.shared[at] == 0 {
				touched = append(touched, at)
			}
			c.shared[at] += w
		}
	}
	best := c.most(touched)
	for _, at := range touched {
		c.shared[at] = 0
	}
	return best
}

// most returns those that share most, the earlier of equals first.
func (c *cluster) most(touched []int32) []int32 {
	best := make([]int32, 0, candidates+1)
	for _, at := range touched {
		i := len(best)
		for i > 0 && (c.shared[best[i-1]] < c.shared[at] || c.shared[best[i-1]] == c.shared[at] && best[i-1] > at) {
			i--
		}
		if i < candidates {
			best = slices.Insert(best, i, at)
			best = best[:min(len(best), candidates)]
		}
	}
	return best
}

// cosine compares a question with a centre by their terms of one kind.
func (c *cluster) cosine(terms []int32, norm float64, of []weighted, questions float64) float64 {
	var dot, other float64
	i := 0
	for _, w := range of {
		weight, share := c.weightOf(w.term), float64(w.count)/questions
		other += weight * share * share
		for i < len(terms) && terms[i] < w.term {
			i++
		}
		if i < len(terms) && terms[i] == w.term {
			dot += weight * share
		}
	}
	if norm == 0 || other == 0 {
		return 0
	}
	return dot / math.Sqrt(norm*other)
}

// add begins a centre for a topic.
func (c *cluster) add(t *topic) *centre {
	centre := &centre{topic: t}
	c.centres, c.shared = append(c.centres, centre), append(c.shared, 0)
	c.weights = c.weights[:0]
	return centre
}

// learn adds a question to the centre at a place.
func (c *cluster) learn(at int32, t terms) {
	centre := c.centres[at]
	centre.questions++
	centre.words = c.merge(at, centre.words, t.words, centreWords)
	centre.grams = c.merge(at, centre.grams, t.grams, centreGrams)
}

// merge counts the terms of a question in a centre. When there are twice as many
// as are kept the rarest go.
func (c *cluster) merge(at int32, of []weighted, keys []uint64, keep int) []weighted {
	for _, k := range keys {
		n, ok := c.numbers[k]
		if !ok {
			n = int32(len(c.holders))
			c.numbers[k] = n
			c.holders = append(c.holders, nil)
		}
		i, found := slices.BinarySearchFunc(of, n, func(w weighted, n int32) int { return cmp.Compare(w.term, n) })
		if !found {
			of = slices.Insert(of, i, weighted{term: n})
			c.holders[n] = append(c.holders[n], at)
		}
		of[i].count++
	}
	if len(of) <= 2*keep {
		return of
	}
	slices.SortFunc(of, func(a, b weighted) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(b.term, a.term)) })
	for _, gone := range of[keep:] {
		c.holders[gone.term] = slices.DeleteFunc(c.holders[gone.term], func(h int32) bool { return h == at })
	}
	of = slices.Clone(of[:keep])
	slices.SortFunc(of, func(a, b weighted) int { return cmp.Compare(a.term, b.term) })
	return of
}
