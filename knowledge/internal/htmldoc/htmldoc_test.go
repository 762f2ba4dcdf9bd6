package htmldoc

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/kundeagent/kundeagent/knowledge"
)

func parsePageText(t *testing.T, opts Options, data string) (*Page, string) {
	t.Helper()
	page, err := ParsePage(context.Background(), opts, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return page, page.Document.PlainText()
}

func TestEncodings(t *testing.T) {
	encode := func(s string, enc interface {
		Bytes([]byte) ([]byte, error)
	}) string {
		b, err := enc.Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	danish := "<p>Blåbærgrød på ø"
	utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	cases := []struct{ name, contentType, data, want string }{
		{"valid UTF-8 without declaration", "", danish, "Blåbærgrød på ø"},
		{"valid UTF-8 declared as something else", "text/html; charset=iso-8859-1", danish, "Blåbærgrød på ø"},
		{"byte order mark of UTF-8", "text/html; charset=iso-8859-1", "\ufeff" + danish, "Blåbærgrød på ø"},
		{"UTF-16 with byte order mark", "", encode(danish, utf16.NewEncoder()), "Blåbærgrød på ø"},
		{"declared in the header", "text/html; charset=windows-1250", encode("<p>Žluťoučký kůň", charmap.Windows1250.NewEncoder()), "Žluťoučký kůň"},
		{"declared in a meta element", "", `<meta charset="windows-1251">` + encode("<p>Возврат", charmap.Windows1251.NewEncoder()), "Возврат"},
		{"declared in http-equiv", "", `<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">` + encode("<p>Возврат", charmap.KOI8R.NewEncoder()), "Возврат"},
		{"declared in XML", "", `<?xml version="1.0" encoding="iso-8859-2"?>` + encode("<p>Žluťoučký", charmap.ISO8859_2.NewEncoder()), "Žluťoučký"},
		{"seven bits", "text/html; charset=iso-2022-jp", encode("<p>返品について", japanese.ISO2022JP.NewEncoder()), "返品について"},
		{"a few broken bytes", "text/html; charset=utf-8", strings.Repeat("<p>åæø", 40) + "\xe5", "åæø"},
		{"undeclared", "", encode(danish, charmap.Windows1252.NewEncoder()), "Blåbærgrød på ø"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, text := parsePageText(t, Options{ContentType: c.contentType}, c.data); !strings.Contains(text, c.want) || strings.Contains(text, "Ã") {
				t.Errorf("got %q, want %q", text, c.want)
			}
		})
	}
}

func TestDecodeOption(t *testing.T) {
	var declared string
	decode := func(data []byte, d string) (string, error) {
		declared = d
		return "<p>decoded by the host", nil
	}
	opts := Options{ContentType: "text/html; charset=latin1", Decode: decode}
	if _, text := parsePageText(t, opts, "<p>caf\xe9"); text != "decoded by the host" || declared != "windows-1252" {
		t.Errorf("got %q, declared %q", text, declared)
	}
	if _, text := parsePageText(t, opts, "<p>café"); text != "café" {
		t.Errorf("valid UTF-8 needs no guess, got %q", text)
	}
	opts.Decode = func([]byte, string) (string, error) { return "", errors.New("unknown") }
	if _, text := parsePageText(t, opts, "<p>caf\xe9"); text != "café" {
		t.Errorf("after a failure of the host's decoder got %q", text)
	}
}

func TestXHTMLEmptyElements(t *testing.T) {
	page := `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x.js"/></head>
<body><a id="top"/><p>First &amp; foremost<br/>line</p><div/><p><![CDATA[a < b]]></p></body></html>`
	_, text := parsePageText(t, Options{Name: "a.xhtml"}, page)
	for _, want := range []string{"First & foremost line", "a < b"} {
		if !strings.Contains(text, want) {
			t.Errorf("lost %q in %q", want, text)
		}
	}
}

func TestRobotsMeta(t *testing.T) {
	cases := []struct {
		head string
		want Robots
	}{
		{`<meta name="robots" content="noindex">`, Robots{NoIndex: true}},
		{`<meta name="ROBOTS" content="NoFollow, archive">`, Robots{NoFollow: true}},
		{`<meta name="robots" content="none">`, Robots{true, true}},
		{`<meta name="robots" content="index,follow"><meta name="kundeagent" content="noindex">`, Robots{NoIndex: true}},
		{`<meta name="otherbot" content="noindex">`, Robots{}},
		{`<meta name="robots" content="max-image-preview:none">`, Robots{}},
	}
	for _, c := range cases {
		page, _ := parsePageText(t, Options{UserAgent: "kundeagent"}, c.head+"<p>text <a href=/x>x</a>")
		if page.Robots != c.want {
			t.Errorf("%s: %+v, want %+v", c.head, page.Robots, c.want)
		}
		if page.Links[0].NoFollow != c.want.NoFollow {
			t.Errorf("%s: link is %+v", c.head, page.Links[0])
		}
	}
}

func TestLinksAreAbsolute(t *testing.T) {
	html := `<base href="/docs/"><p>One <a href="a?b=1#c">first</a>, <a href="//cdn.example/x">second</a>, <a href="https://other.example/" rel="ugc nofollow">third</a>,
<a href="#here">no</a> <a href="javascript:x()">no</a> <a href="mailto:a@b.example">no</a> <a href="http://[bad">no</a></p><nav><a href="../up"><img alt=""></a></nav>`
	page, _ := parsePageText(t, Options{URL: "https://a.example/index"}, html)
	want := []knowledge.Link{
		{URL: "https://a.example/docs/a?b=1#c", Text: "first"},
		{URL: "https://cdn.example/x", Text: "second"},
		{URL: "https://other.example/", Text: "third", NoFollow: true},
		{URL: "https://a.example/up"},
	}
	if !reflect.DeepEqual(page.Links, want) {
		t.Errorf("links of the page %+v", page.Links)
	}
	if !reflect.DeepEqual(page.Document.Links, want[:3]) {
		t.Errorf("links of the content %+v", page.Document.Links)
	}
}

func TestTitles(t *testing.T) {
	cases := []struct{ name, html, want string }{
		{"heading that the title repeats", `<title>Returns – Shop</title><body><h1>Returns</h1><p>x`, "Returns"},
		{"heading is the site's name", `<title>Returns | Shop</title><meta property="og:site_name" content="Shop"><body><header><h1>Shop</h1></header><main><p>x`, "Returns"},
		{"shared title", `<title>x</title><meta property="og:title" content="Returns - Shop"><meta property="og:site_name" content="Shop"><p>y`, "Returns"},
		{"only the browser's", `<title>How to return - Shop</title><p>y`, "How to return"},
		{"a dash that is part of it", `<title>Returns - the long story of what we do with them</title><p>y`, "Returns - the long story of what we do with them"},
		{"none", `<p>y`, ""},
	}
	for _, c := range cases {
		if page, _ := parsePageText(t, Options{}, c.html); page.Document.Title != c.want {
			t.Errorf("%s: %q, want %q", c.name, page.Document.Title, c.want)
		}
	}
}

func TestLanguageAndDates(t *testing.T) {
	cases := []struct {
		name, html, lang, published, modified string
	}{
		{"elements", `<html lang="da-DK"><meta property="article:published_time" content="2026-01-02T03:04:05Z"><p>x <time class="updated" datetime="2026-02-03">3 Feb</time>`, "da-DK", "2026-01-02", "2026-02-03"},
		{"og:locale and JSON-LD", `<meta property="og:locale" content="nb_NO"><script type="application/ld+json">{"@graph":[{"@type":["Article"],"datePublished":"2025-05-06","dateModified":"2025-06-07T08:09:10+02:00"}]}</script><p>x`, "nb-NO", "2025-05-06", "2025-06-07"},
		{"time element", `<html lang="x y"><p>x<time datetime="2024-12-31T10:00">then</time>`, "", "2024-12-31", ""},
		{"nonsense", `<html lang="???"><meta property="article:published_time" content="yesterday"><p>x`, "", "", ""},
	}
	day := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.Format("2006-01-02")
	}
	for _, c := range cases {
		page, _ := parsePageText(t, Options{}, c.html)
		if d := page.Document; d.Language != c.lang || day(d.Published) != c.published || day(d.Modified) != c.modified {
			t.Errorf("%s: %q %q %q", c.name, d.Language, day(d.Published), day(d.Modified))
		}
	}
}

