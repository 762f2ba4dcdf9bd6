package vector

import (
	"context"
	"math"
	"slices"
)

// ctxEvery is the number of vectors between two looks at a context.
const ctxEvery = 256

// A segment holds entries, those of one group being neighbours. It never changes.
type segment struct {
	dimensions int
	ids        []string
	values     []any
	rows       [][]float32 // of length 1, shared with the segments it was merged from
	rests      []float32   // of each row, see similarityFrom
	byID       idTable
	groups     []uint32 // distinct, sorted
	first      []uint32 // first entry of each group, and the number of entries
	signs      *signs   // nil when the segment is small
}

// part is a segment as one generation of the index sees it.
type part struct {
	*segment
	dead      []uint64 // bitmap of removed entries, nil when there are none
	live      int
	groupLive []uint32 // live entries of each group
}

func (p *part) isDead(row uint32) bool {
	return p.dead != nil && p.dead[row>>6]&(1<<(row&63)) != 0
}

// find returns the row of a live entry.
func (p *part) find(id string) (row uint32, ok bool) {
	row, ok = p.byID.find(p.ids, id)
	return row, ok && !p.isDead(row)
}

// newPart builds a segment of entries with distinct IDs and vectors of length 1.
// The slice is reordered.
func (ix *Index) newPart(ctx context.Context, entries []Entry) (part, error) {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		switch {
		case a.Group < b.Group:
			return -1
		case a.Group > b.Group:
			return 1
		}
		return 0
	})
	s := &segment{
		dimensions: len(entries[0].Vector),
		ids:        make([]string, len(entries)),
		values:     make([]any, len(entries)),
		rows:       make([][]float32, len(entries)),
		rests:      make([]float32, 0, checks*len(entries)),
	}
	for i := range entries {
		if i%ctxEvery == 0 && ctx.Err() != nil {
			return part{}, ctx.Err()
		}
		e := &entries[i]
		s.rests = appendRests(s.rests, e.Vector)
		s.ids[i], s.values[i], s.rows[i] = e.ID, e.Value, e.Vector
		if i == 0 || e.Group != s.groups[len(s.groups)-1] {
			s.groups = append(s.groups, e.Group)
			s.first = append(s.first, uint32(i))
		}
	}
	s.first = append(s.first, uint32(len(entries)))
	s.byID = newIDTable(s.ids)
	if len(entries) > ix.cfg.ScanUpTo {
		var err error
		if s.signs, err = newSigns(ctx, s.rows, s.dimensions); err != nil {
			return part{}, err
		}
	}
	p := part{segment: s, live: len(entries), groupLive: make([]uint32, len(s.groups))}
	for g := range s.groups {
		p.groupLive[g] = s.first[g+1] - s.first[g]
	}
	return p, nil
}

// bury marks live entries as removed.
func (p *part) bury(gone []uint32) {
	dead := make([]uint64, (len(p.rows)+63)/64)
	copy(dead, p.dead)
	p.dead = dead
	p.groupLive = slices.Clone(p.groupLive)
	for _, row := range gone {
		p.dead[row>>6] |= 1 << (row & 63)
		p.groupLive[p.groupOf(row)]--
	}
	p.live -= len(gone)
}

// groupOf returns the place of a row's group in groups.
func (s *segment) groupOf(row uint32) int {
	g, found := slices.BinarySearch(s.first, row)
	if !found {
		g--
	}
	return g
}

// appendLive appends the live entries.
func (p *part) appendLive(out []Entry) []Entry {
	for g, group := range p.groups {
		for row := p.first[g]; row < p.first[g+1]; row++ {
			if !p.isDead(row) {
				out = append(out, Entry{ID: p.ids[row], Group: group, Vector: p.rows[row], Value: p.values[row]})
			}
		}
	}
	return out
}

func (p *part) bytes() int64 {
	n := int64(len(p.rows))*int64(4*p.dimensions+24+2*16+4*checks) + int64(4*len(p.byID))
	for _, id := range p.ids {
		n += int64(len(id))
	}
	n += int64(8*len(p.dead) + 4*(len(p.groups)+len(p.first)+len(p.groupLive)))
	if s := p.signs; s != nil {
		n += int64(8*len(s.words) + 4*(len(s.radius)+len(s.centre)+len(s.cosine)))
	}
	return n
}

// signs are one bit for each value of a segment's vectors: on which side of the
// segment's mean it lies. Without the mean, vectors of a model whose values
// share an offset would all have the same bits.
type signs struct {
	centre    []float32
	rotation  *rotation
	perRow    int       // words of each entry
	words     []uint64  // one entry after another
	radius    []float32 // distance of each entry from the centre
	maxRadius float32
	cosine    []float32 // expected cosine at the centre by the number of bits that differ
}

func newSigns(ctx context.Context, rows [][]float32, dimensions int) (*signs, error) {
	s := &signs{
		centre:   make([]float32, dimensions),
		rotation: newRotation(dimensions),
		perRow:   (dimensions + 63) / 64,
		radius:   make([]float32, len(rows)),
		cosine:   make([]float32, dimensions+1),
	}
	s.words = make([]uint64, len(rows)*s.perRow)
	mean := make([]float64, dimensions)
	for i, row := range rows {
		if i%ctxEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for j, x := range row {
			mean[j] += float64(x)
		}
	}
	for j, sum := range mean {
		s.centre[j] = float32(sum / float64(len(rows)))
	}
	turned := make([]float32, dimensions)
	for i, row := range rows {
		if i%ctxEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.radius[i] = s.encode(s.words[i*s.perRow:][:s.perRow], turned, row)
		s.maxRadius = max(s.maxRadius, s.radius[i])
	}
	// The angle between two vectors is π times the share of random hyperplanes
	// that part them (Charikar 2002, "Similarity Estimation Techniques from
	// Rounding Algorithms").
	for h := range s.cosine {
		s.cosine[h] = float32(math.Cos(math.Pi * float64(h) / float64(dimensions)))
	}
	return s, nil
}

// encode sets a vector's bits and returns its distance from the centre. It
// overwrites turned, which has the vector's size.
func (s *signs) encode(words []uint64, turned, v []float32) float32 {
	var square float64
	for j, x := range v {
		d := x - s.centre[j]
		turned[j] = d
		square += float64(d) * float64(d)
	}
	s.rotation.apply(turned)
	for w := range words {
		var set uint64
		for j, x := range turned[w*64 : min(w*64+64, len(turned))] {
			// The sign bit, set where a value is negative.
			set |= uint64(math.Float32bits(x)>>31) << j
		}
		words[w] = set
	}
	return float32(math.Sqrt(square))
}
