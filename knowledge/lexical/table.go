package lexical

// keyTable maps non-zero 64-bit keys to numbers given in order of arrival.
type keyTable struct {
	slots []keySlot
	n     int
}

type keySlot struct {
	key uint64
	val uint32
}

// get returns the number of key, adding it when it is new.
func (t *keyTable) get(key uint64) (val uint32, added bool) {
	if t.n*2 >= len(t.slots) {
		t.grow()
	}
	mask := uint64(len(t.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.key == key {
			return s.val, false
		}
		if s.key == 0 {
			s.key, s.val = key, uint32(t.n)
			t.n++
			return s.val, true
		}
	}
}

func (t *keyTable) grow() {
	old := t.slots
	t.slots = make([]keySlot, max(1024, 2*len(old)))
	mask := uint64(len(t.slots) - 1)
	for _, s := range old {
		if s.key == 0 {
			continue
		}
		i := s.key & mask
		for t.slots[i].key != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}

func (t *keyTable) reset() {
	if t.n > 0 {
		clear(t.slots)
	}
	t.n = 0
}

// nameTable finds positions by a string's hash; the caller compares the string.
// It is immutable once filled.
type nameTable []uint32 // position+1 by hash, linear probing

func newNameTable(n int) nameTable {
	size := 4
	for size < 2*n {
		size *= 2
	}
	return make(nameTable, size)
}

func (t nameTable) add(hash uint64, pos int) {
	mask := uint64(len(t) - 1)
	i := hash & mask
	for t[i] != 0 {
		i = (i + 1) & mask
	}
	t[i] = uint32(pos) + 1
}

// find calls match with each position that may have the hash until it returns true.
func (t nameTable) find(hash uint64, match func(pos int) bool) (int, bool) {
	if len(t) == 0 {
		return 0, false
	}
	mask := uint64(len(t) - 1)
	for i := hash & mask; t[i] != 0; i = (i + 1) & mask {
		if pos := int(t[i] - 1); match(pos) {
			return pos, true
		}
	}
	return 0, false
}