func TestNeedsRender(t *testing.T) {
	cases := []struct {
		name, html string
		want       bool
	}{
		{"mount point", `<body><div id="root"></div><script src="/app.js"></script>`, true},
		{"notice", `<body><noscript>You need to enable JavaScript to run this app.</noscript><div id="x">Loading</div><script src="/app.js"></script>`, true},
		{"angular", `<body><app-root></app-root><script src="/main.js"></script>`, true},
		{"text in the mount point", `<body><div id="root"><p>` + strings.Repeat("Rendered by the server. ", 20) + `</p></div><script src="/app.js"></script>`, false},
		{"short page with a script", `<body><p>We are closed today.</p><script>count()</script>`, false},
		{"empty page", `<body></body>`, false},
	}
	for _, c := range cases {
		if page, _ := parsePageText(t, Options{}, c.html); page.NeedsRender != c.want {
			t.Errorf("%s: %v", c.name, page.NeedsRender)
		}
	}
}

func TestMetaRefresh(t *testing.T) {
	page, _ := parsePageText(t, Options{URL: "https://a.example/b/c"}, `<meta http-equiv="Refresh" content="0; URL='../new'"><p>moved`)
	if page.MetaRefresh != "https://a.example/new" {
		t.Errorf("got %q", page.MetaRefresh)
	}
}

