package pdfdoc

import (
	"math"
)

// tokenKind names the lexical classes that files, content streams and
// character maps share.
type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokInt
	tokReal
	tokString
	tokName
	tokKeyword // an operator, or one of [ ] << >> { }
)

// token is one lexical unit. raw is the decoded name or string, or the keyword
// itself; it is only valid until the lexer's input changes.
type token struct {
	kind tokenKind
	n    int64
	f    float64
	raw  []byte
}

func (t token) is(keyword string) bool { return t.kind == tokKeyword && string(t.raw) == keyword }

// lexer reads tokens leniently: what readers in the field accept must not stop
// it. It always advances, so a loop over next ends.
type lexer struct {
	b   []byte
	pos int
}

// charClass: 0 regular, 1 white space, 2 delimiter.
func charClass(c byte) int {
	switch c {
	case 0, '\t', '\n', '\f', '\r', ' ':
		return 1
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return 2
	}
	return 0
}

func isSpace(c byte) bool { return charClass(c) == 1 }

func (l *lexer) skipSpace() {
	for l.pos < len(l.b) {
		c := l.b[l.pos]
		if c == '%' {
			for l.pos < len(l.b) && l.b[l.pos] != '\n' && l.b[l.pos] != '\r' {
				l.pos++
			}
			continue
		}
		if !isSpace(c) {
			return
		}
		l.pos++
	}
}

// next returns the next token, tokEOF at the end.
func (l *lexer) next() token {
	l.skipSpace()
	if l.pos >= len(l.b) {
		return token{kind: tokEOF}
	}
	start := l.pos
	switch c := l.b[l.pos]; c {
	case '(':
		return token{kind: tokString, raw: l.literal()}
	case '/':
		return token{kind: tokName, raw: l.name()}
	case '<':
		if l.pos+1 < len(l.b) && l.b[l.pos+1] == '<' {
			l.pos += 2
			return token{kind: tokKeyword, raw: l.b[start:l.pos]}
		}
		return token{kind: tokString, raw: l.hexString()}
	case '>':
		l.pos++
		if l.pos < len(l.b) && l.b[l.pos] == '>' {
			l.pos++
		}
		return token{kind: tokKeyword, raw: l.b[start:l.pos]}
	case '[', ']', '{', '}', ')':
		l.pos++
		return token{kind: tokKeyword, raw: l.b[start:l.pos]}
	}
	for l.pos < len(l.b) && charClass(l.b[l.pos]) == 0 {
		l.pos++
	}
	return word(l.b[start:l.pos])
}

// word classifies a run of regular characters. Numbers with stray signs or
// points, as "--5" or "1.2.3", are read as far as they make sense.
func word(w []byte) token {
	if c := w[0]; (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
		return token{kind: tokKeyword, raw: w}
	}
	i, neg := 0, false
	for i < len(w) && (w[i] == '+' || w[i] == '-') {
		neg = neg || w[i] == '-'
		i++
	}
	var v float64
	digits, point, scale := 0, false, 1.0
	for ; i < len(w); i++ {
		c := w[i]
		if c >= '0' && c <= '9' {
			digits++
			if point {
				scale /= 10
				v += float64(c-'0') * scale
			} else {
				v = v*10 + float64(c-'0')
			}
			continue
		}
		if c == '.' && !point {
			point = true
			continue
		}
		if c == '-' || c == '.' {
			break
		}
		return token{kind: tokKeyword, raw: w}
	}
	if digits == 0 && !point {
		return token{kind: tokKeyword, raw: w}
	}
	if neg {
		v = -v
	}
	if point || math.Abs(v) > 1<<53 {
		return token{kind: tokReal, f: v}
	}
	return token{kind: tokInt, n: int64(v), f: v}
}

func (l *lexer) literal() []byte {
	l.pos++
	var out []byte
	depth := 1
	for l.pos < len(l.b) {
		c := l.b[l.pos]
		l.pos++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return out
			}
		case '\\':
			out = l.escape(out)
			continue
		}
		out = append(out, c)
	}
	return out
}

func (l *lexer) escape(out []byte) []byte {
	if l.pos >= len(l.b) {
		return out
	}
	c := l.b[l.pos]
	l.pos++
	switch c {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case '\n':
		return out
	case '\r':
		if l.pos < len(l.b) && l.b[l.pos] == '\n' {
			l.pos++
		}
		return out
	case '0', '1', '2', '3', '4', '5', '6', '7':
		x := int(c - '0')
		for k := 0; k < 2 && l.pos < len(l.b) && l.b[l.pos] >= '0' && l.b[l.pos] <= '7'; k++ {
			x = x*8 + int(l.b[l.pos]-'0')
			l.pos++
		}
		return append(out, byte(x))
	}
	return append(out, c) // the backslash of an unknown escape is ignored
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *lexer) hexString() []byte {
	l.pos++
	var out []byte
	half := -1
	for l.pos < len(l.b) {
		c := l.b[l.pos]
		l.pos++
		if c == '>' {
			break
		}
		v := hexValue(c)
		if v < 0 {
			continue
		}
		if half < 0 {
			half = v
		} else {
			out = append(out, byte(half<<4|v))
			half = -1
		}
	}
	if half >= 0 {
		out = append(out, byte(half<<4))
	}
	return out
}

func (l *lexer) name() []byte {
	l.pos++
	start := l.pos
	plain := true
	for l.pos < len(l.b) && charClass(l.b[l.pos]) == 0 {
		plain = plain && l.b[l.pos] != '#'
		l.pos++
	}
	raw := l.b[start:l.pos]
	if plain {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) && hexValue(raw[i+1]) >= 0 && hexValue(raw[i+2]) >= 0 {
			out = append(out, byte(hexValue(raw[i+1])<<4|hexValue(raw[i+2])))
			i += 2
			continue
		}
		out = append(out, raw[i])
	}
	return out
}
