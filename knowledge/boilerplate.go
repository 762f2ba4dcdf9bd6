package knowledge

import (
	"hash/maphash"
	"unicode/utf8"
)

const (
	// A block is boilerplate if this share of a source's documents has it, and
	// at least this many: what every page says answers no question.
	boilerplateShare     = .3
	boilerplateDocuments = 5
	// Shorter blocks repeat by chance: "Yes." is an answer.
	boilerplateRunes = 25
)

var blockSeed = maphash.MakeSeed()

// blockHashes returns a hash for each block of a document that could be
// boilerplate, 0 for those that could not: headings hold the text together, and
// table rows mean something by their table.
func blockHashes(d *Document) []uint64 {
	out := make([]uint64, len(d.Blocks))
	for i, b := range d.Blocks {
		switch b.Kind {
		case Heading, TableHeader, TableRow:
			continue
		}
		if utf8.RuneCountInString(b.Label)+utf8.RuneCountInString(b.Text) >= boilerplateRunes {
			out[i] = maphash.String(blockSeed, b.Label+"\x00"+b.Text)
		}
	}
	return out
}

// boilerplateOf returns the hashes of the blocks that too many documents share.
func boilerplateOf(documents map[string]*record) map[uint64]bool {
	if len(documents) < boilerplateDocuments {
		return nil
	}
	counts := map[uint64]int{}
	for _, r := range documents {
		seen := map[uint64]bool{0: true}
		for _, h := range r.blocks {
			if !seen[h] {
				seen[h] = true
				counts[h]++
			}
		}
	}
	out := map[uint64]bool{}
	for h, n := range counts {
		if n >= boilerplateDocuments && float64(n) > boilerplateShare*float64(len(documents)) {
			out[h] = true
		}
	}
	return out
}

// without returns a document without the given blocks, or the document itself
// if nothing would be left to read.
func (r *record) without(boilerplate map[uint64]bool) *Document {
	kept := make([]Block, 0, len(r.document.Blocks))
	for i, b := range r.document.Blocks {
		if !boilerplate[r.blocks[i]] {
			kept = append(kept, b)
		}
	}
	if len(kept) == len(r.document.Blocks) || !hasText(kept) {
		return r.document
	}
	d := *r.document
	d.Blocks = kept
	return &d
}

// touches reports whether a document has a block that is in one of the sets but
// not in the other, and so must be cut anew.
func (r *record) touches(before, after map[uint64]bool) bool {
	for _, h := range r.blocks {
		if before[h] != after[h] {
			return true
		}
	}
	return false
}

// hasText reports whether there is anything to read besides headings.
func hasText(blocks []Block) bool {
	for _, b := range blocks {
		if b.Kind != Heading && b.Kind != TableHeader && b.String() != "" {
			return true
		}
	}
	return false
}
