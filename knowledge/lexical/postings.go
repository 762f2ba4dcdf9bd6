package lexical

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// A posting is an entry's number and the level of a term's occurrences in it,
// together number<<tfBits|level.
//
// The only posting of a term is its reference itself, marked by inlined. All
// others are the offset of a varint of their number, followed by one of three
// forms, decided by the term's share of the segment's entries.
//
// Rare, for a term in one of rareShare entries or fewer: for each entry a varint
// of (distance from the one before)<<tfBits|level.
//
// Sparse: the same in 2 bytes, where a distance of far or more is far, followed
// by the entry's number in 4 bytes.
//
// Dense, for a term in one of denseShare entries or more: for each block of 256
// entries the number of postings before it and the total at the end (2 bytes
// each, 4 where the total needs them), then the low byte of each entry, then the
// level of each in 4 bits. Any range of entries is reached without decoding what
// stands before it.
const (
	tfBits     = 3
	levelMask  = 1<<tfBits - 1
	far        = 1<<(16-tfBits) - 1
	inlined    = 1 << 31
	blockBits  = 8
	rareShare  = 2048
	denseShare = 128
	denseLeast = 64
	// postEnd is how many bytes are read beyond a list at most.
	postEnd = 8
)

func isDense(count, entries int) bool { return count >= denseLeast && count*denseShare >= entries }

func isRare(count, entries int) bool { return count*rareShare <= entries }

func isWide(count int) bool { return count > math.MaxUint16 }

func denseBlocks(entries int) int { return (entries + 1<<blockBits - 1) >> blockBits }

// counted returns the number of a term's postings and, if there is more than
// one, their list.
func (s *segment) counted(term int) (count int, list []byte) {
	ref := s.dict.terms[term].ref
	if ref&inlined != 0 {
		return 1, nil
	}
	list = s.post[ref:]
	if list[0] < 0x80 {
		return int(list[0]), list[1:]
	}
	n, size := binary.Uvarint(list)
	return int(n), list[size:]
}

// appendPostings appends the postings of a term.
func (s *segment) appendPostings(out []uint32, term int) []uint32 {
	count, list := s.counted(term)
	switch {
	case list == nil:
		return append(out, s.dict.terms[term].ref&^inlined)
	case isDense(count, len(s.entries)):
		l := newDenseList(list, count, len(s.entries))
		for b := range uint32(denseBlocks(len(s.entries))) {
			from, end := l.block(b)
			out = l.appendRange(out, b, from, end)
		}
		return out
	}
	n := len(out)
	out = slices.Grow(out, count)[:n+count]
	if isRare(count, len(s.entries)) {
		readRare(out[n:], list)
	} else {
		readSparse(out[n:], list)
	}
	return out
}

func readRare(out []uint32, list []byte) {
	doc := uint32(0)
	for j := range out {
		v, n := binary.Uvarint(list)
		list = list[n:]
		doc += uint32(v) >> tfBits
		out[j] = doc<<tfBits | uint32(v)&levelMask
	}
}

func readSparse(out []uint32, list []byte) {
	doc, i := uint32(0), 0
	for j := range out {
		v := uint32(binary.LittleEndian.Uint16(list[i:]))
		i += 2
		if v>>tfBits == far {
			doc = binary.LittleEndian.Uint32(list[i:])
			i += 4
		} else {
			doc += v >> tfBits
		}
		out[j] = doc<<tfBits | v&levelMask
	}
}

// denseList is a term's postings in the dense form.
type denseList struct {
	before []byte
	wide   bool   // 4 bytes a block instead of 2
	low    []byte // and at least postEnd bytes more
	level  []byte
}

func newDenseList(list []byte, count, entries int) denseList {
	head := 2 * (denseBlocks(entries) + 1)
	if isWide(count) {
		head *= 2
	}
	return denseList{before: list[:head], wide: isWide(count), low: list[head:], level: list[head+count:][:(count+1)/2]}
}

// block returns the range of postings of a block.
func (l *denseList) block(i uint32) (from, end uint32) {
	if l.wide {
		b := binary.LittleEndian.Uint64(l.before[4*i:])
		return uint32(b), uint32(b >> 32)
	}
	b := binary.LittleEndian.Uint32(l.before[2*i:])
	return b & 0xffff, b >> 16
}

