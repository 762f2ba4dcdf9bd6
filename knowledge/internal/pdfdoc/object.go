package pdfdoc

// objKind is the type of a parsed object.
type objKind uint8

const (
	objNull objKind = iota
	objBool
	objInt
	objReal
	objString
	objName
	objArray
	objDict
	objRef
)

// obj is one parsed object. n holds an integer, a truth value or the number of
// a reference; f holds any number, and the generation of a reference.
type obj struct {
	kind objKind
	n    int64
	f    float64
	s    string
	arr  []obj
	dict map[string]obj
}

const (
	maxNesting     = 100     // arrays and dictionaries within each other
	maxObjectNodes = 400_000 // values within one object
)

// objectParser reads whole objects. broken is set when the object was cut off,
// nested too deeply or had too many parts.
type objectParser struct {
	lexer
	refs   bool // "1 0 R" is a reference: true in files, false in content
	nodes  int
	broken bool
}

func (p *objectParser) object() obj {
	p.nodes, p.broken = 0, false
	return p.value(p.next(), 0)
}

func (p *objectParser) value(t token, depth int) obj {
	p.nodes++
	if p.nodes > maxObjectNodes || depth > maxNesting {
		p.broken = true
		return obj{}
	}
	switch t.kind {
	case tokInt:
		if p.refs {
			if o, ok := p.reference(t); ok {
				return o
			}
		}
		return obj{kind: objInt, n: t.n, f: t.f}
	case tokReal:
		return obj{kind: objReal, f: t.f, n: int64(t.f)}
	case tokString:
		return obj{kind: objString, s: string(t.raw)}
	case tokName:
		return obj{kind: objName, s: string(t.raw)}
	case tokEOF:
		p.broken = true
		return obj{}
	}
	switch string(t.raw) {
	case "[":
		return p.array(depth)
	case "<<":
		return p.dict(depth)
	case "true", "false":
		o := obj{kind: objBool}
		if t.raw[0] == 't' {
			o.n = 1
		}
		return o
	}
	return obj{}
}

func (p *objectParser) reference(t token) (obj, bool) {
	at := p.pos
	if t.n >= 0 && t.n < 1<<31 {
		if g := p.next(); g.kind == tokInt && g.n >= 0 && g.n < 1<<16 {
			if r := p.next(); r.is("R") {
				return obj{kind: objRef, n: t.n, f: float64(g.n)}, true
			}
		}
	}
	p.pos = at
	return obj{}, false
}

// structural reports a keyword that ends a file's object: an array or
// dictionary that reaches it was never closed.
func structural(t token) bool {
	return t.is("endobj") || t.is("obj") || t.is("stream") || t.is("endstream") || t.is("xref") || t.is("trailer")
}

func (p *objectParser) array(depth int) obj {
	o := obj{kind: objArray}
	for !p.broken {
		at := p.pos
		t := p.next()
		if t.is("]") {
			return o
		}
		if p.refs && structural(t) {
			p.pos = at
			return o
		}
		if t.is(">>") || t.is(">") || t.is(")") {
			continue
		}
		v := p.value(t, depth+1)
		if p.broken {
			return o
		}
		if t.kind == tokKeyword && v.kind == objNull && !t.is("null") {
			continue // a stray operator among the elements
		}
		o.arr = append(o.arr, v)
	}
	return o
}

func (p *objectParser) dict(depth int) obj {
	o := obj{kind: objDict, dict: map[string]obj{}}
	for !p.broken {
		at := p.pos
		t := p.next()
		if t.is(">>") || t.is(">") {
			return o
		}
		if t.kind == tokEOF || p.refs && structural(t) {
			p.broken = t.kind == tokEOF && depth > 0
			p.pos = at
			return o
		}
		if t.kind != tokName {
			continue
		}
		key := string(t.raw)
		at = p.pos
		t = p.next()
		if t.is(">>") {
			return o
		}
		if p.refs && structural(t) {
			p.pos = at
			return o
		}
		o.dict[key] = p.value(t, depth+1)
	}
	return o
}
