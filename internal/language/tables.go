package language

import (
	_ "embed"
	"errors"
)

// embeddedTables is written by gen/convert.mjs, which describes its form; see
// NOTICE for where the figures come from. It is read in place: it takes part
// of the program file, and none of the heap.
//
//go:embed tables.bin
var embeddedTables string

const (
	maxLanguages = 64 // room for the languages of a table
	maxKeyBytes  = 6  // the longest key: space, four bytes, space
	scoreFloor   = 53 // what the tables leave off every score
)

// tables finds the scores of an n-gram.
type tables struct {
	codes      []string // ISO 639-1, by language index
	offsets    string   // 3 bytes a bucket, and the end
	records    string
	bucketBits uint
}

var errTables = errors.New("language: tables are malformed")

// parseTables reads the head of data. It trusts the records, which a test
// walks through.
func parseTables(data string) (tables, error) {
	const magic = "LNG1"
	if len(data) < len(magic)+1 || data[:len(magic)] != magic {
		return tables{}, errTables
	}
	count := int(data[len(magic)])
	data = data[len(magic)+1:]
	if count == 0 || count > maxLanguages || len(data) < 2*count+1 {
		return tables{}, errTables
	}
	var t tables
	for i := range count {
		t.codes = append(t.codes, data[2*i:2*i+2])
	}
	t.bucketBits = uint(data[2*count])
	data = data[2*count+1:]
	if t.bucketBits < 1 || t.bucketBits > 20 || len(data) < 3*(1<<t.bucketBits+1) {
		return tables{}, errTables
	}
	t.offsets = data[:3*(1<<t.bucketBits+1)]
	t.records = data[len(t.offsets):]
	if t.offset(1<<t.bucketBits) != len(t.records) {
		return tables{}, errTables
	}
	return t, nil
}

// offset is where bucket i begins in the records.
func (t *tables) offset(i int) int {
	o := t.offsets[3*i : 3*i+3]
	return int(o[0]) | int(o[1])<<8 | int(o[2])<<16
}

// bucket is the number of the bucket that holds key.
func (t *tables) bucket(key uint64) int {
	return int((key * 0x9E3779B97F4A7C15) >> (64 - t.bucketBits))
}

// add adds the scores of the n-gram to sums. The n-gram is length bytes, the
// first in the lowest byte of key.
func (t *tables) add(key uint64, length int, sums *[maxLanguages]float32) bool {
	if len(t.records) == 0 {
		return false
	}
	bucket := t.bucket(key)
	records := t.records[t.offset(bucket):t.offset(bucket+1)]
	for len(records) > 0 {
		r := readRecord(records)
		if r.length == length && r.key == key {
			for i := 0; i+1 < len(r.scores); i += 2 {
				sums[r.scores[i]&(maxLanguages-1)] += float32(r.scores[i+1]) + scoreFloor
			}
			return true
		}
		records = records[r.size:]
	}
	return false
}

// record is one n-gram of the tables with its scores.
type record struct {
	key    uint64
	length int    // of the key
	scores string // pairs of language index and score
	size   int    // of the whole record
}

// readRecord reads the record that begins data.
func readRecord(data string) record {
	r := record{length: int(data[0] >> 5)}
	count, at := int(data[0]&31), 1
	if count == 31 {
		count, at = int(data[1]), 2
	}
	for i := range r.length {
		r.key |= uint64(data[at+i]) << (8 * i)
	}
	at += r.length
	r.size = at + 2*count
	r.scores = data[at:r.size]
	return r
}
