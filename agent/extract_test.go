package agent

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

func passage(title string, path []string, blocks ...knowledge.Block) knowledge.Found {
	return found(knowledge.Passage{Document: title, Title: title, Path: path, Blocks: blocks})
}

func paragraphs(texts ...string) []knowledge.Found {
	var out []knowledge.Found
	for _, s := range texts {
		out = append(out, passage("", nil, knowledge.Block{Text: s}))
	}
	return out
}

func rows(header []string, cells ...[]string) []knowledge.Block {
	var out []knowledge.Block
	for _, c := range cells {
		out = append(out, knowledge.Block{Kind: knowledge.TableRow, Header: header, Cells: c})
	}
	return out
}

func items(label func(int) string, texts ...string) []knowledge.Block {
	var out []knowledge.Block
	for i, s := range texts {
		out = append(out, knowledge.Block{Kind: knowledge.ListItem, Level: 1, Label: label(i), Text: s})
	}
	return out
}

func bullet(int) string     { return "•" }
func numbered(i int) string { return itoa(i+1) + "." }

const longSentence = "The warehouse in the harbour takes back tents, sleeping bags, mats, stoves, lamps and other camping goods that were bought in one of the shops, " +
	"and because the truck to the repairers in the north leaves on Thursdays at noon every broken tent pole that reaches us by Wednesday evening is mended within nine days, " +
	"whereas stoves are sent to their makers abroad who answer when they like, and lamps are thrown away."

