package office

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/race"

	"github.com/kundeagent/kundeagent/knowledge"
)

// wordPackage is a package around a complete main part.
func wordPackage(t testing.TB, main string) []byte {
	return parts{{"_rels/.rels", rels("r1 officeDocument word/document.xml")}, {"word/document.xml", main}}.zip(t)
}

func wordBody(body string) string {
	return `<w:document` + wordSpaces + `><w:body>` + body + `</w:body></w:document>`
}

// P13: every limit counts work, gives a typed error and keeps memory bounded.
func TestP13HostileDocumentsPassALimit(t *testing.T) {
	race.SkipHeavy(t)
	nest := func(open, text, end string, n int) string {
		return strings.Repeat(open, n) + text + strings.Repeat(end, n)
	}
	cellText := func(inner string) string {
		return table("", row("", cell("", inner), cell("", p("x"))))
	}
	nestedTables := p(strings.Repeat("long ", 10_000))
	for range 30 {
		nestedTables = cellText(nestedTables)
	}
	manyRefs := strings.Repeat(`<w:p><w:r><w:drawing><wp:inline><c:chart r:id="c"/></wp:inline></w:drawing></w:r></w:p>`, 3000)
	points := func(n int) string {
		var sb strings.Builder
		for i := range n {
			fmt.Fprintf(&sb, `<c:pt idx="%d"><c:v>1</c:v></c:pt>`, i)
		}
		return sb.String()
	}
	chart := `<c:chartSpace xmlns:c="urn:c"><c:chart><c:plotArea>` + strings.Repeat(`<c:ser><c:val>`+points(900)+`</c:val></c:ser>`, 3) + `</c:plotArea></c:chart></c:chartSpace>`
	for name, c := range map[string]struct {
		data []byte
		lim  Limits
	}{
		"zip bomb":                      {data: wordPackage(t, wordBody(p("x")+strings.Repeat(" ", 8<<20)))},
		"part larger than allowed":      {data: wordPackage(t, wordBody(p("x")+strings.Repeat(" ", 2<<20))), lim: Limits{MaxPart: 2 << 20, MaxRatio: 1 << 20}},
		"a million elements deep":       {data: wordPackage(t, nest("<w>", "", "</w>", 1_000_000)), lim: Limits{MaxRatio: 1 << 20}},
		"deep in the body":              {data: wordPackage(t, wordBody(nest("<w:sdt><w:sdtContent>", p("x"), "</w:sdtContent></w:sdt>", 5000)))},
		"deep in a skipped element":     {data: wordPackage(t, wordBody("<w:del>"+nest("<x>", "", "</x>", 5000)+"</w:del>"))},
		"too many elements":             {data: wordPackage(t, wordBody(strings.Repeat("<w:x/>", 5000))), lim: Limits{MaxElements: 4000}},
		"one block too large":           {data: wordPackage(t, wordBody("<w:p>"+strings.Repeat("<w:r/>", 5000)+"</w:p>")), lim: Limits{MaxElements: 8000}},
		"one tag too long":              {data: wordPackage(t, wordBody(`<w:p`+strings.Repeat(` a=""`, 1_000_000)+`/>`)), lim: Limits{MaxRatio: 1 << 20}},
		"too much text":                 {data: wordPackage(t, wordBody(strings.Repeat(p(strings.Repeat("word ", 20)), 1000))), lim: Limits{MaxText: 50_000}},
		"columns without end":           {data: wordPackage(t, wordBody(table("", strings.Repeat(row("", cell(`<w:gridSpan w:val="2000000000"/>`, p("x")), cell("", p("y"))), 500)))), lim: Limits{MaxCells: 20_000}},
		"tables that copy their text":   {data: wordPackage(t, wordBody(nestedTables)), lim: Limits{MaxText: 200_000}},
		"repeated merged cells":         {data: wordPackage(t, wordBody(table("", row("", cell(`<w:vMerge w:val="restart"/>`, p(strings.Repeat("big ", 5000))), cell("", p("x"))), strings.Repeat(row("", cell(`<w:vMerge/>`, ""), cell("", p("x"))), 2000)))), lim: Limits{MaxRatio: 1 << 20}},
		"one chart shown without end":   {data: wordParts(manyRefs, []string{"c chart c.xml"}, part{"word/c.xml", chart}).zip(t), lim: Limits{MaxRatio: 1 << 20, MaxElements: 400_000}},
		"file larger than allowed":      {data: docx(t, p("x")), lim: Limits{MaxInput: 100}},
		"sum of parts":                  {data: docx(t, p("x")), lim: Limits{MaxTotal: 1000}},
		"links without end":             {data: wordParts(`<w:p>`+strings.Repeat(`<w:hyperlink r:id="h"><w:r><w:t>x</w:t></w:r></w:hyperlink>`, 3000)+`</w:p>`, []string{"h hyperlink https://example.com/" + strings.Repeat("a", 1000) + " x"}).zip(t), lim: Limits{MaxText: 100_000}},
		"documents inside, each a bomb": {data: wordParts(`<w:altChunk r:id="a"/>`, []string{"a aFChunk a.docx"}, part{"word/a.docx", string(wordPackage(t, wordBody(p("x")+strings.Repeat(" ", 8<<20))))}).zip(t)},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			doc, err := ParseDOCX(context.Background(), "hostile", c.data, c.lim)
			runtime.ReadMemStats(&after)
			if doc != nil || !errors.Is(err, knowledge.ErrTooLarge) {
				t.Errorf("got %v, want ErrTooLarge", err)
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 1024 {
				t.Errorf("allocated %d MiB", used)
			}
		})
	}
}

