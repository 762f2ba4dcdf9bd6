package pdfdoc

import (
	"sort"
	"unicode/utf16"
)

// charCode is a character code as a string holds it: its length in bytes
// matters, so that <41> and <0041> are two codes.
type charCode struct {
	n int
	v uint32
}

func codeOf(s string) charCode {
	c := charCode{n: len(s)}
	for i := 0; i < len(s) && i < 4; i++ {
		c.v = c.v<<8 | uint32(s[i])
	}
	return c
}

// codeRange maps a range of codes to consecutive text, to a list, or to
// consecutive glyph numbers.
type codeRange struct {
	n      int
	lo, hi uint32
	text   string // UTF-16 as written, last unit counts up
	list   []string
	cid    uint32
}

// cmap is a character map: which codes exist, and what they stand for.
type cmap struct {
	spaces []codeRange
	chars  map[charCode]string
	text   []codeRange // ascending by lo
	cids   []codeRange
	byCode map[charCode]uint32
}

const maxMapEntries = 200_000

// parseCMap reads a character map with the same lexer as everything else; what
// it does not know it skips.
func parseCMap(b []byte) *cmap {
	m := &cmap{chars: map[charCode]string{}, byCode: map[charCode]uint32{}}
	p := objectParser{lexer: lexer{b: b}}
	var args []obj
	for entries := 0; entries < maxMapEntries; {
		t := p.next()
		if t.kind == tokEOF {
			break
		}
		if t.kind == tokKeyword && !t.is("[") && !t.is("<<") {
			entries += len(args)
			m.operator(string(t.raw), args)
			args = args[:0]
			continue
		}
		p.nodes = 0
		args = append(args, p.value(t, 0))
		if p.broken {
			break
		}
	}
	sort.SliceStable(m.text, func(i, j int) bool { return m.text[i].lo < m.text[j].lo })
	sort.SliceStable(m.cids, func(i, j int) bool { return m.cids[i].lo < m.cids[j].lo })
	return m
}

func (m *cmap) operator(op string, args []obj) {
	switch op {
	case "endcodespacerange":
		for i := 0; i+1 < len(args); i += 2 {
			lo, hi := codeOf(args[i].s), codeOf(args[i+1].s)
			if lo.n > 0 && lo.n <= 4 && len(m.spaces) < 100 {
				m.spaces = append(m.spaces, codeRange{n: lo.n, lo: lo.v, hi: hi.v})
			}
		}
	case "endbfchar":
		for i := 0; i+1 < len(args); i += 2 {
			m.chars[codeOf(args[i].s)] = mapped(args[i+1].s)
		}
	case "endbfrange":
		for i := 0; i+2 < len(args); i += 3 {
			lo, hi := codeOf(args[i].s), codeOf(args[i+1].s)
			r := codeRange{n: lo.n, lo: lo.v, hi: hi.v, text: args[i+2].s}
			if args[i+2].kind == objArray {
				r.list = []string{}
				for _, v := range args[i+2].arr {
					r.list = append(r.list, v.s)
				}
			}
			m.text = append(m.text, r)
		}
	case "endcidchar":
		for i := 0; i+1 < len(args); i += 2 {
			m.byCode[codeOf(args[i].s)] = uint32(args[i+1].n)
		}
	case "endcidrange":
		for i := 0; i+2 < len(args); i += 3 {
			lo, hi := codeOf(args[i].s), codeOf(args[i+1].s)
			m.cids = append(m.cids, codeRange{n: lo.n, lo: lo.v, hi: hi.v, cid: uint32(args[i+2].n)})
		}
	}
}

// mapped decodes the target of a mapping: UTF-16, or one byte as some write it.
func mapped(s string) string {
	if len(s) == 1 {
		return string(rune(s[0]))
	}
	u := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s) && i < 512; i += 2 {
		u = append(u, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(u))
}

// find returns the last range that begins at or before the code and holds it.
func find(rs []codeRange, c charCode) (codeRange, bool) {
	i := sort.Search(len(rs), func(i int) bool { return rs[i].lo > c.v })
	for k := i - 1; k >= 0 && k > i-9; k-- {
		if rs[k].n == c.n && c.v <= rs[k].hi {
			return rs[k], true
		}
	}
	return codeRange{}, false
}

// unicode returns the text of a code.
func (m *cmap) unicode(c charCode) (string, bool) {
	if s, ok := m.chars[c]; ok {
		return s, true
	}
	r, ok := find(m.text, c)
	if !ok {
		return "", false
	}
	d := c.v - r.lo
	if r.list != nil {
		if int64(d) < int64(len(r.list)) {
			return mapped(r.list[d]), true
		}
		return "", false
	}
	b := []byte(r.text)
	for i := len(b) - 1; i >= 0 && d > 0; i-- { // carries into higher bytes
		d += uint32(b[i])
		b[i] = byte(d)
		d >>= 8
	}
	s := mapped(string(b))
	m.chars[c] = s
	return s, true
}

// cid returns the glyph number of a code.
func (m *cmap) cid(c charCode) (uint32, bool) {
	if v, ok := m.byCode[c]; ok {
		return v, true
	}
	if r, ok := find(m.cids, c); ok {
		return r.cid + c.v - r.lo, true
	}
	return 0, false
}

// length returns how many bytes the next code of s takes.
func (m *cmap) length(s string) int {
	for n := 1; n <= 4 && n <= len(s); n++ {
		c := codeOf(s[:n])
		for _, sp := range m.spaces {
			if sp.n == n && inSpace(c.v, sp.lo, sp.hi, n) {
				return n
			}
		}
	}
	shortest := 0
	for _, sp := range m.spaces {
		if shortest == 0 || sp.n < shortest {
			shortest = sp.n
		}
	}
	return max(1, min(shortest, len(s)))
}

// inSpace compares byte by byte, as code spaces are boxes and not intervals.
func inSpace(v, lo, hi uint32, n int) bool {
	for k := 0; k < n; k++ {
		b := byte(v >> (8 * k))
		if b < byte(lo>>(8*k)) || b > byte(hi>>(8*k)) {
			return false
		}
	}
	return true
}