func TestTextHashIgnoresClutter(t *testing.T) {
	one, _ := parsePageText(t, Options{}, `<nav>a</nav><main><p>The same  text,
here.</p><p>And more.</p></main>`)
	two, _ := parsePageText(t, Options{}, `<nav>b c d</nav><main><div><p>The same text, here.</p> <p>And more.</p></div></main>`)
	other, _ := parsePageText(t, Options{}, `<main><p>The same text, there.</p><p>And more.</p></main>`)
	if one.TextHash != two.TextHash || one.TextHash == other.TextHash || len(one.TextHash) != 64 {
		t.Errorf("%s %s %s", one.TextHash, two.TextHash, other.TextHash)
	}
}

func TestSelectors(t *testing.T) {
	html := `<body><div id="a"><p>First part, of some length.</p><p class="x">Not this.</p></div><div id="b"><p>Second part, of more length, and so preferred otherwise, surely.</p></div>`
	if _, text := parsePageText(t, Options{Keep: "#a", Drop: []string{"p.x", "#zzz"}}, html); text != "First part, of some length." {
		t.Errorf("got %q", text)
	}
	if _, text := parsePageText(t, Options{Keep: "#none"}, html); !strings.Contains(text, "Second part") {
		t.Errorf("a selector that matches nothing must not lose the page: %q", text)
	}
	for _, opts := range []Options{{Keep: "p["}, {Drop: []string{"]"}}} {
		if _, err := ParsePage(context.Background(), opts, []byte(html)); err == nil {
			t.Errorf("%+v: no error for a broken selector", opts)
		}
	}
}

