package vector

// idTable finds rows by their IDs: row+1 by the ID's hash, with linear probing. It
// takes a fifth of a map's memory and is immutable once filled.
type idTable []uint32

func newIDTable(ids []string) idTable {
	size := 4
	for size < 2*len(ids) {
		size *= 2
	}
	t := make(idTable, size)
	for row, id := range ids {
		i := t.slot(id)
		for t[i] != 0 {
			i = (i + 1) & (len(t) - 1)
		}
		t[i] = uint32(row) + 1
	}
	return t
}

// find returns the row that has an ID.
func (t idTable) find(ids []string, id string) (row uint32, ok bool) {
	for i := t.slot(id); t[i] != 0; i = (i + 1) & (len(t) - 1) {
		if row := t[i] - 1; ids[row] == id {
			return row, true
		}
	}
	return 0, false
}

// slot is where an ID is looked for first, by the hash FNV-1a.
func (t idTable) slot(id string) int {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return int((h ^ h>>32) & uint64(len(t)-1))
}
