package pdfdoc

import (
	"bytes"
	"fmt"
	"sort"

	"github.com/kundeagent/kundeagent/knowledge"
)

// entry says where an object is defined: in the file, or inside the unpacked
// bytes of an object stream. Its stream, if it has one, is always in the file.
type entry struct {
	num, gen int
	in       []byte // the file, or an unpacked object stream
	at       int    // of the object itself, after "obj"
	packed   bool   // inside an object stream: its strings are not encrypted
	stream   int    // where the stream's bytes begin, 0 when there is none
	end      int    // where they end
	bound    int    // where the next object begins
}

const (
	maxObjects     = 500_000
	maxTrailers    = 1_000
	maxPackedBytes = 64 << 20
)

// inventory is what a scan over a file found. The cross-reference table is not
// used at all: it is the part of a file that is most often wrong, and sizes it
// claims are the cheapest way to exhaust a reader's memory. Objects are found
// where they are written; of several with one number the last counts, as an
// appended update intends.
type inventory struct {
	data    []byte
	entries []entry
	byNum   map[int]int // object number to index in entries
	trailer map[string]obj
	encrypt obj
	work    int // bytes that may still be read

	exhausted bool // work was used up: what follows would be incomplete
}

// scan takes stock of a file.
func scan(data []byte) *inventory {
	inv := &inventory{data: data, byNum: map[int]int{}, trailer: map[string]obj{}, work: 4*len(data) + 1<<20}
	pos := 0
	noEndStream := len(data)
	for pos < len(data) && len(inv.entries) < maxObjects {
		i := bytes.Index(data[pos:], []byte("obj"))
		if i < 0 {
			break
		}
		mark := pos + i
		num, gen, ok := objectMark(data, mark, pos)
		if !ok {
			pos = mark + 3
			continue
		}
		e := entry{num: num, gen: gen, in: data, at: mark + 3}
		pos = inv.measure(&e, &noEndStream)
		inv.add(e)
		if inv.work < 0 {
			inv.exhausted = true
			break
		}
	}
	inv.work = 8*len(data) + 16<<20
	for i := range inv.entries {
		inv.exactLength(&inv.entries[i])
	}
	inv.findTrailers()
	return inv
}

func (inv *inventory) add(e entry) {
	inv.byNum[e.num] = len(inv.entries)
	inv.entries = append(inv.entries, e)
}

// objectMark reads the numbers before "obj" at mark, not looking before floor.
func objectMark(b []byte, mark, floor int) (num, gen int, ok bool) {
	if mark+3 < len(b) && charClass(b[mark+3]) == 0 && (b[mark+3] < '0' || b[mark+3] > '9') {
		return 0, 0, false
	}
	i := mark
	number := func(maxDigits int) (int, bool) {
		for i > floor && isSpace(b[i-1]) {
			i--
		}
		v, digits, unit := 0, 0, 1
		for i > floor && b[i-1] >= '0' && b[i-1] <= '9' && digits <= maxDigits {
			i--
			v += int(b[i]-'0') * unit
			unit *= 10
			digits++
		}
		return v, digits > 0 && digits <= maxDigits
	}
	if gen, ok = number(5); !ok {
		return 0, 0, false
	}
	if i == floor || !isSpace(b[i-1]) {
		return 0, 0, false
	}
	num, ok = number(10)
	return num, gen, ok
}

// measure finds the end of an object and of its stream and returns where to
// look for the next object.
func (inv *inventory) measure(e *entry, noEndStream *int) int {
	p := objectParser{lexer: lexer{b: inv.data, pos: e.at}, refs: true}
	o := p.object()
	inv.work -= p.pos - e.at
	if p.broken {
		e.bound = len(inv.data)
		return e.at
	}
	e.bound = p.pos
	if o.kind != objDict {
		return p.pos
	}
	if t := p.next(); !t.is("stream") {
		inv.noteTrailer(o)
		return e.bound
	}
	b, start := inv.data, p.pos
	for start < len(b) && (b[start] == ' ' || b[start] == '\t') {
		start++
	}
	if start < len(b) && b[start] == '\r' {
		start++
	}
	if start < len(b) && b[start] == '\n' {
		start++
	}
	e.stream = start
	if n := o.dict["Length"]; n.kind == objInt && n.n >= 0 && n.n <= int64(len(b)-start) && endsAt(b, start+int(n.n)) {
		e.end = start + int(n.n)
	} else {
		e.end = inv.streamEnd(start, noEndStream)
	}
	if o.dict["Type"].s == "XRef" {
		inv.noteTrailer(o)
	}
	e.bound = e.end
	return e.end
}

// endsAt reports whether "endstream" follows at pos but for white space.
func endsAt(b []byte, pos int) bool {
	if pos < 0 || pos > len(b) {
		return false
	}
	for k := 0; k < 4 && pos < len(b) && isSpace(b[pos]); k++ {
		pos++
	}
	return bytes.HasPrefix(b[pos:], []byte("endstream"))
}

func (inv *inventory) streamEnd(start int, noEndStream *int) int {
	b := inv.data
	end := len(b)
	if start < *noEndStream {
		if i := bytes.Index(b[start:], []byte("endstream")); i >= 0 {
			end = start + i
		} else {
			*noEndStream = start
		}
	}
	if end == len(b) {
		if i := bytes.Index(b[start:], []byte("endobj")); i >= 0 {
			end = start + i
		}
	}
	inv.work -= (end - start) / 8
	if end > start && b[end-1] == '\n' {
		end--
	}
	if end > start && b[end-1] == '\r' {
		end--
	}
	return end
}