func TestQuoteAnswersWith(t *testing.T) {
	for _, tt := range []struct {
		name, question, language string
		passages                 []knowledge.Found
		limit                    int
		want                     string
	}{
		{
			name: "the sentence that answers", question: "How much is delivery to an island?", language: "en",
			passages: paragraphs("We deliver all over the country. Delivery to an island costs 79 kroner. Parcels weigh up to 20 kilos."),
			limit:    50, want: "Delivery to an island costs 79 kroner. [1]",
		},
		{
			name: "an answer, not the question again", question: "How much is delivery to an island?", language: "en",
			passages: paragraphs("How much is delivery to an island? That costs 79 kroner more."),
			limit:    50, want: "That costs 79 kroner more. [1]",
		},
		{
			name: "neighbours as they stand between them", question: "When is the shop open in summer?", language: "en",
			passages: paragraphs("In summer the shop is open until nine.  In winter it closes at five."),
			limit:    100, want: "In summer the shop is open until nine.  In winter it closes at five. [1]",
		},
		{
			name: "an ellipsis for what is left out", question: "Which stove burns gas and how heavy is the gas stove?", language: "en",
			passages: paragraphs("The red stove burns gas. Anna likes red, and her sister Berta from the village by the river likes blue far better than any red there is. The gas stove is heavy: 900 grams."),
			limit:    100, want: "The red stove burns gas. … The gas stove is heavy: 900 grams. [1]",
		},
		{
			name: "sentences of two passages", question: "Can I rent a canoe, and is a canoe insured?", language: "en",
			passages: paragraphs("You can rent a canoe from May. Bring a friend.", "A canoe is insured against theft. Oars are not."),
			limit:    90, want: "A canoe is insured against theft. [2]\n\nYou can rent a canoe from May. [1]",
		},
		{
			name: "a sentence that is there twice only once", question: "How much is delivery to an island?", language: "en",
			passages: paragraphs("Delivery to an island costs 79 kroner.", "Delivery to an island costs 79 kroner."),
			limit:    200, want: "Delivery to an island costs 79 kroner. [1]",
		},
		{
			name: "the row with its columns", question: "What does it cost to return at a parcel shop?", language: "en",
			passages: []knowledge.Found{passage("Returns", []string{"Prices"}, rows([]string{"Way", "Price"}, []string{"Parcel shop", "39 kr."}, []string{"Courier", "149 kr."}, []string{"In our shop", "free"})...)},
			limit:    200, want: "Way: Parcel shop; Price: 39 kr. [1]",
		},
		{
			name: "all rows where their heading fits", question: "What are the opening hours?", language: "en",
			passages: []knowledge.Found{passage("Shop", []string{"Opening hours"}, rows([]string{"Day", "Time"}, []string{"Monday", "9–17"}, []string{"Sunday", "closed"})...)},
			limit:    200, want: "- Day: Monday; Time: 9–17\n- Day: Sunday; Time: closed [1]",
		},
		{
			name: "the list that a sentence leads in", question: "Which documents do I need for a rental?", language: "en",
			passages: []knowledge.Found{passage("Rental", nil, append([]knowledge.Block{{Text: "For a rental you need these documents:"}}, items(bullet, "a passport", "proof of address")...)...)},
			limit:    200, want: "For a rental you need these documents:\n- a passport\n- proof of address [1]",
		},
		{
			name: "the list that goes on in mid-sentence", question: "What can I do before the order is packed?", language: "en",
			passages: []knowledge.Found{passage("Orders", nil, append([]knowledge.Block{{Text: "Before the order is packed you can"}}, items(bullet, "change the address", "cancel it")...)...)},
			limit:    200, want: "Before the order is packed you can\n- change the address\n- cancel it [1]",
		},
		{
			name: "no lead-in without its list", question: "Is the rental insured?", language: "en",
			passages: []knowledge.Found{passage("Rental", nil, append([]knowledge.Block{{Text: "The rental is insured. Not insured is the rental of:"}}, items(bullet, "a lamp", "a bucket")...)...)},
			limit:    200, want: "The rental is insured. [1]",
		},
		{
			name: "an item with what leads it in", question: "Is proof of address needed?", language: "en",
			passages: []knowledge.Found{passage("Rental", nil, append([]knowledge.Block{{Text: "Bring along:"}}, items(bullet, "a passport", "proof of your address, not older than a month")...)...)},
			limit:    200, want: "Bring along:\n- proof of your address, not older than a month [1]",
		},
		{
			name: "steps in order from the first", question: "How do I print the label?", language: "en",
			passages: []knowledge.Found{passage("Returns", nil, items(numbered, "Log in.", "Choose the goods.", "Print the label.")...)},
			limit:    200, want: "1. Log in.\n2. Choose the goods.\n3. Print the label. [1]",
		},
		{
			name: "the answer of a question", question: "Do you ship abroad?", language: "en",
			passages: []knowledge.Found{passage("", nil, knowledge.Block{Kind: knowledge.QA, Label: "Do you ship abroad?", Text: "Yes, to Sweden. It takes a week."})},
			limit:    200, want: "Yes, to Sweden. It takes a week. [1]",
		},
		{
			name: "all of the answer before anything else", question: "Do you ship abroad?", language: "en",
			passages: []knowledge.Found{
				passage("", nil, knowledge.Block{Kind: knowledge.QA, Label: "Do you ship abroad?", Text: "Yes, to Sweden. It takes a week. Customs want to see the bill."}),
				passage("", nil, knowledge.Block{Text: "Tents we ship abroad in summer."})},
			limit: 120, want: "Yes, to Sweden. It takes a week. Customs want to see the bill. [1]",
		},
		{
			name: "the explanation of a term", question: "What is a footprint?", language: "en",
			passages: []knowledge.Found{passage("Terms", nil,
				knowledge.Block{Kind: knowledge.Definition, Label: "Flysheet", Text: "A roof over the tent."},
				knowledge.Block{Kind: knowledge.Definition, Label: "Footprint", Text: "Groundsheet below the tent."})},
			limit: 40, want: "Groundsheet below the tent. [1]",
		},
		{
			name: "code as code, after what leads it in", question: "How do I reset the device list?", language: "en",
			passages: []knowledge.Found{passage("Setup", nil, knowledge.Block{Text: "To reset the device list run:"}, knowledge.Block{Kind: knowledge.Code, Label: "sh", Text: "x=${list[1]}\nreset *_all"})},
			limit:    200, want: "To reset the device list run:\n```sh\nx=${list[1]}\nreset *_all\n```\n[1]",
		},
		{
			name: "right to left", question: "כמה עולה משלוח לאי?", language: "he",
			passages: paragraphs("אנחנו שולחים לכל הארץ. משלוח לאי עולה 79 כתרים. החנות סגורה בשבת."),
			limit:    45, want: "משלוח לאי עולה 79 כתרים. [1]",
		},
		{
			name: "Arabic with clitics", question: "ما هي مدة الضمان؟", language: "ar",
			passages: paragraphs("نحن نصلح الخيام. ومدة الضمان سنتان. المتجر مغلق يوم الجمعة."),
			limit:    40, want: "ومدة الضمان سنتان. [1]",
		},
		{
			name: "Chinese", question: "退货期限是多少天？", language: "zh",
			passages: paragraphs("我们在全国送货。退货期限是三十天。商店星期天关门。"),
			limit:    20, want: "退货期限是三十天。 [1]",
		},
		{
			name: "Japanese, as it stands between them", question: "返品はいつまでできますか？", language: "ja",
			passages: paragraphs("全国に配送します。返品は三十日以内にできます。返品の送料は無料です。"),
			limit:    45, want: "返品は三十日以内にできます。返品の送料は無料です。 [1]",
		},
		{
			name: "a long sentence in part", question: "When is a broken tent pole mended?", language: "en",
			passages: paragraphs(longSentence), limit: 140,
			want: "… in the north leaves on Thursdays at noon every broken tent pole that reaches us by Wednesday evening is mended within nine days… [1]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := newExtract(tt.question, "", tt.language, tt.passages).quote(tt.limit, nil)
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if n := utf8.RuneCountInString(got); n > tt.limit {
				t.Errorf("%d characters, at most %d", n, tt.limit)
			}
		})
	}
}

