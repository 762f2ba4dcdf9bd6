package pdfdoc

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// sample builds small PDF files for the tests.
type sample struct {
	header  string
	objects []string // numbered from 1
	trailer string
}

func (s *sample) add(body string) int {
	s.objects = append(s.objects, body)
	return len(s.objects)
}

func (s *sample) stream(dict, data string) int {
	return s.add(fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data))
}

// bytes writes the file with a correct cross-reference table.
func (s *sample) bytes() []byte {
	var b bytes.Buffer
	header := s.header
	if header == "" {
		header = "%PDF-1.7\n"
	}
	b.WriteString(header)
	var offsets []int
	for i, o := range s.objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(s.objects)+1)
	for _, off := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", off)
	}
	trailer := s.trailer
	if trailer == "" {
		trailer = fmt.Sprintf("/Size %d/Root 1 0 R", len(s.objects)+1)
	}
	fmt.Fprintf(&b, "trailer\n<<%s>>\nstartxref\n%d\n%%%%EOF\n", trailer, at)
	return b.Bytes()
}

const helvetica = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"

// document returns a file whose pages show the contents, with font F; object 1
// is the catalogue, 2 the page tree, 3 the font.
func document(font string, contents ...string) *sample {
	s := &sample{objects: []string{"<</Type/Catalog/Pages 2 0 R>>", "", font}}
	var kids []string
	for _, c := range contents {
		n := s.stream("", c)
		kids = append(kids, fmt.Sprintf("%d 0 R", s.add(fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>", n))))
	}
	s.objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(kids), strings.Join(kids, " "))
	return s
}

// at shows text with its baseline at (x,y).
func at(x, y, size float64, text string) string {
	return fmt.Sprintf("BT /F %g Tf %g %g Td (%s) Tj ET\n", size, x, y, text)
}

func parse(t testing.TB, data []byte) *knowledge.Document {
	t.Helper()
	doc, err := Parse(context.Background(), "sample.pdf", data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func wantText(t testing.TB, data []byte, want string) {
	t.Helper()
	if got := parse(t, data).PlainText(); got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
}

func deflated(data string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(data))
	_ = w.Close()
	return b.String()
}
