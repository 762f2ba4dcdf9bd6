package pdfdoc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestReadsTitleLanguageAndDates(t *testing.T) {
	s := document(helvetica, at(72, 700, 12, "Opening hours"))
	s.objects[0] = "<</Type/Catalog/Pages 2 0 R/Lang(da-DK)>>"
	info := s.add("<</Title<FEFF00C50062006E0069006E0067>/CreationDate(D:20240131120000+01'00')/ModDate(D:2025)>>")
	s.trailer = fmt.Sprintf("/Size 9/Root 1 0 R/Info %d 0 R", info)
	doc := parse(t, s.bytes())
	if doc.Title != "Åbning" || doc.Language != "da-DK" {
		t.Errorf("title %q, language %q", doc.Title, doc.Language)
	}
	if want := time.Date(2024, 1, 31, 11, 0, 0, 0, time.UTC); !doc.Published.Equal(want) {
		t.Errorf("published %v, want %v", doc.Published, want)
	}
	if want := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC); !doc.Modified.Equal(want) {
		t.Errorf("modified %v, want %v", doc.Modified, want)
	}
}

func TestReadsDescriptionFromXMPWhereInfoIsSilent(t *testing.T) {
	s := document(helvetica, at(72, 700, 12, "Text"))
	n := s.stream("/Type/Metadata/Subtype/XML", `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r" xmlns:dc="d" xmlns:xmp="m"><rdf:Description xmp:CreateDate="2023-05-06T07:08:09Z"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">Price list</rdf:li></rdf:Alt></dc:title><dc:language><rdf:Bag><rdf:li>de</rdf:li></rdf:Bag></dc:language></rdf:Description></rdf:RDF></x:xmpmeta>`)
	s.objects[0] = fmt.Sprintf("<</Type/Catalog/Pages 2 0 R/Metadata %d 0 R>>", n)
	doc := parse(t, s.bytes())
	if doc.Title != "Price list" || doc.Language != "de" || doc.Published.Year() != 2023 {
		t.Errorf("title %q, language %q, published %v", doc.Title, doc.Language, doc.Published)
	}
}

func TestRepairsDamagedFiles(t *testing.T) {
	const text = "Return within 30 days"
	whole := string(document(helvetica, at(72, 700, 12, text)).bytes())
	cut := func(s, from string) string { return s[:strings.LastIndex(s, from)] }
	for name, data := range map[string]string{
		"intact":                 whole,
		"newer version":          strings.Replace(whole, "%PDF-1.7\n", "%PDF-2.0\r\n", 1),
		"odd header":             strings.Replace(whole, "%PDF-1.7\n", "%PDF-1.4 draft\n", 1),
		"junk before the header": "GET / HTTP/1.1\r\n\r\n" + whole,
		"junk behind the end":    whole + strings.Repeat("<!-- served -->", 100),
		"no end mark":            cut(whole, "%%EOF"),
		"no startxref":           cut(whole, "startxref"),
		"no table, no trailer":   cut(whole, "xref\n0"),
		"wrong offsets":          strings.ReplaceAll(whole, "00000 n", "00009 n"),
		"wrong stream length":    strings.Replace(whole, "/Length ", "/Length 9", 1),
		"no stream length":       strings.Replace(whole, "/Length ", "/Len ", 1),
		"wrong root":             strings.Replace(whole, "/Root 1 0 R", "/Root 99 0 R", 1),
		"pages not in the tree":  strings.Replace(whole, "/Kids[", "/Kidz[", 1),
		"missing endobj":         strings.ReplaceAll(whole, "endobj\n", "\n"),
	} {
		t.Run(name, func(t *testing.T) { wantText(t, []byte(data), text) })
	}
}

func TestLaterVersionOfAnObjectWins(t *testing.T) {
	s := document(helvetica, at(72, 700, 12, "old price"))
	body := at(72, 700, 12, "new price")
	data := string(s.bytes()) + fmt.Sprintf("4 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n", len(body), body)
	wantText(t, []byte(data), "new price")
}

func TestReadsObjectStreamsWithoutTheirTable(t *testing.T) {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]>>", "<</Type/Page/Contents 5 0 R/Resources<</Font<</F 4 0 R>>>>>>", helvetica}
	head, body := "", ""
	for i, o := range objects {
		head += fmt.Sprintf("%d %d ", i+1, len(body))
		body += o + " "
	}
	packed := deflated(head + body)
	content := at(72, 700, 12, "Packed away")
	data := "%PDF-1.5\n" +
		fmt.Sprintf("5 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n", len(content), content) +
		fmt.Sprintf("6 0 obj\n<</Type/ObjStm/N 4/First %d/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n", len(head), len(packed), packed)
	wantText(t, []byte(data), "Packed away")
}

func TestEncryptedFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.pdf")
	if err != nil || len(files) < 7 {
		t.Fatalf("test files are missing: %v %v", files, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Parse(context.Background(), path, data, Limits{})
			if strings.HasPrefix(filepath.Base(path), "password") {
				if !errors.Is(err, knowledge.ErrEncrypted) || doc != nil {
					t.Errorf("got %v, want ErrEncrypted", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if doc.PlainText() != "Locked letter" || doc.Title != "Sealed note" {
				t.Errorf("text %q, title %q", doc.PlainText(), doc.Title)
			}
		})
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	image := &sample{objects: []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]>>", "<</Type/Page/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>"}}
	image.stream("", "q 600 0 0 800 0 0 cm /I Do Q")
	image.stream("/Type/XObject/Subtype/Image/Width 1/Height 1/Filter/DCTDecode", "\xFF\xD8\xFF\xD9")
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"scan":        {image.bytes(), knowledge.ErrNoText},
		"empty":       {nil, knowledge.ErrMalformed},
		"not a pdf":   {[]byte("PK\x03\x04 something else"), knowledge.ErrMalformed},
		"no pages":    {(&sample{objects: []string{"<</Type/Catalog>>"}}).bytes(), knowledge.ErrMalformed},
		"header only": {[]byte("%PDF-1.4\n"), knowledge.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := Parse(context.Background(), "invoice.pdf", c.data, Limits{})
			if !errors.Is(err, c.want) || doc != nil {
				t.Fatalf("got %v and %v, want %v and no document", doc, err, c.want)
			}
			if !strings.Contains(err.Error(), "invoice.pdf") {
				t.Errorf("error does not name the file: %v", err)
			}
		})
	}
}

func TestStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Parse(ctx, "x.pdf", document(helvetica, at(72, 700, 12, "Text")).bytes(), Limits{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
