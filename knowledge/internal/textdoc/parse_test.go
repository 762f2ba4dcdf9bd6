package textdoc

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// outline writes a document as one line a block, to compare with.
func outline(d *knowledge.Document) string {
	var sb strings.Builder
	for _, b := range d.Blocks {
		switch b.Kind {
		case knowledge.Heading:
			fmt.Fprintf(&sb, "h%d %s\n", b.Level, b.Text)
		case knowledge.ListItem:
			fmt.Fprintf(&sb, "li%d %s %s\n", b.Level, b.Label, b.Text)
		case knowledge.TableHeader:
			fmt.Fprintf(&sb, "th %s\n", strings.Join(b.Cells, "|"))
		case knowledge.TableRow:
			fmt.Fprintf(&sb, "tr %s (%s)\n", strings.Join(b.Cells, "|"), strings.Join(b.Header, "|"))
		case knowledge.Code:
			fmt.Fprintf(&sb, "code[%s] %s\n", b.Label, strings.ReplaceAll(b.Text, "\n", "⏎"))
		case knowledge.Paragraph:
			fmt.Fprintf(&sb, "p %s\n", b.Text)
		default:
			fmt.Fprintf(&sb, "%s[%s] %s\n", b.Kind, b.Label, b.Text)
		}
	}
	return sb.String()
}

