package lexical

import (
	"context"
	"math"
)

// merge returns one segment with the live entries of parts, in their order.
func merge(ctx context.Context, parts []part) (*segment, error) {
	s, renumbered := survivors(parts)
	terms, bytes := 0, 0
	cursors := make([]keyCursor, len(parts))
	for i := range parts {
		terms = max(terms, len(parts[i].dict.terms))
		bytes += len(parts[i].post)
		cursors[i].dictionary = &parts[i].dict
	}
	w := newPostingWriter(s, terms, bytes)
	var one, all []uint32
	for n := 0; ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		key, found := uint64(math.MaxUint64), false
		for i := range cursors {
			if k, ok := cursors[i].key(); ok && k <= key {
				key, found = k, true
			}
		}
		if !found {
			break
		}
		all = all[:0]
		for i := range cursors {
			c := &cursors[i]
			if k, ok := c.key(); !ok || k != key {
				continue
			}
			one = parts[i].appendPostings(one[:0], c.term)
			c.term++
			for _, v := range one {
				if d := renumbered[i][v>>tfBits]; d != math.MaxUint32 {
					all = append(all, d<<tfBits|v&levelMask)
				}
			}
		}
		if len(all) > 0 {
			w.add(key, all)
		}
	}
	w.done()
	return s, nil
}

// survivors returns a segment with the live entries of parts and no terms, and
// for each part the new number of each entry, MaxUint32 for the dead.
func survivors(parts []part) (s *segment, renumbered [][]uint32) {
	type origin struct {
		part *part
		doc  uint32
	}
	var from []origin
	renumbered = make([][]uint32, len(parts))
	for i := range parts {
		p := &parts[i]
		renumbered[i] = make([]uint32, len(p.entries))
		for d := range p.entries {
			if p.isDead(uint32(d)) {
				renumbered[i][d] = math.MaxUint32
				continue
			}
			renumbered[i][d] = uint32(len(from))
			from = append(from, origin{p, uint32(d)})
		}
	}
	s = &segment{}
	s.adopt(len(from), func(i int) (Entry, uint8) {
		p, doc := from[i].part, from[i].doc
		return p.entry(doc), uint8(p.place[doc] & lenMask)
	})
	return s, renumbered
}
