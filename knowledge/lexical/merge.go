package lexical

import (
	"context"
	"math"
	"slices"
)

// merge returns one segment with the live entries of parts, in their order.
func merge(ctx context.Context, parts []part) (*segment, error) {
	s, remap := survivors(parts)
	terms, postings := 0, 0
	for i := range parts {
		terms = max(terms, len(parts[i].keys))
		postings += len(parts[i].post)
	}
	s.keys = make([]uint64, 0, terms)
	w := newPostingWriter(s, terms, postings/2)
	next := make([]int, len(parts)) // next term of each part
	var docs, all []uint32
	for n := 0; ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		key, found := uint64(math.MaxUint64), false
		for i := range parts {
			if next[i] < len(parts[i].keys) && parts[i].keys[next[i]] <= key {
				key, found = parts[i].keys[next[i]], true
			}
		}
		if !found {
			break
		}
		all = all[:0]
		for i := range parts {
			if next[i] >= len(parts[i].keys) || parts[i].keys[next[i]] != key {
				continue
			}
			docs = parts[i].appendDocs(docs[:0], next[i])
			next[i]++
			for _, v := range docs {
				if d := remap[i][v>>tfBits]; d != math.MaxUint32 {
					all = append(all, d<<tfBits|v&levelMask)
				}
			}
		}
		if len(all) > 0 {
			s.keys = append(s.keys, key)
			w.add(all)
		}
	}
	w.done()
	s.keys, s.count, s.off = slices.Clone(s.keys), slices.Clone(s.count), slices.Clone(s.off)
	return s, nil
}

// survivors returns a segment with the live entries of parts and no terms, and
// for each part the new number of each entry, MaxUint32 for the dead.
func survivors(parts []part) (s *segment, remap [][]uint32) {
	s = &segment{}
	remap = make([][]uint32, len(parts))
	var entries []Entry
	for i := range parts {
		p := &parts[i]
		remap[i] = make([]uint32, len(p.entries))
		for d := range p.entries {
			if p.isDead(uint32(d)) {
				remap[i][d] = math.MaxUint32
				continue
			}
			remap[i][d] = uint32(len(entries))
			entries = append(entries, p.entries[d])
			s.docLen = append(s.docLen, p.docLen[d])
		}
	}
	s.adopt(entries)
	return s, remap
}