func check(t *testing.T, parse parseFunc, source, want string) *knowledge.Document {
	t.Helper()
	doc, err := parse(context.Background(), "test", []byte(source), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(outline(doc)), strings.TrimSpace(want); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	return doc
}

const markdownSample = `---
title: "Returns & refunds"
date: 2024-03-05
lang: en-GB
tags: [a, b]
description: How to send goods back.
---

# Returns

You have **14 days** to *return* an item; see [the terms](https://shop.example/terms "Terms")<br>or
write to <help@shop.example>. AT&amp;T \*not bold\* <u>really</u> <!-- hidden --> ![Label on the box](x.png)

1. Pack it
   - with the ` + "`receipt`" + `
   - and the form
2. Send it

   within two weeks

- [x] done
- [ ] open

> Quoted words

> [!WARNING]
> No batteries by air.

| Country | Days |
| ------- | ---: |
| Denmark | 2    |
| Norway \| Svalbard | 5 |

Term
: Explanation one
: Explanation two

~~~bash
echo  hi
~~~

Text with a note.[^n]

[^n]: The note itself.

<details><summary>Can I exchange?</summary>

Yes, you can.

</details>
`

func TestMarkdownBlocks(t *testing.T) {
	doc := check(t, ParseMarkdown, markdownSample, `
p How to send goods back.
h1 Returns
p You have 14 days to return an item; see the terms or write to help@shop.example. AT&T *not bold* really Label on the box
li1 1. Pack it
li2 • with the receipt
li2 • and the form
li1 2. Send it
li1  within two weeks
li1 • ☒ done
li1 • ☐ open
quote[] Quoted words
note[warning] No batteries by air.
th Country|Days
tr Denmark|2 (Country|Days)
tr Norway | Svalbard|5 (Country|Days)
definition[Term] Explanation one
definition[Term] Explanation two
code[bash] echo  hi
p Text with a note.[1]
p Can I exchange?
p Yes, you can.
note[footnote] [1] The note itself.`)
	if doc.Title != "Returns & refunds" || doc.Language != "en-GB" || doc.Published.Format("2006-01-02") != "2024-03-05" {
		t.Errorf("title %q, language %q, published %v", doc.Title, doc.Language, doc.Published)
	}
	if len(doc.Links) != 1 || doc.Links[0].URL != "https://shop.example/terms" || doc.Links[0].Text != "the terms" {
		t.Errorf("links %+v", doc.Links)
	}
}

func TestMarkdownFrontMatter(t *testing.T) {
	for name, c := range map[string]struct{ source, title, language, text string }{
		"TOML":            {"+++\ntitle = 'Fragt'\nlanguage = \"da\"\n[params]\ntitle = 'x'\n+++\nTekst", "Fragt", "da", "Tekst"},
		"folded":          {"---\ntitle: >-\n  Two\n  lines\nlang: de_DE\n---\nText", "Two lines", "de-DE", "Text"},
		"ended by dots":   {"---\ntitle: A # comment\n...\nText", "A", "", "Text"},
		"none but a rule": {"---\n\nProse. No key here\n\n---\n\nText", "", "", "Prose. No key here\n\nText"},
		"first heading":   {"# Title\n\nText", "Title", "", "Title\n\nText"},
		"late heading":    {"Text\n\n# Title", "", "", "Text\n\nTitle"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := ParseMarkdown(context.Background(), "a.md", []byte(c.source), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if doc.Title != c.title || doc.Language != c.language || doc.PlainText() != c.text {
				t.Errorf("title %q, language %q, text %q", doc.Title, doc.Language, doc.PlainText())
			}
		})
	}
}

func TestMarkdownFencedNotes(t *testing.T) {
	check(t, ParseMarkdown, ":::tip Good to know\nWe are open.\n:::\n\n::: warning\n\nNo refunds.\n\n:::\n\nEnd: a ::: b", `
note[tip] Good to know We are open.
p No refunds.
p End: a ::: b`)
}

func TestMarkdownBeyondTheLimitsIsPlainText(t *testing.T) {
	deep := strings.Repeat("> ", 200) + "inside"
	doc, err := ParseMarkdown(context.Background(), "a.md", []byte(deep), Limits{})
	if err != nil || !strings.Contains(doc.PlainText(), "inside") {
		t.Fatalf("%v, %v", doc, err)
	}
	ordinary := strings.Repeat("- an *item* with [a link](x)\n", 4000)
	doc, err = ParseMarkdown(context.Background(), "a.md", []byte(ordinary), Limits{})
	if err != nil || len(doc.Blocks) != 4000 || doc.Blocks[0].Text != "an item with a link" {
		t.Fatalf("a long list must be read as a list: %v", err)
	}
}

func TestMarkdownKeepsHTMLBlocksWhenAsked(t *testing.T) {
	source := "Before\n\n<table><tr><th>Size<th>Price</tr><tr><td><p>One</p></td><td><a href='/two'>Two</a> <br>DKK</td></tr></table>\n" +
		"<script>bad()</script>\n<!-- hidden -->\n<ul><li>First<li>Second</ul>\n"
	doc, err := ParseMarkdown(context.Background(), "a.md", []byte(source), Limits{KeepHTML: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := outline(doc), "p Before\nth Size|Price\ntr One|Two DKK (Size|Price)\np First\np Second\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(doc.Links) != 1 || doc.Links[0] != (knowledge.Link{URL: "/two", Text: "Two"}) {
		t.Errorf("links %+v", doc.Links)
	}
	check(t, ParseMarkdown, source, "p Before")
}

const rstSample = `
========
Shipping
========

:Date: 2023-11-02
:Language: da

We *ship* with ` + "``post``" + ` to |area|; see ` + "`the terms <https://shop.example/terms>`_" + ` or Terms_ [1]_.

.. |area| replace:: all **Nordic** countries
.. _Terms: https://shop.example/more
.. a comment

Prices
------

=======  ====
Country  Days
=======  ====
Denmark  2
Norway   5
         to 6
=======  ====

+-----+-----+
| A   | B   |
+=====+=====+
| 1   | two |
|     | x   |
+-----+-----+
| both      |
+-----------+

1. First
2. Second

   * nested :ref:` + "`here <label>`" + `

#. Third

term : class
    Explained
    here.

-v, --verbose  Say more.

.. note:: Mind the gap.

.. code-block:: python
   :linenos:

   def f():
       return 1

Then::

    literal *text*

| line one
| line two

.. image:: x.png
   :alt: A box

.. list-table:: Sizes
   :header-rows: 1

   * - Name
     - Size
   * - Small
     - 1

.. csv-table:: Units
   :header: "Unit", "Meaning"

   "kg", "mass, metric"

.. raw:: html

   <b>no</b>

    Quoted.

.. [1] The footnote.
`

func TestRSTBlocks(t *testing.T) {
	doc := check(t, ParseRST, rstSample, `
h1 Shipping
definition[Date] 2023-11-02
definition[Language] da
p We ship with post to all Nordic countries; see the terms or Terms [1].
h2 Prices
th Country|Days
tr Denmark|2 (Country|Days)
tr Norway|5 to 6 (Country|Days)
th A|B
tr 1|two x (A|B)
tr both| (A|B)
li1 1. First
li1 2. Second
li2 • nested here
li1 3. Third
definition[term : class] Explained here.
definition[-v, --verbose] Say more.
note[note] Mind the gap.
code[python] def f():⏎    return 1
p Then:
code[] literal *text*
p line one line two
p A box
p Sizes
th Name|Size
tr Small|1 (Name|Size)
p Units
th Unit|Meaning
tr kg|mass, metric (Unit|Meaning)
note[footnote] [1] The footnote.`)
	if doc.Title != "Shipping" || doc.Language != "da" || doc.Published.Year() != 2023 {
		t.Errorf("title %q, language %q, published %v", doc.Title, doc.Language, doc.Published)
	}
	if len(doc.Links) != 2 || doc.Links[1].URL != "https://shop.example/more" || doc.Links[1].Text != "Terms" {
		t.Errorf("links %+v", doc.Links)
	}
}

func TestRSTInline(t *testing.T) {
	for source, want := range map[string]string{
		`a * b and 2*3*4`:                        `a * b and 2*3*4`,
		`*re*\ ` + "``structured``" + `\ *text*`: `restructuredtext`,
		"``*literal* \\n``":                      `*literal* \n`,
		`**bold** "*" (*x*)`:                     `bold "*" (x)`,
		`:PEP:` + "`287`" + ` and ` + "`x`:sub:": `PEP 287 and x`,
		"`phrase`_ and name_, snake_case_name":   `phrase and name, snake_case_name`,
		`https://a.example/x_y_*z see`:           `https://a.example/x_y_*z see`,
		`[#]_ and [CIT2002]_`:                    `[1] and [CIT2002]`,
		"an _`inline target`":                    `an inline target`,
		`\*escaped\* and \\`:                     `*escaped* and \`,
		"unclosed `text and *more":               "unclosed `text and *more",
		":func:`~pkg.mod.call` is :kbd:`Ctrl+C`": `call is Ctrl+C`,
	} {
		doc, err := ParseRST(context.Background(), "a.rst", []byte(source), Limits{})
		if err != nil || doc.PlainText() != want {
			t.Errorf("%q: %v, want %q", source, outline(doc), want)
		}
	}
}

const textSample = `Opening hours
=============

We are open every day, also on
Sundays, from ten to five.

PRICES AND FEES

- Letters up to two kilos,
  inside the country
- Parcels
  * large
1) One
2) Two

3.2 Delivery abroad

In the year
1998. Since then we ship.

Q: Can I return it?
A: Yes, within
   14 days.

Spørgsmål: Hvad koster det?

Svar: Det er gratis.

Run this:

    if (a == b) {
        return c;
    }

> quoted
> words
`

func TestPlainTextBlocks(t *testing.T) {
	doc := check(t, ParseText, textSample, `
h1 Opening hours
p We are open every day, also on Sundays, from ten to five.
h1 PRICES AND FEES
li1 • Letters up to two kilos, inside the country
li1 • Parcels
li2 • large
li1 1) One
li1 2) Two
h2 3.2 Delivery abroad
p In the year 1998. Since then we ship.
question and answer[Can I return it?] Yes, within 14 days.
question and answer[Hvad koster det?] Det er gratis.
p Run this:
code[] if (a == b) {⏎    return c;⏎}
quote[] quoted words`)
	if doc.Title != "Opening hours" {
		t.Errorf("title %q", doc.Title)
	}
}

func TestPlainTextLeavesWhatOnlyLooksLikeStructure(t *testing.T) {
	check(t, ParseText, "Call us.\n\nP: 1234\nF: 5678\n\nNo. 5 is fine.\n\nOK\n\nIs 3 - 2 = 1\n- no?", `