func TestQuoteOfNothing(t *testing.T) {
	for _, question := range []string{"", "?!", "Where is it?"} {
		if got := newExtract(question, "", "en", nil).quote(300, nil); got != "" {
			t.Errorf("%q quoted %q of nothing", question, got)
		}
	}
	if got := newExtract("x", "", "en", paragraphs("", " ")).quote(300, nil); got != "" {
		t.Errorf("quoted %q of empty text", got)
	}
}

func TestContextOfAFollowUpCounts(t *testing.T) {
	passages := paragraphs("A tent weighs two kilos. A tent is delivered within a week.")
	got := newExtract("And for a tent?", "How long does delivery take?", "en", passages).quote(45, nil)
	if want := "A tent is delivered within a week. [1]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExcerptKeepsWordsAndAddressesWhole(t *testing.T) {
	const link = "https://shop.example/a/very/long/address/of-a-page?with=parameters"
	s := strings.Repeat("some words before it and ", 8) + "the form is at " + link + " for all " + strings.Repeat("and words behind it ", 8)
	words := strings.Fields(s)
	for limit := 100; limit < 200; limit += 7 {
		got := newExtract("Where is the form?", "", "en", paragraphs(s)).quote(limit, nil)
		if n := utf8.RuneCountInString(got); n > limit {
			t.Errorf("limit %d: %d characters", limit, n)
		}
		got = strings.Trim(strings.TrimSuffix(got, " [1]"), "… ")
		for _, w := range strings.Fields(got) {
			if !slices.Contains(words, w) {
				t.Errorf("limit %d: %q is no word of the text", limit, w)
			}
		}
		if !strings.Contains(s, got) {
			t.Errorf("limit %d: %q does not stand in the text", limit, got)
		}
	}
}

func TestExcerptCutsUnspacedScriptsBetweenLetters(t *testing.T) {
	s := strings.Repeat("ที่พักใกล้ทะเล", 40)
	for limit := 50; limit < 100; limit++ {
		quoted := newExtract("ทะเล", "", "th", paragraphs(s)).quote(limit, nil)
		got := strings.Trim(strings.TrimSuffix(quoted, " [1]"), "… ")
		if !strings.Contains(s, got) || utf8.RuneCountInString(quoted) < limit-12 || utf8.RuneCountInString(quoted) > limit {
			t.Errorf("limit %d: %q", limit, quoted)
		}
		after := s[strings.Index(s, got)+len(got):]
		for _, part := range []string{got, after} {
			if r, _ := utf8.DecodeRuneInString(part); unicode.IsMark(r) {
				t.Errorf("limit %d: cut before a mark: %q", limit, part)
			}
		}
	}
}

