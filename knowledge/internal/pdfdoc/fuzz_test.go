package pdfdoc

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/corpora"
	"github.com/kundeagent/kundeagent/knowledge"
)

// FuzzParse demands typed errors, valid text, and never a document with an
// error, for whatever bytes.
func FuzzParse(f *testing.F) {
	f.Add(document(helvetica, at(72, 700, 12, "Hello"), "[(a)-200(b)] TJ /X Do BI ID EI").bytes())
	f.Add(document(composite("90ms-RKSJ-H"), "BT /F 12 Tf <93FA> Tj ET").bytes())
	f.Add(withToUnicode("1 beginbfrange <0000> <00FF> [<0041>] endbfrange", "BT /F 9 Tf <0000> Tj ET"))
	f.Add([]byte("%PDF-1.5\n1 0 obj<</Type/ObjStm/N 2/First 8/Length 20>>stream\n2 0 3 5 <<>> [1 2]\nendstream endobj"))
	f.Add([]byte("%PDF-1.7\n1 0 obj<</Type/XRef/Size 9/W[1 2 1]/Index[0 9]/Root 2 0 R>>stream\nendstream"))
	f.Add([]byte("trailer<</Encrypt<</Filter/Standard/V 5/R 6/U(x)>>/Root 1 0 R>> 1 0 obj (a) endobj"))
	files, _ := filepath.Glob("testdata/*.pdf")
	for _, path := range files {
		if data, err := os.ReadFile(path); err == nil {
			f.Add(data)
		}
	}
	lim := Limits{MaxBytes: 1 << 20, MaxPages: 50, MaxOperators: 50_000, MaxText: 1 << 20, MaxStream: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse(context.Background(), "fuzz.pdf", data, lim)
		if err != nil {
			if doc != nil {
				t.Error("a document came with an error")
			}
			for _, want := range []error{knowledge.ErrMalformed, knowledge.ErrNoText, knowledge.ErrTooLarge, knowledge.ErrEncrypted} {
				if errors.Is(err, want) {
					if strings.Contains(err.Error(), "runtime error") {
						t.Errorf("a fault of this package: %v", err)
					}
					return
				}
			}
			t.Errorf("untyped error %v", err)
			return
		}
		if text := doc.PlainText(); text == "" || !utf8.ValidString(text) || !utf8.ValidString(doc.Title) {
			t.Errorf("text %q, title %q", text, doc.Title)
		}
	})
}

// FuzzCMap demands that any character map ends and gives valid text.
func FuzzCMap(f *testing.F) {
	f.Add([]byte("1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <00> <10> <0041> endbfrange"), "\x00\x05")
	f.Add([]byte("1 begincidrange <0000> <FFFF> 7 endcidrange 1 beginbfchar <41> [<0041>"), "A")
	f.Fuzz(func(t *testing.T, data []byte, codes string) {
		m := parseCMap(data)
		for s := codes; s != ""; {
			n := m.length(s)
			if n < 1 || n > len(s) {
				t.Fatalf("code length %d of %d bytes", n, len(s))
			}
			if text, _ := m.unicode(codeOf(s[:n])); !utf8.ValidString(text) {
				t.Errorf("text %q is not valid", text)
			}
			m.cid(codeOf(s[:n]))
			s = s[n:]
		}
	})
}

// FuzzFontPrograms demands that damaged fonts do not fault.
func FuzzFontPrograms(f *testing.F) {
	f.Add([]byte("\x01\x00\x04\x01\x00\x01\x01\x01\x02A\x00\x01\x01\x01\x04\x1c\x00\x10\x11\x00\x00\x00\x02"))
	f.Add([]byte("\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00cmap\x00\x00\x00\x00\x00\x00\x00\x1c\x00\x00\x00\x40\x00\x00\x00\x01\x00\x03\x00\x01\x00\x00\x00\x0c\x00\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		known := glyphNames{known: map[string]string{}, left: 100}
		if c, ok := readCFF(compactFont(data)); ok {
			c.encoding()
			c.glyphTextsOf(&known)
		}
		glyphsByCharacter(data)
	})
}

func BenchmarkParse(b *testing.B) {
	var page strings.Builder
	for i := range 50 {
		page.WriteString(at(72, 740-float64(i)*12, 10, "The quick brown fox jumps over the lazy dog and returns it within thirty days."))
	}
	pages := make([]string, 100)
	for i := range pages {
		pages[i] = page.String()
	}
	data := document(helvetica, pages...).bytes()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(context.Background(), "bench.pdf", data, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseCorpus reads every scored file once per round.
func BenchmarkParseCorpus(b *testing.B) {
	files, _ := filepath.Glob(filepath.Join(corpora.Dir(b, "pdf", "scored"), "*.pdf"))
	var all [][]byte
	total := 0
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, data)
		total += len(data)
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range all {
			_, _ = Parse(context.Background(), "bench.pdf", data, Limits{})
		}
	}
}
