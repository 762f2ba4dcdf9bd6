package office

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// container is an Open Packaging Conventions package: a zip file of parts.
type container struct {
	budget *budget
	parts  map[string]*zip.File // by lower-cased name without leading slash
}

var oleMagic = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}

// openContainer checks data against the limits and lists its parts. Nothing is
// inflated yet.
func openContainer(data []byte, b *budget) (*container, error) {
	if len(data) > b.lim.MaxInput {
		return nil, tooLarge("file is larger than %d bytes", b.lim.MaxInput)
	}
	if bytes.HasPrefix(data, oleMagic) {
		if oleHasEncryptedPackage(data) {
			return nil, knowledge.ErrEncrypted
		}
		return nil, fmt.Errorf("compound file of an older Office: %w", knowledge.ErrUnsupported)
	}
	if directoryExceeds(data, b.lim.MaxEntries) {
		return nil, tooLarge("more than %d entries", b.lim.MaxEntries)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, malformed("not a readable zip file (%v)", err)
	}
	if len(z.File) > b.lim.MaxEntries {
		return nil, tooLarge("more than %d entries", b.lim.MaxEntries)
	}
	c := &container{budget: b, parts: make(map[string]*zip.File, len(z.File))}
	for _, f := range z.File {
		key := partKey(f.Name)
		if _, twice := c.parts[key]; !twice {
			c.parts[key] = f
		}
	}
	return c, nil
}

// partKey makes names comparable: part names ignore case, and some writers use
// backslashes.
func partKey(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// oleHasEncryptedPackage looks for a directory entry of that name: entries are
// 128 bytes long, begin with the UTF-16 name and hold its length at offset 64.
func oleHasEncryptedPackage(data []byte) bool {
	const name = "EncryptedPackage"
	want := make([]byte, 0, 2*len(name))
	for _, c := range []byte(name) {
		want = append(want, c, 0)
	}
	for at := 0; at+128 <= len(data); at += 128 {
		if bytes.HasPrefix(data[at:], want) && binary.LittleEndian.Uint16(data[at+64:]) == uint16(len(want)+2) {
			return true
		}
	}
	return false
}

const (
	directoryEndSize   = 22
	directoryEntrySize = 46
)

// directoryExceeds tells whether the zip directory has more than limit entries,
// without allocating for them. The count that the directory's end states is not
// trusted: entries are walked. Where the directory lies out of reach of the
// simple fields (zip64) every entry signature in the file is counted.
func directoryExceeds(data []byte, limit int) bool {
	from := max(0, len(data)-directoryEndSize-1<<16)
	if len(data) < directoryEndSize {
		return false // no zip file; the reader will say so
	}
	at := bytes.LastIndex(data[from:len(data)-directoryEndSize+4], []byte("PK\x05\x06"))
	if at < 0 {
		return false
	}
	at += from
	size := binary.LittleEndian.Uint32(data[at+12:])
	offset := binary.LittleEndian.Uint32(data[at+16:])
	if size == 1<<32-1 || offset == 1<<32-1 || binary.LittleEndian.Uint16(data[at+10:]) == 1<<16-1 {
		return bytes.Count(data, []byte("PK\x01\x02")) > limit
	}
	// The offset may count from the start of the file or from where the zip
	// data begins within it.
	return entriesFrom(data, int64(offset), limit) > limit ||
		entriesFrom(data, int64(at)-int64(size), limit) > limit
}

func entriesFrom(data []byte, at int64, limit int) int {
	n := 0
	for at >= 0 && at+directoryEntrySize <= int64(len(data)) && n <= limit {
		entry := data[at:]
		if !bytes.HasPrefix(entry, []byte("PK\x01\x02")) {
			break
		}
		n++
		at += directoryEntrySize + int64(binary.LittleEndian.Uint16(entry[28:])) +
			int64(binary.LittleEndian.Uint16(entry[30:])) + int64(binary.LittleEndian.Uint16(entry[32:]))
	}
	return n
}

// has tells whether the package holds the part.
func (c *container) has(name string) bool {
	_, ok := c.parts[partKey(name)]
	return ok
}

// read inflates a part. A part that does not exist is nil without an error:
// relationships to absent parts are common and harmless.
func (c *container) read(name string) ([]byte, error) {
	f, ok := c.parts[partKey(name)]
	if !ok || strings.HasSuffix(f.Name, "/") {
		return nil, nil
	}
	if f.Flags&1 != 0 {
		return nil, fmt.Errorf("part %s: %w", name, knowledge.ErrEncrypted)
	}
	if err := c.budget.ctx.Err(); err != nil {
		return nil, err
	}
	allowed := c.allowedSize(f)
	if f.UncompressedSize64 > uint64(allowed) {
		return nil, tooLarge("part %s is larger than %d bytes or inflates too much", name, allowed)
	}
	r, err := f.Open()
	if err != nil {
		return nil, malformed("part %s (%v)", name, err)
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, int64(allowed)+1))
	if err != nil {
		return nil, malformed("part %s (%v)", name, err)
	}
	if len(content) > allowed {
		return nil, tooLarge("part %s is larger than %d bytes or inflates too much", name, allowed)
	}
	if err := c.budget.inflate(len(content)); err != nil {
		return nil, fmt.Errorf("part %s: %w", name, err)
	}
	return content, nil
}

// allowedSize is how large the part may become: the limit on parts, and beyond
// 1 MiB the limit on the ratio.
func (c *container) allowedSize(f *zip.File) int {
	lim := c.budget.lim
	if f.CompressedSize64 > uint64(lim.MaxPart) {
		return lim.MaxPart
	}
	byRatio := max(1<<20, int64(f.CompressedSize64)*int64(lim.MaxRatio))
	return int(min(int64(lim.MaxPart), byRatio))
}
