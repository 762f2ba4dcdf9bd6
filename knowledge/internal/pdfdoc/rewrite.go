package pdfdoc

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"

	"github.com/ledongthuc/pdf"

	"github.com/kundeagent/kundeagent/knowledge"
)

// Keys added to every indirect dictionary of the rewritten file: its number,
// for telling objects apart, and the number of its stream.
const (
	keyObject = "KundeObj"
	keyStream = "KundeStm"
)

// storedStream is where a stream's packed bytes are.
type storedStream struct {
	start, end, num, gen int
}

// file is an opened document: the library's reader over a rewritten copy of
// the objects, and the streams of the original.
type file struct {
	reader  *pdf.Reader
	data    []byte
	streams []storedStream
	crypt   *decrypter
	unpack  unpacker
	glyphs  glyphNames
}

// open makes any file that holds objects readable. The object library trusts
// sizes, lengths and chains that a file states, and some of its failures cannot
// be recovered from; so it is never shown the original. It reads a plain copy
// that is written here: dense numbers, a correct table, nothing packed or
// encrypted, bounded nesting. Streams stay outside that copy and are unpacked
// by the filters of this package when their text is wanted.
func open(data []byte, lim Limits) (*file, error) {
	if i := bytes.Index(data[:min(len(data), 4096)], []byte("%PDF-")); i > 0 {
		data = data[i:]
	}
	inv := scan(data)
	if len(inv.entries) == 0 {
		return nil, fmt.Errorf("no objects: %w", knowledge.ErrMalformed)
	}
	f := &file{data: data, unpack: unpacker{maxStream: lim.MaxStream, left: 4 * lim.MaxStream}, glyphs: glyphNames{known: map[string]string{}, left: maxGlyphNames}}
	var err error
	if f.crypt, err = newDecrypter(inv); err != nil {
		return nil, err
	}
	if err = inv.unpackObjectStreams(&f.unpack, f.crypt); err != nil {
		return nil, err
	}
	w := &rewriter{inv: inv, f: f, numbers: map[int]int{}}
	copyOf := w.rewrite()
	if inv.exhausted {
		return nil, fmt.Errorf("objects overlap without end: %w", knowledge.ErrMalformed)
	}
	f.reader, err = pdf.NewReader(&meteredCopy{b: copyOf, left: maxReread + len(copyOf)}, int64(len(copyOf)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", knowledge.ErrMalformed, err)
	}
	return f, nil
}

// maxReread is how many bytes of large objects may be read beyond once each. The object library keeps nothing it has read, so a
// large object that many others refer to is parsed each time.
const maxReread = 24 << 20

var errReread = fmt.Errorf("objects are referred to too often: %w", knowledge.ErrTooLarge)

// meteredCopy is the plain copy as the object library reads it. It panics when
// the budget is used up: the library has no other way out.
type meteredCopy struct {
	b    []byte
	left int
}

// ReadAt implements io.ReaderAt. The library reads in aligned blocks, the first
// one cut short: the first counts little because most of it is not parsed.
func (m *meteredCopy) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(m.b)) {
		return 0, io.EOF
	}
	n := copy(p, m.b[off:])
	if off%readBlock == 0 {
		m.left -= n
	} else {
		m.left -= min(n, readBlock/16)
	}
	if m.left < 0 {
		panic(errReread)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

const readBlock = 4096

// rewriter writes the plain copy.
type rewriter struct {
	inv     *inventory
	f       *file
	out     bytes.Buffer
	numbers map[int]int // number in the original to number in the copy
	offsets []int
	pages   []int // objects that call themselves pages, for a broken tree
	catalog int   // the last object that calls itself a catalogue
}

func (w *rewriter) rewrite() []byte {
	live := make([]int, 0, len(w.inv.byNum))
	for _, i := range w.inv.byNum {
		live = append(live, i)
	}
	sort.Slice(live, func(a, b int) bool { return w.inv.entries[live[a]].num < w.inv.entries[live[b]].num })
	for k, i := range live {
		w.numbers[w.inv.entries[i].num] = k + 1
	}
	w.out.WriteString("%PDF-1.7\n")
	for k, i := range live {
		w.offsets = append(w.offsets, w.out.Len())
		w.object(k+1, w.inv.entries[i])
	}
	table := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0 65535 f\n", len(w.offsets)+1)
	for _, off := range w.offsets {
		fmt.Fprintf(&w.out, "%d 0 n\n", off)
	}
	fmt.Fprintf(&w.out, "trailer\n<</Size %d", len(w.offsets)+1)
	for _, k := range []string{"Root", "Info"} {
		w.out.WriteString("/" + k + " ")
		w.value(w.inv.trailer[k], entry{packed: true}, 0)
	}
	if w.catalog > 0 {
		fmt.Fprintf(&w.out, "/LastCatalog %d 0 R", w.catalog)
	}
	w.out.WriteString("/AllPages[")
	for _, n := range w.pages {
		fmt.Fprintf(&w.out, "%d 0 R ", n)
	}
	fmt.Fprintf(&w.out, "]>>\nstartxref\n%d\n%%%%EOF\n", table)
	return w.out.Bytes()
}

func (w *rewriter) object(number int, e entry) {
	o := w.inv.parse(e)
	fmt.Fprintf(&w.out, "%d 0 obj\n", number)
	if o.kind == objDict {
		switch o.dict["Type"].s {
		case "Page":
			w.pages = append(w.pages, number)
		case "Catalog":
			w.catalog = number
		case "ObjStm", "XRef":
			o = obj{}
		}
	}
	if o.kind == objDict {
		delete(o.dict, keyStream)
		o.dict[keyObject] = obj{kind: objInt, n: int64(number)}
		if e.stream > 0 {
			w.f.streams = append(w.f.streams, storedStream{e.stream, e.end, e.num, e.gen})
			o.dict[keyStream] = obj{kind: objInt, n: int64(len(w.f.streams))}
		}
	}
	if o.kind == objRef { // an object that is a reference would be a chain without end
		o = obj{}
	}
	w.value(o, e, 0)
	w.out.WriteString("\nendobj\n")
}

func (w *rewriter) value(o obj, e entry, depth int) {
	switch o.kind {
	case objBool:
		w.out.WriteString(strconv.FormatBool(o.n != 0))
	case objInt:
		w.out.WriteString(strconv.FormatInt(o.n, 10))
	case objReal:
		if math.IsInf(o.f, 0) || math.Abs(o.f) > 1e15 {
			o.f = 0
		}
		s := strconv.FormatFloat(o.f, 'f', 6, 64)
		w.out.WriteString(s)
	case objString:
		s := o.s
		if !e.packed {
			s = w.f.crypt.str(s, e.num, e.gen)
		}
		w.str(s)
	case objName:
		w.name(o.s)
	case objRef:
		if n, ok := w.numbers[int(o.n)]; ok {
			fmt.Fprintf(&w.out, "%d 0 R", n)
		} else {
			w.out.WriteString("null")
		}
	case objArray:
		w.out.WriteByte('[')
		for _, v := range o.arr {
			w.value(v, e, depth+1)
			w.out.WriteByte(' ')
		}
		w.out.WriteByte(']')
	case objDict:
		w.out.WriteString("<<")
		for k, v := range o.dict {
			if depth > 0 && (k == keyObject || k == keyStream) {
				continue
			}
			w.name(k)
			w.out.WriteByte(' ')
			w.value(v, e, depth+1)
		}
		w.out.WriteString(">>")
	default:
		w.out.WriteString("null")
	}
}

func (w *rewriter) str(s string) {
	w.out.WriteByte('(')
	for i := 0; i < len(s); i++ {
		if s[i] == '(' || s[i] == ')' || s[i] == '\\' {
			w.out.WriteByte('\\')
		}
		w.out.WriteByte(s[i])
	}
	w.out.WriteByte(')')
}

func (w *rewriter) name(s string) {
	w.out.WriteByte('/')
	for i := 0; i < len(s); i++ {
		if c := s[i]; charClass(c) != 0 || c == '#' || c < '!' || c > '~' {
			fmt.Fprintf(&w.out, "#%02x", c)
		} else {
			w.out.WriteByte(c)
		}
	}
}

// objectID tells indirect dictionaries apart; 0 for direct ones.
func objectID(v pdf.Value) int64 { return v.Key(keyObject).Int64() }

func isStream(v pdf.Value) bool { return v.Key(keyStream).Int64() > 0 }

// content returns a stream's unpacked bytes, nil when v is no stream.
func (f *file) content(v pdf.Value) ([]byte, error) {
	n := v.Key(keyStream).Int64()
	if n < 1 || n > int64(len(f.streams)) {
		return nil, nil
	}
	s := f.streams[n-1]
	raw := f.data[s.start:s.end]
	if v.Key("Type").Name() != "Metadata" || !bytes.Contains(raw[:min(len(raw), 200)], []byte("xpacket")) {
		raw = f.crypt.stream(raw, s.num, s.gen)
	}
	filters := valueFilters(v)
	if len(filters) == 0 {
		if f.unpack.left -= len(raw); f.unpack.left < 0 {
			return nil, errUnpackBudget
		}
	}
	return f.unpack.unpack(raw, filters)
}

// valueFilters reads the filters of a stream's dictionary.
func valueFilters(v pdf.Value) []filter {
	one := func(name pdf.Value, p pdf.Value) filter {
		f := filter{name: name.Name(), colors: 1, bpc: 8, column: 1, earlyChange: 1}
		number := func(key string, to *int) {
			if x := p.Key(key); x.Kind() == pdf.Integer && x.Int64() >= 0 && x.Int64() < 1<<20 {
				*to = int(x.Int64())
			}
		}
		if f.name == "FlateDecode" || f.name == "LZWDecode" || f.name == "Fl" || f.name == "LZW" {
			number("Predictor", &f.predictor)
			number("Colors", &f.colors)
			number("BitsPerComponent", &f.bpc)
			number("Columns", &f.column)
			number("EarlyChange", &f.earlyChange)
		}
		return f
	}
	names, parms := v.Key("Filter"), v.Key("DecodeParms")
	switch names.Kind() {
	case pdf.Name:
		if parms.Kind() == pdf.Array {
			parms = parms.Index(0)
		}
		return []filter{one(names, parms)}
	case pdf.Array:
		var out []filter
		for i := 0; i < names.Len() && i <= maxFilters; i++ {
			out = append(out, one(names.Index(i), parms.Index(i)))
		}
		return out
	}
	return nil
}
