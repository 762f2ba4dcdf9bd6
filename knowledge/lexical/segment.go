package lexical

import "math"

// A segment holds entries and their postings. It never changes.
type segment struct {
	entries  []Entry
	docLen   []uint8  // length code of each entry, see lenCode
	parentOf []uint32 // parent of each entry; a parent's entries are neighbours
	parents  []uint32 // first entry of each parent, and the number of entries
	ids      nameTable
	byParent nameTable

	keys   []uint64 // sorted
	bucket []uint32 // where the keys of a range of top bits begin
	shift  uint
	count  []uint32 // entries of each term
	off    []uint32 // where each term's postings begin, and their end
	post   []byte
}

// part is a segment as one generation of the index sees it.
type part struct {
	*segment
	base        int      // number of the first entry within the generation
	dead        []uint64 // bitmap of removed entries, nil when there are none
	df          []uint32 // live entries of each term; the segment's count while none is dead
	live        int
	liveParents int
	sumLen      float64   // length of the live entries
	parentLen   []float32 // live length of each parent
	groups      []uint32  // distinct groups, sorted
	languages   map[string]int
}

func (p *part) isDead(doc uint32) bool {
	return p.dead != nil && p.dead[doc>>6]&(1<<(doc&63)) != 0
}

// lenCode packs a length into a byte in steps of about 4 %.
func lenCode(n float64) uint8 {
	return uint8(min(255, math.Round(16*math.Log2(1+n))))
}

// lenOf is the length a code stands for: a whole number, so that sums do not
// depend on the order of summing.
func lenOf(code uint8) float64 { return math.Round(math.Exp2(float64(code)/16) - 1) }

// tfLevels are the weighted occurrences a posting can express.
var tfLevel = [1 << tfBits]float32{0.5, 1, 1.5, 2, 2.5, 3, 4.5, 7}

// tfCode is the level nearest to an occurrence count in quarters.
func tfCode(quarters uint32) uint32 {
	switch {
	case quarters <= 2:
		return 0
	case quarters <= 4:
		return 1
	case quarters <= 6:
		return 2
	case quarters <= 8:
		return 3
	case quarters <= 10:
		return 4
	case quarters <= 14:
		return 5
	case quarters <= 22:
		return 6
	}
	return 7
}

// normTable is BM25's saturation of each level at each length code.
type normTable [1 << tfBits][256]float32

func newNormTable(c Config, avg float64) *normTable {
	t := new(normTable)
	for code := range t[0] {
		k := c.K1 * (1 - c.B + c.B*lenOf(uint8(code))/avg)
		for level, tf := range tfLevel {
			tf := float64(tf)
			t[level][code] = float32(tf * (c.K1 + 1) / (tf + k))
		}
	}
	return t
}

// find returns the term's number.
func (s *segment) find(key uint64) (term int, ok bool) {
	if len(s.keys) == 0 {
		return 0, false
	}
	b := key >> s.shift
	for i, end := s.bucket[b], s.bucket[b+1]; i < end; i++ {
		if s.keys[i] == key {
			return int(i), true
		}
	}
	return 0, false
}

// index fills the buckets over the sorted keys.
func (s *segment) index() {
	bits := uint(1)
	for len(s.keys)>>(bits+2) > 0 {
		bits++
	}
	s.shift = 64 - bits
	s.bucket = make([]uint32, 1<<bits+1)
	for _, k := range s.keys {
		s.bucket[k>>s.shift+1]++
	}
	for i := 1; i < len(s.bucket); i++ {
		s.bucket[i] += s.bucket[i-1]
	}
}

// parent returns the entries [first, end) of a parent.
func (s *segment) parent(i uint32) (first, end uint32) { return s.parents[i], s.parents[i+1] }

// adopt sets the entries and everything that follows from them alone. Entries of
// one parent and group must be neighbours.
func (s *segment) adopt(entries []Entry) {
	s.entries = entries
	s.parentOf = make([]uint32, len(entries))
	s.ids = newNameTable(len(entries))
	for i := range entries {
		e := &entries[i]
		if i == 0 || !sameParent(&entries[i-1], e) {
			s.parents = append(s.parents, uint32(i))
		}
		s.parentOf[i] = uint32(len(s.parents) - 1)
		s.ids.add(hashText(wordSeed, e.ID), i)
	}
	s.byParent = newNameTable(len(s.parents))
	for p, first := range s.parents {
		if e := &entries[first]; e.Parent != "" {
			s.byParent.add(hashText(wordSeed, e.Parent), p)
		}
	}
	s.parents = append(s.parents, uint32(len(entries)))
}

func sameParent(a, b *Entry) bool {
	return a.Parent != "" && a.Parent == b.Parent && a.Group == b.Group
}

func (p *part) bytes() int64 {
	s := p.segment
	n := len(s.entries)*(8*11) + len(s.docLen) + 4*(len(s.parentOf)+len(s.parents)+len(s.ids)+len(s.byParent)) +
		8*len(s.keys) + 4*(len(s.bucket)+len(s.count)+len(s.off)) + len(s.post) +
		8*len(p.dead) + 4*len(p.parentLen)
	if p.dead != nil {
		n += 4 * len(p.df)
	}
	for i := range s.entries {
		e := &s.entries[i]
		n += len(e.ID) + len(e.Text)
		if i == 0 || e.Title != s.entries[i-1].Title {
			n += len(e.Title)
		}
		if i == 0 || e.Heading != s.entries[i-1].Heading {
			n += len(e.Heading)
		}
	}
	return int64(n)
}
