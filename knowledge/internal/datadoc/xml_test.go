package datadoc

import (
	"context"
	"errors"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestXMLShapes(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"data with paths as headings", `<shop><opening><weekdays>9-17</weekdays></opening><bike><kind>City</kind><price currency="DKK">140</price></bike><bike><kind>Tandem</kind></bike></shop>`,
			[]string{"## opening", "weekdays: 9-17", "## bike", "kind: City", "price: 140", "kind: Tandem"}},
		{"records with names and attributes", `<list><place name="Nordhavn"><room size="5" id="x"/><!-- no --><text><![CDATA[A <b>big</b> room & more]]></text></place></list>`,
			[]string{"## Nordhavn", "room: size 5", "A big room & more"}},
		{"questions", `<faq><item><question>May I?</question><answer>Yes, <b>you</b> may.</answer></item></faq>`, []string{"Q May I? A Yes, you may."}},
		{"book", `<article xmlns="http://docbook.org/ns/docbook"><title>Manual</title><section><title>Start</title><para>Press <emphasis>go</emphasis> now.</para>
			<orderedlist><listitem><para>One</para></listitem><listitem><para>Two</para><itemizedlist><listitem><para>Inner</para></listitem></itemizedlist></listitem></orderedlist>
			<note><para>Careful.</para></note><programlisting language="sh">a
  b</programlisting>
			<informaltable><tgroup><thead><row><entry>Day</entry><entry>Hours</entry></row></thead><tbody><row><entry>Mon</entry><entry>9</entry></row></tbody></tgroup></informaltable></section></article>`,
			[]string{"## Start", "Press go now.", "list item 1. One", "list item 2. Two", "list item • Inner", "note note Careful.", "code sh a\n  b", "| Day | Hours", "- Day: Mon; Hours: 9"}},
		{"sitemap", `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://a.example/x</loc><lastmod>2026-01-02</lastmod></url></urlset>`,
			[]string{"list item • https://a.example/x (2026-01-02)"}},
		{"stray ampersand and HTML entities", `<doc><note2>Salt & pepper&nbsp;mill</note2></doc>`, []string{"note2: Salt & pepper mill"}},
		{"prose only", `<message>Hello <b>there</b>, friend</message>`, []string{"Hello there, friend"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := ParseXML(context.Background(), "x.xml", []byte(tt.in), Limits{})
			wantLines(t, doc, err, tt.want...)
		})
	}
}

func TestFeedsGiveItemsWithDatesAndLinks(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
		links    []knowledge.Link
	}{
		{"RSS", `<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>News</title><link>https://a.example/</link><language>en</language>
			<item><title>Opening &amp; closing</title><link>https://a.example/1</link><pubDate>Mon, 2 Nov 2026 08:00:00 GMT</pubDate><description>Short.</description><content:encoded><![CDATA[<p>Long <a href="/more">text</a>.</p><p>End.</p>]]></content:encoded></item></channel></rss>`,
			[]string{"## Opening & closing", "2026-11-02", "Long text.", "End."},
			[]knowledge.Link{{URL: "https://a.example/", Text: "News"}, {URL: "https://a.example/1", Text: "Opening & closing"}, {URL: "/more", Text: "text"}}},
		{"Atom", `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="da"><title>Nyt</title><entry><title type="html">&lt;b&gt;Vinter&lt;/b&gt;</title><link rel="self" href="https://a.example/self"/><link href="https://a.example/v"/><updated>2026-11-03T10:00:00Z</updated>
			<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Lukket</p><p>indtil marts</p></div></content></entry></feed>`,
			[]string{"## Vinter", "2026-11-03", "Lukket", "indtil marts"},
			[]knowledge.Link{{URL: "https://a.example/v", Text: "Vinter"}}},
		{"RSS 1.0", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Old</title></channel><item><title>One</title><dc:date>2026-01-05</dc:date><description>Text</description></item></rdf:RDF>`,
			[]string{"## One", "2026-01-05", "Text"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := ParseXML(context.Background(), "x.xml", []byte(tt.in), Limits{})
			wantLines(t, doc, err, tt.want...)
			if len(doc.Links) != len(tt.links) {
				t.Fatalf("links %+v, want %+v", doc.Links, tt.links)
			}
			for i, l := range tt.links {
				if doc.Links[i] != l {
					t.Errorf("link %d is %+v, want %+v", i, doc.Links[i], l)
				}
			}
			if doc.Modified.IsZero() || doc.Title == "" {
				t.Errorf("modified %v, title %q", doc.Modified, doc.Title)
			}
		})
	}
}

func TestXMLEncodings(t *testing.T) {
	utf16 := []byte{0xff, 0xfe}
	for _, r := range `<?xml version="1.0" encoding="UTF-16"?><a><t>Få æbler</t></a>` {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	tests := map[string][]byte{
		"declared latin 1":           []byte("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a><t>F\xe5 \xe6bler</t></a>"),
		"UTF-16 with mark":           utf16,
		"declared wrongly as UTF-8":  []byte("<?xml version=\"1.0\" encoding='utf-8'?><a><t>F\xe5 \xe6bler</t></a>"),
		"UTF-8 declared as latin 1":  []byte("<?xml version=\"1.0\" encoding=\"latin1\"?><a><t>Få æbler</t></a>"),
		"an encoding nobody defined": []byte("<?xml version=\"1.0\" encoding=\"x-unheard-of\"?><a><t>F\xe5 \xe6bler</t></a>"),
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			doc, err := ParseXML(context.Background(), "x.xml", in, Limits{})
			wantLines(t, doc, err, "t: Få æbler")
		})
	}

	var told string
	_, err := ParseXML(context.Background(), "x.xml", tests["declared latin 1"], Limits{Decode: func(data []byte, declared string) (string, error) {
		told = declared
		return "<a>x</a>", nil
	}})
	if err != nil || told != "ISO-8859-1" {
		t.Errorf("Decode was told %q, error %v", told, err)
	}
}

func TestXMLMalformed(t *testing.T) {
	for _, in := range []string{"", "plain text", "<a><b>x</b>", "<a", "<", "<?xml version=\"1.0\"?>", "<a>x</a", "<!-- c -->"} {
		doc, err := ParseXML(context.Background(), "bad.xml", []byte(in), Limits{})
		if !errors.Is(err, knowledge.ErrMalformed) || doc != nil {
			t.Errorf("%q: document %v, error %v", in, doc, err)
		}
	}
}
