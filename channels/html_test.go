package channels

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func ExampleHTML() {
	citations := []Citation{{Number: 1, Title: "Returns", URL: "https://shop.example/returns"}}
	fmt.Print(HTML("You have **30 days** [1].\n\n- Print the label\n- Send the parcel", citations, "Sources"))
	// Output:
	// <p>You have <strong>30 days</strong> [1].</p>
	// <ul>
	// <li>Print the label</li>
	// <li>Send the parcel</li>
	// </ul>
	// <p>Sources:</p>
	// <ol>
	// <li value="1"><a href="https://shop.example/returns" rel="noopener nofollow ugc">Returns</a></li>
	// </ol>
}

func TestHTMLHoldsNothingThatRunsOrLoads(t *testing.T) {
	for _, text := range []string{
		"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<div onclick='x()'>\n<b>hi</b>\n</div>",
		"[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,<script>alert(1)</script>)", "[x](vbscript:x)",
		"![x](https://a.example/track.png)", `[x](https://a.example/" onmouseover="alert(1))`, "<javascript:alert(1)>",
		"```\"><script>\nx\n```", "# <svg/onload=alert(1)>", "| <b> |\n|---|\n| <script> |", "[a](<https://a.example/\">)",
		"&lt;script&gt;alert(1)&lt;/script&gt;", "[x](//evil.example)", "[x](\tjavascript:alert(1))", "<!-- x --><p>", "<![CDATA[ x ]]>", "<?php x ?>",
	} {
		got := HTML(text, []Citation{{Number: 1, Title: text, URL: "javascript:alert(1)"}}, text)
		for _, tag := range regexp.MustCompile(`<[^>]*>?`).FindAllString(got, -1) {
			if !regexp.MustCompile(`^<(/?(p|ul|ol|li|strong|em|del|code|pre|h[3-6]|blockquote|table|thead|tbody|tr|th|td)|br|hr|/a|ol start="\d+"|li value="\d+"|a href="(https?|mailto|tel):[^"]*" rel="noopener nofollow ugc")>$`).MatchString(tag) {
				t.Errorf("%q: tag %q in\n%s", text, tag, got)
			}
		}
	}
}

func TestHTMLShowsWhatMarkdownMeans(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"# A\n## B\n###### C", "<h3>A</h3>\n<h4>B</h4>\n<h6>C</h6>\n"},
		{"[r](https://a.example/r?a=1&b=2)", `<p><a href="https://a.example/r?a=1&amp;b=2" rel="noopener nofollow ugc">r</a></p>` + "\n"},
		{"<post@a.example>", `<p><a href="mailto:post@a.example" rel="noopener nofollow ugc">post@a.example</a></p>` + "\n"},
		{"![a red bike](https://a.example/b.png)", "<p>a red bike</p>\n"},
		{"~~100~~ 80", "<p><del>100</del> 80</p>\n"},
		{"```go\na < b\n```", "<pre><code>a &lt; b\n</code></pre>\n"},
		{"a <b>c</b>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n"},
		{"a\nb  \nc", "<p>a\nb<br>\nc</p>\n"},
		{"[1]: https://a.example", "<p>[1]: https://a.example</p>\n"},
		{"3. c\n4. d", "<ol start=\"3\">\n<li>c</li>\n<li>d</li>\n</ol>\n"},
		{"", ""},
	} {
		if got := HTML(test.text, nil, ""); got != test.want {
			t.Errorf("%q:\n got %q\nwant %q", test.text, got, test.want)
		}
	}
	if got := HTML(strings.Repeat("<b>", maxParsed), nil, ""); strings.Contains(got, "<b>") || !strings.HasPrefix(got, "<pre>&lt;b&gt;") {
		t.Errorf("overlong text: %.60q", got)
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("**a** <script> [b](javascript:x) ![c](https://a.example)")
	harmful := regexp.MustCompile(`(?i)<(script|img|iframe|svg|style|link|object|embed|form|input)|<[^>]* on\w+=|href="(javascript|data|vbscript)`)
	f.Fuzz(func(t *testing.T, text string) {
		if got := HTML(text, nil, ""); harmful.MatchString(got) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