func TestLimitsDefaultsAreTheDocumentedOnes(t *testing.T) {
	want := Limits{MaxInput: 32 << 20, MaxEntries: 2000, MaxPart: 64 << 20, MaxTotal: 256 << 20, MaxRatio: 200,
		MaxDepth: 256, MaxElements: 4_000_000, MaxCells: 1_000_000, MaxText: 8 << 20}
	if got := (Limits{MaxText: -1}).withDefaults(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := (Limits{MaxText: 5}).withDefaults().MaxText; got != 5 {
		t.Errorf("a set limit became %d", got)
	}
}

func TestP13ManyEntriesAreRefusedBeforeTheyAreListed(t *testing.T) {
	var many parts
	for i := range 3000 {
		many = append(many, part{fmt.Sprint(i), ""})
	}
	honest := many.zip(t)
	lying := bytes.Clone(honest)
	end := bytes.LastIndex(lying, []byte("PK\x05\x06"))
	binary.LittleEndian.PutUint16(lying[end+8:], 1)
	binary.LittleEndian.PutUint16(lying[end+10:], 1)
	prefixed := append([]byte("a script that unpacks itself"), honest...)
	for name, data := range map[string][]byte{"honest": honest, "lying": lying, "after a prefix": prefixed} {
		if _, err := ParsePPTX(context.Background(), name, data, Limits{}); !errors.Is(err, knowledge.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ParsePPTX(context.Background(), name, data, Limits{MaxEntries: 5000}); errors.Is(err, knowledge.ErrTooLarge) {
			t.Errorf("%s with a higher limit: %v", name, err)
		}
	}
	if !directoryExceeds(honest, 2999) || directoryExceeds(honest, 3000) {
		t.Error("entries are not counted one by one")
	}
}

func TestP13TruncatedFilesGiveTypedErrors(t *testing.T) {
	data := wordParts(p("Some text.")+table("", row("", cell("", p("a")), cell("", p("b")))), []string{"s styles styles.xml"}, part{"word/styles.xml", testStyles}).zip(t)
	for n := 0; n < len(data); n += 7 {
		if doc, err := ParseDOCX(context.Background(), "cut", data[:n], Limits{}); doc != nil || !errors.Is(err, knowledge.ErrMalformed) {
			t.Fatalf("cut at %d of %d: %v", n, len(data), err)
		}
	}
	for n := range data {
		changed := bytes.Clone(data)
		changed[n] ^= 0x55
		if _, err := ParseDOCX(context.Background(), "changed", changed, Limits{}); err != nil && strings.Contains(err.Error(), "parser failed") {
			t.Fatalf("changed at %d: %v", n, err)
		}
	}
}

// oleFile is the directory of a compound file with one entry of that name.
func oleFile(entry string) []byte {
	data := make([]byte, 1024)
	copy(data, oleMagic)
	at := data[512+128:]
	for i, c := range []byte(entry) {
		at[2*i] = c
	}
	binary.LittleEndian.PutUint16(at[64:], uint16(2*len(entry)+2))
	return data
}

func TestEncryptedDocumentsAreToldApart(t *testing.T) {
	flagged := docx(t, p("x"))
	for at := 0; ; { // set the encryption flag of every entry
		i := bytes.Index(flagged[at:], []byte("PK\x01\x02"))
		if i < 0 {
			break
		}
		at += i + 4
		flagged[at+4] |= 1
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"password":      {oleFile("EncryptedPackage"), knowledge.ErrEncrypted},
		"older format":  {oleFile("WordDocument"), knowledge.ErrUnsupported},
		"zip flag":      {flagged, knowledge.ErrEncrypted},
		"name in text":  {append(append([]byte{}, oleMagic...), "EncryptedPackage"...), knowledge.ErrUnsupported},
		"cut after sig": {oleMagic, knowledge.ErrUnsupported},
	} {
		for kind, parse := range map[string]parser{"docx": ParseDOCX, "pptx": ParsePPTX} {
			if _, err := parse(context.Background(), name, c.data, Limits{}); !errors.Is(err, c.want) {
				t.Errorf("%s as %s: %v, want %v", name, kind, err, c.want)
			}
		}
	}
}

// P13: what repeats or refers in a circle must not make work grow.
func TestP13HostileDocumentsThatAreReadAnyway(t *testing.T) {
	race.SkipHeavy(t)
	fraction := mr("x")
	for range 60 {
		fraction = `<m:f><m:num>` + fraction + `</m:num><m:den>` + mr("2") + `</m:den></m:f>`
	}
	self := wordParts(p("outer")+`<w:altChunk r:id="a"/>`, []string{"a aFChunk a.docx"})
	inner := self.zip(t)
	for range 6 {
		inner = append(self[:len(self):len(self)], part{"word/a.docx", string(inner)}).zip(t)
	}
	ring := `<w:footnotes` + wordSpaces + `><w:footnote w:id="1"><w:p><w:r><w:t>note</w:t><w:footnoteReference w:id="1"/></w:r></w:p></w:footnote></w:footnotes>`
	for name, data := range map[string][]byte{
		"deep formula":         docx(t, `<w:p><m:oMath>`+fraction+`</m:oMath></w:p>`),
		"comments in the text": docx(t, `<w:p><w:r><w:t>`+strings.Repeat("a<!-- -->", 300_000)+`</w:t></w:r></w:p>`),
		"documents in a row":   inner,
		"note in itself":       wordParts(`<w:p><w:r><w:t>x</w:t>`+strings.Repeat(`<w:footnoteReference w:id="1"/>`, 1000)+`</w:r></w:p>`, []string{"f footnotes f.xml"}, part{"word/f.xml", ring}).zip(t),
		"fields never ended":   docx(t, strings.Repeat(`<w:p>`+fieldMark("begin")+`<w:r><w:instrText>X</w:instrText></w:r></w:p>`, 2000)+p("text")),
		"many links, many targets": wordParts(`<w:p>`+strings.Repeat(`<w:hyperlink r:id="h19999"><w:r><w:t>x</w:t></w:r></w:hyperlink>`, 20_000)+`</w:p>`,
			manyRelations(20_000)).zip(t),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseDOCX(context.Background(), "hostile", data, Limits{MaxRatio: 1 << 20}); err != nil {
				t.Error(err)
			}
		})
	}
}

func manyRelations(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("h%d hyperlink https://example.com/%d x", i, i)
	}
	return all
}

func TestDeclaredSizesAreNotTrusted(t *testing.T) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range []part{{"_rels/.rels", rels("r1 officeDocument word/document.xml")}, {"word/document.xml", wordBody(p("x") + strings.Repeat(" ", 3<<20))}} {
		w, err := z.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	data := buf.Bytes()
	// The second directory entry claims that the part is small.
	at := bytes.LastIndex(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[at+24:], 100)
	if doc, err := ParseDOCX(context.Background(), "liar", data, Limits{}); doc != nil || !errors.Is(err, knowledge.ErrTooLarge) && !errors.Is(err, knowledge.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}
