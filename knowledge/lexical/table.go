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

// newNameTable has room for n positions and a third more.
func newNameTable(n int) nameTable { return make(nameTable, n+n/3+1) }

// slot is where the search for a hash begins: its upper half, scaled.
func (t nameTable) slot(hash uint64) int { return int(hash >> 32 * uint64(len(t)) >> 32) }

func (t nameTable) add(hash uint64, pos int) {
	i := t.slot(hash)
	for t[i] != 0 {
		if i++; i == len(t) {
			i = 0
		}
	}
	t[i] = uint32(pos) + 1
}

// find calls match with each position that may have the hash until it returns true.
func (t nameTable) find(hash uint64, match func(pos int) bool) (int, bool) {
	if len(t) == 0 {
		return 0, false
	}
	for i := t.slot(hash); t[i] != 0; {
		if pos := int(t[i] - 1); match(pos) {
			return pos, true
		}
		if i++; i == len(t) {
			i = 0
		}
	}
	return 0, false
}
