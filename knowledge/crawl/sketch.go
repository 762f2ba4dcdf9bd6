package crawl

import (
	"math/bits"
	"unicode"
)

const (
	// Sketches that differ in no more bits are nearly the same text: one to four
	// words of four thousand changed make one to three bits, texts that have
	// nothing to do with each other about thirty.
	nearBits = 3
	// Shorter texts have too few shingles for that.
	sketchedWords = 60
	maxSketched   = 20_000 // words of a text that are looked at
	maxNearCalls  = 50     // documents that one is compared with in each band
)

// sketch is the simhash (Charikar 2002) of a text's shingles of three words in
// 64 bits, 0 for a text that is too short. In scripts that put no spaces between
// words each character counts as one.
func sketch(text string) uint64 {
	const basis, prime = 14695981039346656037, 1099511628211 // FNV-1a
	var f shingler
	word := uint64(basis)
	for _, r := range text {
		alone := unspaced(r)
		if !alone && inWord(r) {
			word = (word ^ uint64(r)) * prime
			continue
		}
		if word != basis {
			f.word(word)
			word = basis
		}
		if alone {
			f.word((basis ^ uint64(r)) * prime)
		}
		if f.words >= maxSketched {
			break
		}
	}
	if word != basis {
		f.word(word)
	}
	if f.words < sketchedWords {
		return 0
	}
	return f.majority()
}

func inWord(r rune) bool {
	if r < 0x80 {
		return 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// shingler makes shingles of the hashes of words.
type shingler struct {
	tally
	words        int
	before, last uint64
}

func (f *shingler) word(h uint64) {
	if f.words++; f.words > 2 {
		f.add(mix(f.before ^ bits.RotateLeft64(f.last, 21) ^ bits.RotateLeft64(h, 42)))
	}
	f.before, f.last = f.last, h
}

// unspaced tells characters of scripts that are written without spaces: Thai
// and Lao, Myanmar, Khmer, kana and Han.
func unspaced(r rune) bool {
	return r >= 0x0e00 && (r < 0x0f00 || 0x1000 <= r && r < 0x10a0 || 0x1780 <= r && r < 0x1800 ||
		0x3040 <= r && r < 0xa000 || 0xf900 <= r && r < 0xfb00 || 0x20000 <= r && r < 0x32000)
}

// mix spreads a hash over all bits (the finaliser of MurmurHash3).
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// tally counts for each of 64 bits how many hashes have it set. Eight counters
// share a word, so that a hash costs eight additions.
type tally struct {
	lanes  [8]uint64 // lane i holds the bits i, i+8, i+16, … in a byte each
	n      int
	totals [64]int
	seen   int
}

const lowBits = 0x0101010101010101

func (t *tally) add(h uint64) {
	for i := range t.lanes {
		t.lanes[i] += h >> i & lowBits
	}
	t.seen++
	if t.n++; t.n == 255 {
		t.flush()
	}
}

func (t *tally) flush() {
	for i, lane := range t.lanes {
		for j := range 8 {
			t.totals[i+8*j] += int(lane >> (8 * j) & 0xff)
		}
	}
	t.lanes, t.n = [8]uint64{}, 0
}

func (t *tally) majority() uint64 {
	t.flush()
	var out uint64
	for bit, n := range t.totals {
		if 2*n > t.seen {
			out |= 1 << bit
		}
	}
	return out
}

// sketches finds the documents that nearly have the text of another. Two
// sketches that differ in three bits agree in one of four bands of sixteen.
type sketches struct {
	all   []sketched
	bands [4]map[uint16][]int
}

type sketched struct {
	id   string
	bits uint64
}

// near returns the document closest to s, if one is near, and how many bits
// tell them apart; then it takes s in.
func (k *sketches) near(id string, s uint64) (other string, apart int) {
	apart = nearBits + 1
	for i := range k.bands {
		band := uint16(s >> (16 * i))
		if k.bands[i] == nil {
			k.bands[i] = map[uint16][]int{}
		}
		candidates := k.bands[i][band]
		for _, at := range candidates {
			if d := bits.OnesCount64(k.all[at].bits ^ s); d < apart {
				other, apart = k.all[at].id, d
			}
		}
		if len(candidates) < maxNearCalls {
			k.bands[i][band] = append(candidates, len(k.all))
		}
	}
	k.all = append(k.all, sketched{id, s})
	return other, apart
}
