package lexical

const (
	tagBits = 32
	// leastBucketBits and a tag make a whole key.
	leastBucketBits = keyBits - tagBits
)

// termRef is a term and where its postings are.
type termRef struct {
	tag uint32 // lower bits of the key
	ref uint32 // see postings
}

// dictionary finds terms by their keys. Keys are hashes and so evenly spread:
// sorted, the upper bits of a key say nearly where it is, and only its lower
// bits are kept.
type dictionary struct {
	terms  []termRef // sorted by key
	bucket []uint32  // where the terms of each value of the upper bits begin, and the end
	bits   uint      // number of upper bits
}

// newDictionary takes over the terms of sorted keys.
func newDictionary(keys []uint64, terms []termRef) dictionary {
	d := dictionary{terms: terms, bits: leastBucketBits}
	for len(keys)>>(d.bits+3) > 0 {
		d.bits++
	}
	d.bucket = make([]uint32, 1<<d.bits+1)
	for _, k := range keys {
		d.bucket[k>>(keyBits-d.bits)+1]++
	}
	for i := 1; i < len(d.bucket); i++ {
		d.bucket[i] += d.bucket[i-1]
	}
	return d
}

// find returns the term's number.
func (d *dictionary) find(key uint64) (term int, ok bool) {
	if len(d.terms) == 0 {
		return 0, false
	}
	b := key >> (keyBits - d.bits)
	from, end := d.bucket[b], d.bucket[b+1]
	for i, t := range d.terms[from:end] {
		if t.tag == uint32(key) {
			return int(from) + i, true
		}
	}
	return 0, false
}

// keyCursor walks the keys of a dictionary in ascending order.
type keyCursor struct {
	*dictionary
	term   int
	bucket uint32
}

// key is the current term's; ok is false at the end.
func (c *keyCursor) key() (key uint64, ok bool) {
	if c.term == len(c.terms) {
		return 0, false
	}
	for uint32(c.term) >= c.dictionary.bucket[c.bucket+1] {
		c.bucket++
	}
	return uint64(c.bucket>>(c.bits-leastBucketBits))<<tagBits | uint64(c.terms[c.term].tag), true
}

func (d *dictionary) bytes() int { return 8*len(d.terms) + 4*len(d.bucket) }