p Call us.
p P: 1234
p F: 5678
p No. 5 is fine.
p OK
p Is 3 - 2 = 1
li1 • no?`)
}

func TestPlainTextTablesAndEntries(t *testing.T) {
	check(t, ParseText, `Rates:
Country | Price
--------+------
Denmark | 39
Norway  | 59

Phone: 12 34 56 78
Opening hours: 9-17

This line of a paragraph is wrapped
by hand.
-----------------------------------`, `
p Rates:
th Country|Price
tr Denmark|39 (Country|Price)
tr Norway|59 (Country|Price)
p Phone: 12 34 56 78
p Opening hours: 9-17
p This line of a paragraph is wrapped by hand.`)
}

func TestPlainTextQuestionsAndAnswers(t *testing.T) {
	for source, want := range map[string]string{
		"Frage: Wann?\nAntwort: Morgen.":                  "question and answer[Wann?] Morgen.\n",
		"Q1. Why?\nA1. Because.\nQ2. How?\nA2. So.":       "question and answer[Why?] Because.\nquestion and answer[How?] So.\n",
		"Q: Why is\n   it so?\n\nA: First.\n\n   Second.": "question and answer[Why is it so?] First. Second.\n",
		"Spørgsmål: Hvornår?\nSvar: I dag.\n\nHilsen":     "question and answer[Hvornår?] I dag.\np Hilsen\n",
		"Question: unanswered":                            "p Question: unanswered\n",
		"A: alone":                                        "p A: alone\n",
	} {
		doc, err := ParseText(context.Background(), "a.txt", []byte(source), Limits{})
		if err != nil || outline(doc) != want {
			t.Errorf("%q:\n%swant\n%s(%v)", source, outline(doc), want, err)
		}
	}
}

func TestPlainTextInAnyEncoding(t *testing.T) {
	check(t, ParseText, "Vi g\xf8r det p\xe5 l\xf8rdag, og s\xe5 er det f\xe6rdigt.", "p Vi gør det på lørdag, og så er det færdigt.")
	check(t, ParseText, "\xff\xfeh\x00i\x00", "p hi")
}

const confSample = `# Where the server
# listens.
port = 8080

[mail]
; sender of all messages
from: "help@shop.example"
hosts = a,
    b,
    c
path=/usr/bin:\
  /bin

server {
    listen 443 ssl; 
    location /api {
        proxy_pass http://backend;
    }
}
<VirtualHost *:80>
    ServerName shop.example
</VirtualHost>
`

func TestConfBlocks(t *testing.T) {
	check(t, ParseConf, confSample, `
p Where the server listens.
p port = 8080
h1 mail
p sender of all messages
p from = help@shop.example
p hosts = a, b, c
p path = /usr/bin: /bin
h1 server
p listen 443 ssl
h2 location /api
p proxy_pass http://backend
h1 VirtualHost *:80
p ServerName shop.example`)
}

func ExampleParseMarkdown() {
	doc, err := ParseMarkdown(context.Background(), "faq.md", []byte("# Delivery\n\n- Two days in Denmark"), Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(doc.Title)
	for _, b := range doc.Blocks {
		fmt.Println(b.Kind, b.Text)
	}
	// Output:
	// Delivery
	// heading Delivery
	// list item Two days in Denmark
}
