// Package language tells in which language a customer writes.
//
// A [Detector] scores a text by the n-grams of its words, keeps to the
// languages of its script, and weighs the result against what is known
// beforehand, such as the languages a browser asks for. [ParseAcceptLanguage]
// and [Match] read those wishes and find the language that serves them.
//
// The n-gram tables are those of the npm package eld, converted; NOTICE in this
// directory gives the credit and the licence.
package language

import "strings"

// Detector tells languages apart. It does not change after [New] and is safe
// for concurrent use; any number of detectors share the same tables, which lie
// in the program file and not on the heap.
type Detector struct {
	tables tables
	names  map[string]uint8 // base language to table index
	masks  [scripts][maxLanguages]float32
}

// New returns a detector of all languages of the embedded tables.
func New() *Detector {
	// Tables that do not parse leave a detector that knows no language; a test
	// walks through every record of the embedded ones.
	t, err := parseTables(embeddedTables)
	if err != nil {
		return &Detector{}
	}
	return newDetector(t)
}

func newDetector(t tables) *Detector {
	d := &Detector{tables: t, names: make(map[string]uint8, len(t.codes))}
	for i, code := range t.codes {
		code = base(code)
		t.codes[i] = code
		d.names[code] = uint8(i)
		written, known := scriptsOf[code]
		if !known {
			written = []script{latin}
		}
		for _, s := range written {
			d.masks[s][i] = 1
		}
	}
	if japanese, ok := d.names["ja"]; ok {
		d.masks[han][japanese] = hanAloneJapanese
	}
	return d
}

// Languages are the languages the detector knows, as BCP 47 base languages in
// the order of the tables.
func (d *Detector) Languages() []string {
	return append([]string(nil), d.tables.codes...)
}

// Knows reports whether the detector can find the language of the tag.
func (d *Detector) Knows(tag string) bool {
	_, known := d.lookUp(base(tag))
	return known
}

// lookUp finds the table index of a base language; a language too near to one
// of the tables to be told from it shares its index.
func (d *Detector) lookUp(base string) (uint8, bool) {
	if i, ok := d.names[base]; ok {
		return i, true
	}
	i, ok := d.names[nearTwin(base)]
	return i, ok
}

// nearTwin is the language of the tables whose n-grams fit one they lack.
func nearTwin(base string) string {
	switch base {
	case "id":
		return "ms"
	case "bs":
		return "hr"
	case "ckb":
		return "ku"
	}
	return ""
}

// base is the base language of a tag in lower case, with codes that mean the
// same made one: Norwegian is nb in whatever way it is named.
func base(tag string) string {
	if end := strings.IndexAny(tag, "-_"); end >= 0 {
		tag = tag[:end]
	}
	tag = strings.ToLower(tag)
	switch tag {
	case "no", "nn", "nor", "nob", "nno":
		return "nb"
	case "iw":
		return "he"
	case "in":
		return "id"
	case "fil":
		return "tl"
	case "cmn", "yue":
		return "zh"
	case "mo":
		return "ro"
	}
	return tag
}