// exactLength trusts a length held in another object once that is known,
// because one byte more or less breaks a block cipher.
func (inv *inventory) exactLength(e *entry) {
	if e.stream == 0 {
		return
	}
	o := inv.parse(*e)
	if r := o.dict["Length"]; r.kind == objRef {
		if n := inv.resolve(r); n.kind == objInt && n.n >= 0 && n.n <= int64(len(inv.data)-e.stream) && endsAt(inv.data, e.stream+int(n.n)) {
			e.end = e.stream + int(n.n)
		}
	}
}

// parse reads the object of an entry again: keeping all of them would take many
// times the size of the file.
func (inv *inventory) parse(e entry) obj {
	if inv.work < 0 {
		inv.exhausted = true
		return obj{}
	}
	p := objectParser{lexer: lexer{b: e.in, pos: e.at}, refs: true}
	o := p.object()
	inv.work -= p.pos - e.at
	if p.broken {
		return obj{}
	}
	return o
}

// resolve follows one reference, and none beyond that.
func (inv *inventory) resolve(o obj) obj {
	if o.kind != objRef {
		return o
	}
	if i, ok := inv.byNum[int(o.n)]; ok {
		return inv.parse(inv.entries[i])
	}
	return obj{}
}

// noteTrailer keeps what a trailer says; later ones win.
func (inv *inventory) noteTrailer(o obj) {
	if o.dict["Root"].kind != objRef {
		return
	}
	for _, k := range []string{"Root", "Info", "ID"} {
		if v, ok := o.dict[k]; ok {
			inv.trailer[k] = v
		}
	}
	if v, ok := o.dict["Encrypt"]; ok && v.kind != objNull {
		inv.encrypt = v
	}
}

// findTrailers reads the trailers that stand between objects.
func (inv *inventory) findTrailers() {
	pos := 0
	for range maxTrailers {
		i := bytes.Index(inv.data[pos:], []byte("trailer"))
		if i < 0 {
			return
		}
		at := pos + i
		pos = at + len("trailer")
		k := sort.Search(len(inv.entries), func(k int) bool { return inv.entries[k].at > at })
		if k > 0 && inv.entries[k-1].stream > 0 && at < inv.entries[k-1].end {
			continue
		}
		p := objectParser{lexer: lexer{b: inv.data, pos: pos}, refs: true}
		if o := p.object(); o.kind == objDict && !p.broken {
			inv.noteTrailer(o)
		}
		if inv.work -= p.pos - pos; inv.work < 0 {
			return
		}
	}
}

// filtersOf reads the filters of a stream's dictionary.
func filtersOf(o obj, get func(obj) obj) []filter {
	pick := func(long, short string) obj {
		if v := get(o.dict[long]); v.kind != objNull {
			return v
		}
		return get(o.dict[short])
	}
	names, parms := pick("Filter", "F"), pick("DecodeParms", "DP")
	if names.kind == objName {
		names = obj{kind: objArray, arr: []obj{names}}
		if parms.kind == objDict {
			parms = obj{kind: objArray, arr: []obj{parms}}
		}
	}
	var out []filter
	for i, n := range names.arr {
		if i >= maxFilters+1 {
			break
		}
		f := filter{name: get(n).s, colors: 1, bpc: 8, column: 1, earlyChange: 1}
		if i < len(parms.arr) && (f.name == "FlateDecode" || f.name == "Fl" || f.name == "LZWDecode" || f.name == "LZW") {
			p := get(parms.arr[i])
			number := func(key string, to *int) {
				if v := get(p.dict[key]); v.kind == objInt && v.n >= 0 && v.n < 1<<20 {
					*to = int(v.n)
				}
			}
			number("Predictor", &f.predictor)
			number("Colors", &f.colors)
			number("BitsPerComponent", &f.bpc)
			number("Columns", &f.column)
			number("EarlyChange", &f.earlyChange)
		}
		out = append(out, f)
	}
	return out
}

// unpackObjectStreams adds the objects inside object streams. An object that
// was also written later in the file keeps its later version.
func (inv *inventory) unpackObjectStreams(u *unpacker, crypt *decrypter) error {
	written := len(inv.entries)
	left := maxPackedBytes
	for i := 0; i < written; i++ {
		e := inv.entries[i]
		if e.stream == 0 {
			continue
		}
		o := inv.parse(e)
		if o.dict["Type"].s != "ObjStm" || inv.byNum[e.num] != i {
			continue
		}
		raw := crypt.stream(inv.data[e.stream:e.end], e.num, e.gen)
		b, err := u.unpack(raw, filtersOf(o, inv.resolve))
		if err != nil {
			return err
		}
		if left -= len(b); left < 0 {
			return fmt.Errorf("object streams unpack to more than %d bytes: %w", maxPackedBytes, knowledge.ErrTooLarge)
		}
		inv.work += 4 * len(b)
		inv.addPacked(b, int(inv.resolve(o.dict["First"]).n), int(inv.resolve(o.dict["N"]).n), i, written)
	}
	return nil
}

func (inv *inventory) addPacked(b []byte, first, n, container, written int) {
	head := lexer{b: b}
	for k := 0; k < n && len(inv.entries) < maxObjects; k++ {
		num, off := head.next(), head.next()
		if num.kind != tokInt || off.kind != tokInt {
			return
		}
		at := int64(first) + off.n
		if at < 0 || at >= int64(len(b)) || num.n < 0 || num.n > 1<<31 {
			continue
		}
		if old, ok := inv.byNum[int(num.n)]; ok && old < written && old > container {
			continue
		}
		inv.add(entry{num: int(num.n), in: b, at: int(at), packed: true})
	}
}
