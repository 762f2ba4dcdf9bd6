package pdfdoc

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"fmt"
	"io"

	"github.com/kundeagent/kundeagent/knowledge"
)

// filter is one step of unpacking with the parameters that matter to text.
type filter struct {
	name                           string
	predictor, colors, bpc, column int
	earlyChange                    int
}

const maxFilters = 8

// unpacker applies filters within a budget shared by a whole file.
type unpacker struct {
	maxStream int
	left      int // bytes all further streams may unpack to
}

// unpack applies the filters in order. Damaged data yields what could be read;
// only a passed limit is an error. Image filters yield nothing.
func (u *unpacker) unpack(raw []byte, filters []filter) ([]byte, error) {
	if len(filters) > maxFilters {
		return nil, nil
	}
	out := raw
	for _, f := range filters {
		limit := min(u.maxStream, u.left)
		var err error
		switch f.name {
		case "FlateDecode", "Fl":
			out, err = inflate(out, limit)
		case "LZWDecode", "LZW":
			out, err = lzwDecode(out, f.earlyChange, limit)
		case "ASCIIHexDecode", "AHx":
			out = append(make([]byte, 0, len(out)/2+1), (&lexer{b: append([]byte{'<'}, out...)}).hexString()...)
		case "ASCII85Decode", "A85":
			out, err = ascii85Decode(out, limit)
		case "RunLengthDecode", "RL":
			out, err = runLengthDecode(out, limit)
		case "Crypt":
		default:
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		u.left -= len(out)
		if u.left < 0 {
			return nil, errUnpackBudget
		}
		if f.predictor > 1 {
			out = unpredict(out, f)
		}
	}
	return out, nil
}

var errUnpackBudget = fmt.Errorf("streams unpack to more than the file's budget: %w", knowledge.ErrTooLarge)

func tooLargeStream(limit int) error {
	return fmt.Errorf("stream unpacks to more than %d bytes: %w", limit, knowledge.ErrTooLarge)
}

// inflate tries the zlib wrapper first and the bare deflate stream after it,
// because damaged headers and missing checksums are common.
func inflate(in []byte, limit int) ([]byte, error) {
	for len(in) > 0 && isSpace(in[0]) {
		in = in[1:]
	}
	if zr, err := zlib.NewReader(bytes.NewReader(in)); err == nil {
		return readLimited(zr, limit)
	}
	if len(in) < 3 {
		return nil, nil
	}
	return readLimited(flate.NewReader(bytes.NewReader(in[2:])), limit)
}

func readLimited(r io.Reader, limit int) ([]byte, error) {
	out, _ := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if len(out) > limit {
		return nil, tooLargeStream(limit)
	}
	return out, nil
}

// lzwEntry is a text of the table: a shorter one and its last byte.
type lzwEntry struct {
	prev, size int32
	last       byte
}

type lzwTable [4096]lzwEntry

func newLZWTable() *lzwTable {
	t := &lzwTable{}
	for i := range 256 {
		t[i] = lzwEntry{-1, 1, byte(i)}
	}
	return t
}

// expand appends the text of a code.
func (t *lzwTable) expand(out []byte, code int) []byte {
	n := int(t[code].size)
	at := len(out)
	out = append(out, make([]byte, n)...)
	for i := n - 1; i >= 0 && code >= 0; i-- {
		out[at+i] = t[code].last
		code = int(t[code].prev)
	}
	return out
}

// lzwDecode reads variable-width codes of 9 to 12 bits, high bit first.
func lzwDecode(in []byte, early, limit int) ([]byte, error) {
	const clear, end = 256, 257
	table := newLZWTable()
	next, width, prev := 258, 9, -1
	var out []byte
	acc, bits := 0, 0
	for _, b := range in {
		acc = acc<<8 | int(b)
		bits += 8
		if bits < width {
			continue
		}
		bits -= width
		code := acc >> bits & (1<<width - 1)
		acc &= 1<<bits - 1
		if code == end {
			break
		}
		if code == clear {
			next, width, prev = 258, 9, -1
			continue
		}
		if code > next || code == next && prev < 0 {
			break
		}
		start := len(out)
		if code == next {
			out = table.expand(out, prev)
			out = append(out, out[start])
		} else {
			out = table.expand(out, code)
		}
		if len(out) > limit {
			return nil, tooLargeStream(limit)
		}
		if prev >= 0 && next < 4096 {
			table[next] = lzwEntry{int32(prev), table[prev].size + 1, out[start]}
			next++
		}
		prev = code
		if next+early >= 1<<width && width < 12 {
			width++
		}
	}
	return out, nil
}

// ascii85Decode reads groups of five characters, skipping what is not one.
func ascii85Decode(in []byte, limit int) ([]byte, error) {
	out := make([]byte, 0, min(len(in)/5*4+4, limit))
	var v uint32
	n := 0
	flush := func(keep int) {
		b := [4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
		out = append(out, b[:keep]...)
		v, n = 0, 0
	}
	for _, c := range in {
		if len(out) > limit {
			return nil, tooLargeStream(limit)
		}
		switch {
		case c == '~':
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
			continue
		case c >= '!' && c <= 'u':
			v = v*85 + uint32(c-'!')
			if n++; n == 5 {
				flush(4)
			}
			continue
		default:
			continue
		}
		break
	}
	if n > 1 {
		keep := n - 1
		for ; n < 5; n++ {
			v = v*85 + 84
		}
		flush(keep)
	}
	return out, nil
}

func runLengthDecode(in []byte, limit int) ([]byte, error) {
	var out []byte
	for i := 0; i < len(in) && in[i] != 128; {
		n := int(in[i])
		i++
		if n < 128 {
			n = min(n+1, len(in)-i)
			out = append(out, in[i:i+n]...)
			i += n
		} else if i < len(in) {
			out = append(out, bytes.Repeat(in[i:i+1], 257-n)...)
			i++
		}
		if len(out) > limit {
			return nil, tooLargeStream(limit)
		}
	}
	return out, nil
}

// unpredict undoes the PNG predictors row by row, each row naming its own, and
// the TIFF predictor for whole bytes.
func unpredict(in []byte, f filter) []byte {
	bpp := max(1, f.colors*f.bpc/8)
	row := (f.colors*f.bpc*f.column + 7) / 8
	if row <= 0 || row > len(in) {
		return in
	}
	if f.predictor == 2 {
		if f.bpc != 8 {
			return in
		}
		for at := 0; at+row <= len(in); at += row {
			for i := bpp; i < row; i++ {
				in[at+i] += in[at+i-bpp]
			}
		}
		return in
	}
	out := make([]byte, 0, len(in))
	prev := make([]byte, row)
	for at := 0; at < len(in); at += row + 1 {
		line := make([]byte, row)
		copy(line, in[at+1:min(len(in), at+1+row)])
		pngRow(in[at], line, prev, bpp)
		out = append(out, line...)
		prev = line
	}
	return out
}

func pngRow(kind byte, line, up []byte, bpp int) {
	for i := range line {
		var left, upLeft byte
		if i >= bpp {
			left, upLeft = line[i-bpp], up[i-bpp]
		}
		switch kind {
		case 1:
			line[i] += left
		case 2:
			line[i] += up[i]
		case 3:
			line[i] += byte((int(left) + int(up[i])) / 2)
		case 4:
			line[i] += paeth(left, up[i], upLeft)
		}
	}
}

func paeth(a, b, c byte) byte {
	abs := func(x int) int { return max(x, -x) }
	pa := abs(int(b) - int(c))
	pb := abs(int(a) - int(c))
	pc := abs(int(a) + int(b) - 2*int(c))
	if pa <= pb && pa <= pc {
		return a
	}
	if pb <= pc {
		return b
	}
	return c
}
