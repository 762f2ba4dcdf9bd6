package pdfdoc

// Names of the first standard strings of the compact font format are the glyphs
// of the Standard encoding in the order of their codes (1 to 149), followed by
// these (150 to 228).
const standardStringsTail = "¹¬µ™Ð½±Þ¼÷¦°þ¾²®−ð×³©ÁÂÄÀÅÃÇÉÊËÈÍÎÏÌÑÓÔÖÒÕŠÚÛÜÙÝŸŽáâäàåãçéêëèíîïìñóôöòõšúûüùýÿž"

const (
	firstTailString  = 150
	firstOwnString   = 391 // strings the font itself holds are numbered from here
	maxFontGlyphs    = 65_536
	maxDictOperands  = 48
	cffOpCharset     = 15
	cffOpEncoding    = 16
	cffOpCharStrings = 17
	cffOpROS         = 1230 // 12 30: glyphs are numbered, not named
)

// cff is a compact font: which name each glyph has and which code shows it.
type cff struct {
	b       sfnt
	strings [][]byte
	top     map[int][]int
	glyphs  int
	named   bool
}

// readCFF reads the parts of a compact font that say what its glyphs are.
func readCFF(data []byte) (*cff, bool) {
	c := &cff{b: sfnt(data)}
	if len(data) < 8 || data[0] != 1 {
		return nil, false
	}
	_, at := c.index(int(data[2]), 4)
	tops, at := c.index(at, 4)
	if len(tops) == 0 {
		return nil, false
	}
	c.strings, _ = c.index(at, maxFontGlyphs)
	c.top = cffDict(tops[0])
	chars := c.top[cffOpCharStrings]
	if len(chars) != 1 {
		return nil, false
	}
	c.glyphs = c.b.u16(chars[0])
	_, ros := c.top[cffOpROS]
	c.named = !ros
	return c, true
}

// index reads an INDEX and returns its first items and where it ends.
func (c *cff) index(at, most int) ([][]byte, int) {
	n := c.b.u16(at)
	if n == 0 || at < 0 || at+3 > len(c.b) {
		return nil, at + 2
	}
	size := int(c.b[at+2])
	if size < 1 || size > 4 {
		return nil, len(c.b)
	}
	offset := func(i int) int {
		v := 0
		for k := range size {
			p := at + 3 + i*size + k
			if p >= len(c.b) {
				return 0
			}
			v = v<<8 | int(c.b[p])
		}
		return v
	}
	base := at + 3 + (n+1)*size - 1
	var out [][]byte
	for i := 0; i < n && i < most; i++ {
		lo, hi := base+offset(i), base+offset(i+1)
		if lo < 0 || hi < lo || hi > len(c.b) {
			break
		}
		out = append(out, c.b[lo:hi])
	}
	return out, base + offset(n)
}

// cffDict reads the integer operands of each operator.
func cffDict(b []byte) map[int][]int {
	out := map[int][]int{}
	var args []int
	for i := 0; i < len(b); {
		c := int(b[i])
		i++
		next := func() int {
			if i < len(b) {
				i++
				return int(b[i-1])
			}
			return 0
		}
		switch {
		case c == 12:
			out[1200+next()], args = args, nil
		case c <= 21:
			out[c], args = args, nil
		case c == 28:
			args = append(args, int(int16(next()<<8|next())))
		case c == 29:
			args = append(args, int(int32(next()<<24|next()<<16|next()<<8|next())))
		case c == 30:
			for k := 0; k < 32; k++ {
				if v := next(); v&0xF == 0xF || i >= len(b) {
					break
				}
			}
			args = append(args, 0)
		case c >= 32 && c <= 246:
			args = append(args, c-139)
		case c >= 247 && c <= 250:
			args = append(args, (c-247)*256+next()+108)
		case c >= 251 && c <= 254:
			args = append(args, -(c-251)*256-next()-108)
		}
		if len(args) > maxDictOperands {
			return out
		}
	}
	return out
}

// charset returns the string number of each glyph.
func (c *cff) charset() []int {
	out := make([]int, 1, max(1, c.glyphs))
	at := 0
	if v := c.top[cffOpCharset]; len(v) == 1 {
		at = v[0]
	}
	if at <= 2 { // a predefined one; the first numbers strings as glyphs
		for g := 1; g < c.glyphs; g++ {
			out = append(out, g)
		}
		return out
	}
	if at >= len(c.b) {
		return out
	}
	format := c.b[at]
	at++
	for len(out) < c.glyphs && at+2 <= len(c.b) {
		first, left := c.b.u16(at), 0
		at += 2
		switch format {
		case 1:
			if at >= len(c.b) {
				return out
			}
			left = int(c.b[at])
			at++
		case 2:
			left = c.b.u16(at)
			at += 2
		}
		for k := 0; k <= left && len(out) < c.glyphs; k++ {
			out = append(out, first+k)
		}
	}
	return out
}

// encoding returns the glyph of each code, nil when the font uses a standard
// encoding.
func (c *cff) encoding() map[int]int {
	v := c.top[cffOpEncoding]
	if len(v) != 1 || v[0] <= 1 || v[0] >= len(c.b)-1 {
		return nil
	}
	out := map[int]int{}
	at := v[0]
	format, n := c.b[at]&0x7F, int(c.b[at+1])
	at += 2
	glyph := 1
	for i := 0; i < n && at < len(c.b); i++ {
		code, left := int(c.b[at]), 0
		at++
		if format == 1 {
			if at >= len(c.b) {
				break
			}
			left = int(c.b[at])
			at++
		}
		for k := 0; k <= left; k++ {
			out[code+k] = glyph
			glyph++
		}
	}
	return out
}

// text returns what a string number stands for: its character, or a name still
// to be looked up.
func (c *cff) text(sid int, standard []string) (text, name string) {
	switch {
	case sid >= firstOwnString && sid-firstOwnString < len(c.strings):
		return "", string(c.strings[sid-firstOwnString])
	case sid >= 0 && sid < len(standard):
		return standard[sid], ""
	}
	return "", ""
}

// standardStrings lists the characters of the standard strings by number.
func standardStrings() []string {
	out := []string{""}
	t := baseTable("StandardEncoding")
	for _, s := range t {
		if s != "" && (s != " " || len(out) == 1) {
			out = append(out, s)
		}
	}
	for _, r := range standardStringsTail {
		out = append(out, string(r))
	}
	return out
}

// glyphTextsOf returns the text of every glyph of a font with named glyphs.
func (c *cff) glyphTextsOf(known *glyphNames) map[uint32]string {
	out := map[uint32]string{}
	if !c.named {
		return out
	}
	standard := standardStrings()
	var names []string
	wanted := map[uint32]string{}
	for g, sid := range c.charset() {
		text, name := c.text(sid, standard)
		if text != "" {
			out[uint32(g)] = text
		} else if name != "" {
			wanted[uint32(g)] = name
			names = append(names, name)
		}
	}
	known.learn(names)
	for g, n := range wanted {
		if s := known.known[n]; s != "" {
			out[g] = s
		}
	}
	return out
}
