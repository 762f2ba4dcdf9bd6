package lexical

import (
	"encoding/binary"
	"math"
	"slices"
)

// Postings are stored in one of two forms, decided by a term's share of the
// segment's entries.
//
// Sparse: for each entry a varint of (distance from the one before)<<tfBits|level.
//
// Dense, for a term in one of denseShare entries or more: for each block of 256
// entries the number of postings before it and the total at the end (2 bytes
// each, 4 where the total needs them), then the low byte of each entry, then the
// level of each. Any range of entries is reached without decoding what stands
// before it.
const (
	tfBits     = 3
	levelMask  = 1<<tfBits - 1
	blockBits  = 8
	denseShare = 256
)

// dense reports the form of a term's postings.
func (s *segment) dense(term int) bool {
	return isDense(int(s.count[term]), len(s.entries))
}

func isDense(count, entries int) bool { return count >= 64 && count*denseShare >= entries }

func isWide(count int) bool { return count > math.MaxUint16 }

func denseBlocks(entries int) int { return (entries + 1<<blockBits - 1) >> blockBits }

// denseList is a term's postings in the dense form.
type denseList struct {
	before []byte
	wide   bool // 4 bytes a block instead of 2
	low    []byte
	level  []byte
}

func (s *segment) denseList(term int) denseList {
	b := s.post[s.off[term]:s.off[term+1]]
	n := int(s.count[term])
	head := 2 * (denseBlocks(len(s.entries)) + 1)
	if isWide(n) {
		head *= 2
	}
	return denseList{before: b[:head], wide: isWide(n), low: b[head : head+n], level: b[head+n : head+2*n]}
}

// block returns the range of postings of a block.
func (l *denseList) block(i uint32) (from, end uint32) {
	if l.wide {
		b := l.before[4*i:]
		return binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	}
	b := l.before[2*i:]
	return uint32(binary.LittleEndian.Uint16(b)), uint32(binary.LittleEndian.Uint16(b[2:]))
}

// seek returns the first posting of an entry not before doc, within its block.
func (l *denseList) seek(doc uint32) uint32 {
	from, end := l.block(doc >> blockBits)
	low := byte(doc)
	for from < end {
		mid := (from + end) / 2
		if l.low[mid] < low {
			from = mid + 1
		} else {
			end = mid
		}
	}
	return from
}

// sparseList walks a term's postings in the sparse form.
type sparseList struct {
	b   []byte
	doc uint32
}

func (s *segment) sparseList(term int) sparseList {
	return sparseList{b: s.post[s.off[term]:s.off[term+1]]}
}

// next returns the next entry and its level; ok is false at the end.
func (p *sparseList) next() (doc, level uint32, ok bool) {
	if len(p.b) == 0 {
		return 0, 0, false
	}
	v, n := uint32(p.b[0]), 1
	if v >= 0x80 {
		v &= 0x7f
		for shift := 7; ; shift += 7 {
			c := p.b[n]
			n++
			v |= uint32(c&0x7f) << shift
			if c < 0x80 {
				break
			}
		}
	}
	p.b = p.b[n:]
	p.doc += v >> tfBits
	return p.doc, v & levelMask, true
}

// appendDocs appends the postings of a term, each entry<<tfBits|level.
func (s *segment) appendDocs(out []uint32, term int) []uint32 {
	if !s.dense(term) {
		it := s.sparseList(term)
		for d, level, ok := it.next(); ok; d, level, ok = it.next() {
			out = append(out, d<<tfBits|level)
		}
		return out
	}
	l := s.denseList(term)
	for b := range uint32(denseBlocks(len(s.entries))) {
		from, end := l.block(b)
		for i := from; i < end; i++ {
			out = append(out, (b<<blockBits|uint32(l.low[i]))<<tfBits|uint32(l.level[i]))
		}
	}
	return out
}

// postingWriter writes the postings of a segment whose entries are set, term by
// term in the order of their keys.
type postingWriter struct {
	s *segment
}

// newPostingWriter prepares for about that many terms and postings.
func newPostingWriter(s *segment, terms, postings int) *postingWriter {
	s.count = make([]uint32, 0, terms)
	s.off = append(make([]uint32, 0, terms+1), 0)
	s.post = make([]byte, 0, postings*2)
	return &postingWriter{s}
}

// add writes the postings of the next term, each entry<<tfBits|level.
func (w *postingWriter) add(docs []uint32) {
	s := w.s
	if isDense(len(docs), len(s.entries)) {
		w.dense(docs)
	} else {
		last, post := uint32(0), s.post
		for _, v := range docs {
			d := v >> tfBits
			delta := (d-last)<<tfBits | v&levelMask
			last = d
			for delta >= 0x80 {
				post = append(post, byte(delta)|0x80)
				delta >>= 7
			}
			post = append(post, byte(delta))
		}
		s.post = post
	}
	s.count = append(s.count, uint32(len(docs)))
	s.off = append(s.off, uint32(len(s.post)))
}

func (w *postingWriter) dense(docs []uint32) {
	s := w.s
	i, wide := 0, isWide(len(docs))
	number := func(n int) {
		if wide {
			s.post = binary.LittleEndian.AppendUint32(s.post, uint32(n))
		} else {
			s.post = binary.LittleEndian.AppendUint16(s.post, uint16(n))
		}
	}
	for b := range denseBlocks(len(s.entries)) {
		for i < len(docs) && int(docs[i]>>tfBits>>blockBits) < b {
			i++
		}
		number(i)
	}
	number(len(docs))
	n := len(docs)
	s.post = slices.Grow(s.post, 2*n)[:len(s.post)+2*n]
	low, level := s.post[len(s.post)-2*n:][:n], s.post[len(s.post)-n:][:n]
	for i, v := range docs {
		low[i], level[i] = byte(v>>tfBits), byte(v&levelMask)
	}
}

// done makes the segment ready to be searched.
func (w *postingWriter) done() {
	w.s.post = slices.Clone(w.s.post)
	w.s.index()
}