// appendRange appends the postings [from, end) of block b.
func (l *denseList) appendRange(out []uint32, b, from, end uint32) []uint32 {
	for i, low := range l.low[from:end] {
		at := from + uint32(i)
		level := uint32(l.level[at>>1]) >> (at & 1 * 4) & levelMask
		out = append(out, (b<<blockBits|uint32(low))<<tfBits|level)
	}
	return out
}

// appendEntries appends the postings of the entries [first, end).
func (l *denseList) appendEntries(out []uint32, first, end uint32) []uint32 {
	for b := first >> blockBits; b <= (end-1)>>blockBits; b++ {
		from, to := l.block(b)
		if from == to {
			continue
		}
		if start := b << blockBits; start < first {
			from = l.seek(from, to, byte(first))
		}
		i := from
		for i < to && b<<blockBits|uint32(l.low[i]) < end {
			i++
		}
		out = l.appendRange(out, b, from, i)
	}
	return out
}

// seek returns the first of the postings [from, end) of a block whose low byte
// is not less. Eight are compared at a time.
func (l *denseList) seek(from, end uint32, low byte) uint32 {
	for from+8 <= end && l.low[from+7] < low {
		from += 8
	}
	const ones, high = 0x0101010101010101, 0x8080808080808080
	x, y := binary.LittleEndian.Uint64(l.low[from:]), uint64(low)*ones
	less := (^x&y | ^(x^y)&^((x|high)-y&^high)) & high // the high bit of each byte of x below y's
	return min(end, from+uint32(bits.TrailingZeros64(^less&high))/8)
}

// postingWriter writes the dictionary and postings of a segment whose entries
// are set, term by term in ascending order of the keys.
type postingWriter struct {
	s     *segment
	keys  []uint64
	terms []termRef
	post  []byte
}

// newPostingWriter prepares for about that many terms and bytes of postings.
func newPostingWriter(s *segment, terms, bytes int) *postingWriter {
	return &postingWriter{s: s, keys: make([]uint64, 0, terms), terms: make([]termRef, 0, terms), post: make([]byte, 0, bytes+postEnd)}
}

// add writes the next term.
func (w *postingWriter) add(key uint64, postings []uint32) {
	ref := uint32(len(w.post))
	switch {
	case len(postings) == 1:
		ref = postings[0] | inlined
	case isDense(len(postings), len(w.s.entries)):
		w.post = binary.AppendUvarint(w.post, uint64(len(postings)))
		w.dense(postings)
	default:
		w.post = binary.AppendUvarint(w.post, uint64(len(postings)))
		w.distances(postings, isRare(len(postings), len(w.s.entries)))
	}
	w.keys = append(w.keys, key)
	w.terms = append(w.terms, termRef{uint32(key), ref})
}

// distances writes the rare or the sparse form.
func (w *postingWriter) distances(postings []uint32, rare bool) {
	last, post := uint32(0), w.post
	for _, v := range postings {
		doc, level := v>>tfBits, v&levelMask
		switch distance := doc - last; {
		case rare:
			post = binary.AppendUvarint(post, uint64(distance<<tfBits|level))
		case distance >= far:
			post = binary.LittleEndian.AppendUint16(post, uint16(far<<tfBits|level))
			post = binary.LittleEndian.AppendUint32(post, doc)
		default:
			post = binary.LittleEndian.AppendUint16(post, uint16(distance<<tfBits|level))
		}
		last = doc
	}
	w.post = post
}

func (w *postingWriter) dense(postings []uint32) {
	i, wide := 0, isWide(len(postings))
	number := func(n int) {
		if wide {
			w.post = binary.LittleEndian.AppendUint32(w.post, uint32(n))
		} else {
			w.post = binary.LittleEndian.AppendUint16(w.post, uint16(n))
		}
	}
	for b := range denseBlocks(len(w.s.entries)) {
		for i < len(postings) && int(postings[i]>>tfBits>>blockBits) < b {
			i++
		}
		number(i)
	}
	number(len(postings))
	for _, v := range postings {
		w.post = append(w.post, byte(v>>tfBits))
	}
	for i, v := range postings {
		if i&1 == 0 {
			w.post = append(w.post, byte(v&levelMask))
		} else {
			w.post[len(w.post)-1] |= byte(v&levelMask) << 4
		}
	}
}

// done makes the segment ready to be searched.
func (w *postingWriter) done() {
	w.s.dict = newDictionary(w.keys, slices.Clip(slices.Clone(w.terms)))
	w.s.post = slices.Clip(slices.Clone(append(w.post, make([]byte, postEnd)...)))
}
