package lexical

import (
	"math"
	"slices"
	"unsafe"
)

// A segment holds entries and their postings. It never changes.
type segment struct {
	entries  []record
	commons  []common
	place    []uint32 // of each entry: its parent<<lenBits | its length code
	parents  []uint32 // first entry of each parent, and the number of entries; a parent's entries are neighbours
	ids      nameTable
	byParent nameTable

	dict dictionary
	post []byte
}

// record is what is kept of an entry that its neighbours do not share.
type record struct {
	id, text string
	value    any
	common   uint32
}

// common is what neighbouring entries often have in common.
type common struct {
	parent, title, heading, language string
	group                            uint32
}

func commonOf(e *Entry) common {
	return common{parent: e.Parent, title: e.Title, heading: e.Heading, language: e.Language, group: e.Group}
}

func (s *segment) commonOf(doc uint32) *common { return &s.commons[s.entries[doc].common] }

// entry returns an entry as it was given.
func (s *segment) entry(doc uint32) Entry {
	r, c := &s.entries[doc], s.commonOf(doc)
	return Entry{ID: r.id, Parent: c.parent, Group: c.group, Title: c.title, Heading: c.heading, Text: r.text, Language: c.language, Value: r.value}
}

const (
	lenBits = 8
	lenMask = 1<<lenBits - 1
)

func (s *segment) parentOf(doc uint32) uint32 { return s.place[doc] >> lenBits }

// part is a segment as one generation of the index sees it.
type part struct {
	*segment
	base        int      // number of the first entry within the generation
	parentBase  int      // the same of its first parent
	dead        []uint64 // bitmap of removed entries, nil when there are none
	gone        counts   // removed entries of each term
	live        int
	liveParents int
	sumLen      float64        // length of the live entries
	parentLen   []uint32       // live length of each parent
	longest     uint32         // no parent is longer
	groups      []uint32       // distinct groups of live and dead entries
	groupOf     []uint32       // of each parent, as a place in groups
	languages   map[string]int // live entries by tag
}

// df is the number of live entries that hold a term.
func (p *part) df(term int) int {
	n, _ := p.counted(term)
	return n - int(p.gone.at(term))
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

// normTable is BM25's saturation at each length code of each level.
type normTable [1 << lenBits][1 << tfBits]float32

func newNormTable(c Config, avg float64) *normTable {
	t := new(normTable)
	for code := range t {
		k := c.K1 * (1 - c.B + c.B*lenOf(uint8(code))/avg)
		for level, tf := range tfLevel {
			tf := float64(tf)
			t[code][level] = float32(tf * (c.K1 + 1) / (tf + k))
		}
	}
	return t
}

// parent returns the entries [first, end) of a parent.
func (s *segment) parent(i uint32) (first, end uint32) { return s.parents[i], s.parents[i+1] }

// adopt sets the entries, with their length codes, and everything that follows
// from them alone. Entries of one parent and group must be neighbours.
func (s *segment) adopt(n int, entry func(i int) (Entry, uint8)) {
	s.entries = make([]record, n)
	s.place = make([]uint32, n)
	s.ids = newNameTable(n)
	var last common
	for i := range s.entries {
		e, length := entry(i)
		c := commonOf(&e)
		if i == 0 || c != last {
			s.commons = append(s.commons, c)
		}
		if i == 0 || c.parent == "" || c.parent != last.parent || c.group != last.group {
			s.parents = append(s.parents, uint32(i))
		}
		last = c
		s.entries[i] = record{e.ID, e.Text, e.Value, uint32(len(s.commons) - 1)}
		s.place[i] = uint32(len(s.parents)-1)<<lenBits | uint32(length)
		s.ids.add(hashText(wordSeed, e.ID), i)
	}
	s.commons = slices.Clip(slices.Clone(s.commons))
	s.byParent = newNameTable(len(s.parents))
	for p, first := range s.parents {
		if c := s.commonOf(first); c.parent != "" {
			s.byParent.add(hashText(wordSeed, c.parent), p)
		}
	}
	s.parents = append(slices.Grow(slices.Clip(s.parents), 1), uint32(n))
}

func sameParent(a, b *Entry) bool {
	return a.Parent != "" && a.Parent == b.Parent && a.Group == b.Group
}

func (p *part) bytes() int64 {
	s := p.segment
	n := len(s.entries)*int(unsafe.Sizeof(record{})) + len(s.commons)*int(unsafe.Sizeof(common{})) +
		4*(len(s.place)+len(s.parents)+len(s.ids)+len(s.byParent)) + s.dict.bytes() + len(s.post) +
		8*len(p.dead) + p.gone.bytes() + 4*len(p.parentLen)
	for i := range s.entries {
		n += len(s.entries[i].id) + len(s.entries[i].text)
	}
	last := &common{}
	for i := range s.commons {
		c := &s.commons[i]
		if c.title != last.title {
			n += len(c.title)
		}
		if c.heading != last.heading {
			n += len(c.heading)
		}
		last = c
	}
	return int64(n)
}