func TestSplitQuestions(t *testing.T) {
	for message, want := range map[string][]string{
		"":                           {""},
		"Can I return it?":           {"Can I return it?"},
		"I bought a tent. It leaks.": {"I bought a tent. It leaks."},
		"Hello! I bought a tent. Can I return it? And what does that cost?": {"Hello! I bought a tent. Can I return it?", "And what does that cost?"},
		"When do you open? Where are you? Thanks a lot.":                    {"When do you open?", "Where are you? Thanks a lot."},
		"A? B? C? D? E?": {"A?", "B?", "C? D? E?"},
		"何時に開きますか？どこにありますか？":    {"何時に開きますか？", "どこにありますか？"},
		"متى تفتحون؟ أين أنتم؟": {"متى تفتحون؟", "أين أنتم؟"},
	} {
		if got := splitQuestions(message); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}

func TestEscapedQuotationsStayReadable(t *testing.T) {
	for s, want := range map[string]string{
		"plain text":                       "plain text",
		"snake_case and 3 * 4":             "snake_case and 3 * 4",
		"*bold* and _slanted_":             `\*bold\* and \_slanted\_`,
		"a mark [1] of another":            `a mark \[1] of another`,
		"[note] stays, [link](x) does not": `[note] stays, \[link](x) does not`,
		"x < y but <b>":                    `x < y but \<b>`,
		"R&D &amp; more":                   `R&D \&amp; more`,
		"1. first":                         `1\. first`,
		"# heading":                        `\# heading`,
		"- item":                           `\- item`,
		"~~gone~~":                         `\~\~gone\~\~`,
		"`code`":                           "\\`code\\`",
		`C:\dir \* x`:                      `C:\dir \\\* x`,
		"1990 was good":                    "1990 was good",
	} {
		if got := escapeMarkdown(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
}

func TestMarksInQuotedCodeAreNoCitations(t *testing.T) {
	passages := []knowledge.Found{passage("Setup", nil, knowledge.Block{Text: "To reset run:"}, knowledge.Block{Kind: knowledge.Code, Text: "a[0] = b[1]"})}
	got, list := cite(newExtract("How do I reset?", "", "en", passages).quote(300, nil), passages)
	if want := "To reset run:\n```\na[0] = b[1]\n```\n [1]"; got != want || len(list) != 1 {
		t.Errorf("got %q with %d citations, want %q", got, len(list), want)
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("How much is delivery?", "Delivery costs 79 kroner. It takes a day:\n", "• one", uint8(0), uint16(120))
	f.Add("返品は？", "返品は三十日以内にできます。", "`[1]`", uint8(5), uint16(0))
	f.Add("ราคา", strings.Repeat("ราคาเท่าไหร่", 30), "x", uint8(8), uint16(40))
	f.Add("e\u0301 \xff", "\xff\xfe e\u0301 [1](x) * _a_ 1. ```", "", uint8(4), uint16(1))
	f.Fuzz(func(t *testing.T, question, text, other string, kind uint8, limit uint16) {
		max := leastMaxQuote/2 + int(limit)%400
		k := knowledge.BlockKind(kind % 10)
		passages := []knowledge.Found{
			passage(other, []string{other}, knowledge.Block{Text: other}, knowledge.Block{Kind: k, Label: other, Text: text, Cells: []string{text, other}, Header: []string{other}}),
			passage("", nil, knowledge.Block{Kind: k, Text: text}),
		}
		x := newExtract(question, other, "en", passages)
		got := x.quote(max, nil)
		if k != knowledge.Code && utf8.ValidString(text) && utf8.ValidString(other) && utf8.RuneCountInString(got) > max {
			t.Errorf("%d characters, at most %d: %q", utf8.RuneCountInString(got), max, got)
		}
		for _, i := range x.choose(max, nil) {
			if u := x.units[i]; u.start >= 0 && passages[u.passage].Blocks[u.block].Text[u.start:][:len(u.text)] != u.text {
				t.Errorf("%q does not stand in its passage", u.text)
			}
		}
	})
}