func TestParseErrors(t *testing.T) {
	if _, err := Parse(context.Background(), "empty.html", []byte("<title>x</title><script>y</script>"), Limits{}); !errors.Is(err, knowledge.ErrNoText) || !strings.Contains(err.Error(), "empty.html") {
		t.Errorf("page without text: %v", err)
	}
	for _, lim := range []Limits{{MaxBytes: 10}, {MaxNodes: 2}, {MaxText: 5}} {
		if doc, err := Parse(context.Background(), "a.html", []byte("<p>one</p><p>two</p><p>three</p>"), lim); !errors.Is(err, knowledge.ErrTooLarge) || doc != nil {
			t.Errorf("%+v: %v, %v", lim, doc, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Parse(ctx, "a.html", []byte("<p>one"), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

func TestTooDeepPageKeepsTextAndLinks(t *testing.T) {
	page, text := parsePageText(t, Options{URL: "https://a.example/"}, "<title>Deep</title>"+strings.Repeat("<div>", 600)+`<p>Still &amp; readable.<script>no()</script><p>Second <a href="x">link</a>`)
	if text != "Still & readable.\n\nSecond link" || page.Document.Title != "Deep" || len(page.Links) != 1 || page.Links[0].URL != "https://a.example/x" {
		t.Errorf("%q %q %v", text, page.Document.Title, page.Links)
	}
}

func TestStructuredDataAddsOnlyWhatIsNotShown(t *testing.T) {
	html := `<main><h1>How to</h1><p>Follow the steps below, please.</p></main><script type="application/ld+json">{"@type":"HowTo","name":"Reset","step":[
{"@type":"HowToSection","itemListElement":[{"@type":"HowToStep","text":"Hold the button"}]},{"@type":"HowToStep","name":"Release","text":"Let go at the beep"},"Done"]}</script>
<script type="application/ld+json">{"@type":"QAPage","mainEntity":{"@type":"https://schema.org/Question","name":"Does a < b hold?","acceptedAnswer":[{"text":"Yes,
<b>always</b>&nbsp;so."}]}}</script><script type="application/ld+json">{broken</script>`
	_, text := parsePageText(t, Options{}, html)
	want := "Follow the steps below, please.\n\nReset\n\n1. Hold the button\n2. Release: Let go at the beep\n3. Done\n\nDoes a < b hold?\nYes, always so."
	if text != want {
		t.Errorf("got %q, want %q", text, want)
	}
}

func TestTableForms(t *testing.T) {
	cases := []struct {
		name, html string
		want       []knowledge.Block
	}{
		{"row spans", `<table><tr><th>Zone<th>Weight<th>Price<tr><td rowspan=2>EU<td>1 kg<td>5<tr><td>2 kg<td>8</table>`, []knowledge.Block{
			{Kind: knowledge.TableHeader, Cells: []string{"Zone", "Weight", "Price"}},
			{Kind: knowledge.TableRow, Cells: []string{"EU", "1 kg", "5"}, Header: []string{"Zone", "Weight", "Price"}},
			{Kind: knowledge.TableRow, Cells: []string{"EU", "2 kg", "8"}, Header: []string{"Zone", "Weight", "Price"}}}},
		{"names of rows", `<table><tr><th>Height<td>5 cm<tr><th>Width<td>7 cm</table>`, []knowledge.Block{
			{Kind: knowledge.TableRow, Cells: []string{"Height", "5 cm"}},
			{Kind: knowledge.TableRow, Cells: []string{"Width", "7 cm"}}}},
		{"empty corner", `<table><tr><td><th>A<th>B<tr><th>x<td>1<td>2</table>`, []knowledge.Block{
			{Kind: knowledge.TableHeader, Cells: []string{"", "A", "B"}},
			{Kind: knowledge.TableRow, Cells: []string{"x", "1", "2"}, Header: []string{"", "A", "B"}}}},
		{"a row across", `<table><thead><tr><th>A<th>B</thead><tr><td colspan=2>Group<tr><td>1<td>2</table>`, []knowledge.Block{
			{Kind: knowledge.TableHeader, Cells: []string{"A", "B"}},
			{Kind: knowledge.TableRow, Cells: []string{"Group"}, Header: []string{"A", "B"}},
			{Kind: knowledge.TableRow, Cells: []string{"1", "2"}, Header: []string{"A", "B"}}}},
		{"list with numbers", `<ol start=3 type=a><li>x<li value=9>y</ol>`, []knowledge.Block{
			{Kind: knowledge.ListItem, Level: 1, Label: "c.", Text: "x"},
			{Kind: knowledge.ListItem, Level: 1, Label: "i.", Text: "y"}}},
	}
	for _, c := range cases {
		page, _ := parsePageText(t, Options{}, "<body><main>"+c.html+"</main>")
		if !reflect.DeepEqual(page.Document.Blocks, c.want) {
			t.Errorf("%s: %#v", c.name, page.Document.Blocks)
		}
	}
}

func TestColumnsBeyondTheLimitAreKept(t *testing.T) {
	_, text := parsePageText(t, Options{}, "<table><tr><th>a<th>b<tr>"+strings.Repeat("<td>x", 250)+"<td>the end</table>")
	if !strings.Contains(text, "the end") || strings.Count(text, "x") != 250 {
		t.Errorf("lost cells: %q", text)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{danishHelp, "<table><tr><td colspan=9 rowspan=9>x", "<dl><dt>a?<dd>b", "<details><summary>q</summary>a", `<?xml version="1.0"?><a/><![CDATA[x`,
		`<script type="application/ld+json">{"@type":"Question","name":"a","acceptedAnswer":{"text":"b"}}</script>`, "<ol reversed><li><ul><li>x", "<button aria-controls=x>q?</button><p id=x>a",
		"\xff\xfea\x00", "<meta charset=utf-16><p>\xe5", "<select><option>x<table>a<td>b", "<svg><title>x</title><a href=y>z"} {
		f.Add([]byte(seed))
	}
	for _, c := range sitePages {
		f.Add([]byte(c.page))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		page, err := ParsePage(context.Background(), Options{Name: "a.xhtml", URL: "https://a.example/"}, data)
		if err != nil {
			if errors.Is(err, knowledge.ErrMalformed) {
				t.Fatal(err) // a panic was caught
			}
			return
		}
		for _, b := range page.Document.Blocks {
			if strings.TrimSpace(b.String()) == "" {
				t.Errorf("empty block %#v", b)
			}
		}
		if again, err := ParsePage(context.Background(), Options{Name: "a.xhtml", URL: "https://a.example/"}, data); err != nil || again.TextHash != page.TextHash {
			t.Errorf("a second run differs: %v", err)
		}
	})
}

func BenchmarkParseHelpPage(b *testing.B) {
	data := []byte(danishHelp)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(context.Background(), "help.html", data, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseArticles(b *testing.B) {
	all := articles(b)
	size := 0
	for _, a := range all {
		size += len(a.html)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, a := range all {
			if _, err := ParsePage(context.Background(), Options{Name: a.id}, a.html); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(all)*b.N)/b.Elapsed().Seconds(), "pages/s")
}
