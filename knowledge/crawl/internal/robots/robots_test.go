package robots

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		name, file, agent, path string
		want                    bool
	}{
		// RFC 9309, 2.2.1: groups.
		{"empty file", "", "shopbot", "/x", true},
		{"own group", "user-agent: ShopBot\ndisallow: /x", "shopbot", "/x", false},
		{"agent in any case", "USER-AGENT: SHOPBOT\nDISALLOW: /x", "ShopBot", "/x", false},
		{"version after the token", "User-agent: ShopBot/2.1 (test)\nDisallow: /", "shopbot", "/x", false},
		{"token is compared whole", "User-agent: shop\nDisallow: /", "shopbot", "/x", true},
		{"longer token is another", "User-agent: shopbot-news\nDisallow: /", "shopbot", "/x", true},
		{"other group only", "User-agent: other\nDisallow: /", "shopbot", "/x", true},
		{"star for the rest", "User-agent: *\nDisallow: /x", "shopbot", "/x", false},
		{"own group inherits nothing", "User-agent: *\nDisallow: /\nUser-agent: shopbot\nDisallow: /x", "shopbot", "/y", true},
		{"own group before star", "User-agent: shopbot\nAllow: /\nUser-agent: *\nDisallow: /", "shopbot", "/y", true},
		{"empty own group", "User-agent: *\nDisallow: /\n\nUser-agent: shopbot\nDisallow:\n", "shopbot", "/y", true},
		{"several agents, one group", "User-agent: a\nUser-agent: shopbot\nDisallow: /x", "shopbot", "/x", false},
		{"groups of one agent merge", "User-agent: shopbot\nDisallow: /x\nUser-agent: a\nDisallow: /z\nUser-agent: shopbot\nDisallow: /y", "shopbot", "/y", false},
		{"merging takes no neighbour's rules", "User-agent: shopbot\nDisallow: /x\nUser-agent: a\nDisallow: /z\nUser-agent: shopbot\nDisallow: /y", "shopbot", "/z", true},
		{"star groups merge", "User-agent: *\nDisallow: /x\nUser-agent: a\nDisallow: /\nUser-agent: *\nDisallow: /y", "shopbot", "/x", false},
		{"sitemap does not end a group", "User-agent: shopbot\nSitemap: http://h/s.xml\nDisallow: /x", "shopbot", "/x", false},
		{"sitemap between agents", "User-agent: shopbot\nSitemap: http://h/s.xml\nUser-agent: b\nDisallow: /x", "shopbot", "/x", false},
		{"blank lines end nothing", "User-agent: shopbot\n\n\nDisallow: /x", "shopbot", "/x", false},
		{"rule before any agent", "Disallow: /\nUser-agent: *\nDisallow: /x", "shopbot", "/y", true},
		{"star with words", "User-agent: * all of you\nDisallow: /x", "shopbot", "/x", false},
		// 2.2.2: rules.
		{"prefix", "User-agent: *\nDisallow: /fish", "b", "/fishheads/yummy.html", false},
		{"prefix keeps case", "User-agent: *\nDisallow: /fish", "b", "/Fish", true},
		{"prefix from the start only", "User-agent: *\nDisallow: /fish", "b", "/catfish", true},
		{"directory", "User-agent: *\nDisallow: /fish/", "b", "/fish", true},
		{"longest wins", "User-agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif", "b", "/example/page/disallowed.gif", false},
		{"longest wins in any order", "User-agent: *\nDisallow: /a\nAllow: /a/b", "b", "/a/b/c", true},
		{"equal goes to allow", "User-agent: *\nDisallow: /p\nAllow: /p", "b", "/p", true},
		{"equal in other order", "User-agent: *\nAllow: /p\nDisallow: /p", "b", "/p", true},
		{"empty disallow", "User-agent: *\nDisallow:", "b", "/x", true},
		{"empty allow", "User-agent: *\nAllow:\nDisallow: /", "b", "/x", false},
		{"robots.txt itself", "User-agent: *\nDisallow: /", "b", "/robots.txt", true},
		{"no path is the root", "User-agent: *\nDisallow: /", "b", "", false},
		{"query belongs to the path", "User-agent: *\nDisallow: /p?id=", "b", "/p?id=7", false},
		{"query is not sorted", "User-agent: *\nDisallow: /p?a=1&b=2", "b", "/p?b=2&a=1", true},
		{"encoded by the site", "User-agent: *\nDisallow: /foo/bar/%E3%83%84", "b", "/foo/bar/%E3%83%84", false},
		{"bare in the file", "User-agent: *\nDisallow: /foo/bar/ツ", "b", "/foo/bar/%e3%83%84", false},
		{"unreserved escapes are bare", "User-agent: *\nDisallow: /foo/bar/%62%61%7A", "b", "/foo/bar/baz", false},
		{"unreserved escapes in the URL", "User-agent: *\nDisallow: /foo/bar/baz", "b", "/foo/bar/%62%61%7A", false},
		{"reserved stays reserved", "User-agent: *\nDisallow: /a%2Fb", "b", "/a/b", true},
		{"reserved in lower case", "User-agent: *\nDisallow: /a%2fb", "b", "/a%2Fb", false},
		{"URL within a query", "User-agent: *\nDisallow: /foo/bar?baz=http://foo.bar", "b", "/foo/bar?baz=http%3A%2F%2Ffoo.bar", false},
		{"broken escape", "User-agent: *\nDisallow: /a%zz", "b", "/a%zz", false},
		// 2.2.3: special characters.
		{"star", "User-agent: *\nDisallow: /*.gif$", "b", "/a/b/c.gif", false},
		{"anchor", "User-agent: *\nDisallow: /*.gif$", "b", "/a/b/c.gif?x", true},
		{"anchored root", "User-agent: *\nDisallow: /\nAllow: /$", "b", "/", true},
		{"anchored root and more", "User-agent: *\nDisallow: /\nAllow: /$", "b", "/x", false},
		{"dollar in the middle is a dollar", "User-agent: *\nDisallow: /a$b", "b", "/a$b", false},
		{"trailing star", "User-agent: *\nDisallow: /fish*", "b", "/fish.html", false},
		{"stars that have to give way", "User-agent: *\nDisallow: /*ab*ab$", "b", "/xabyabzab", false},
		{"stars that fail", "User-agent: *\nDisallow: /*ab*abc$", "b", "/xababab", true},
		{"overlap is not taken twice", "User-agent: *\nDisallow: /*aba*aba$", "b", "/xababa", true},
		{"escaped star is a star of the path", "User-agent: *\nDisallow: /a%2Ab", "b", "/axb", true},
		{"many stars", "User-agent: *\nDisallow: /**a**b**", "b", "/zazbz", false},
		{"comment", "User-agent: * # all\nDisallow: /x # this", "b", "/x", false},
		{"comment is cut", "User-agent: *\nDisallow: /x # this", "b", "/x/y", false},
		// Files as they come.
		{"carriage returns", "User-agent: *\rDisallow: /x\r", "b", "/x", false},
		{"both", "User-agent: *\r\nDisallow: /x\r\n", "b", "/x", false},
		{"byte order mark", "\xef\xbb\xbfUser-agent: *\nDisallow: /x", "b", "/x", false},
		{"no colon", "User-agent *\nDisallow /x", "b", "/x", false},
		{"spaces", "  User-agent :  *  \n\tDisallow\t: /x\t", "b", "/x", false},
		{"misspelt", "Useragent: *\nDissallow: /x", "b", "/x", false},
		{"unknown keys", "User-agent: *\nNoindex: /y\nHost: h\nClean-param: x\nDisallow: /x", "b", "/x", false},
		{"nonsense delay is no error", "User-agent: *\nCrawl-delay: often\nDisallow: /x", "b", "/x", false},
		{"HTML in its place", "<html><body>Not here: sorry</body></html>", "b", "/x", true},
		{"index page allows its directory", "User-agent: *\nDisallow: /d\nAllow: /d/index.html", "b", "/d/", true},
		{"and nothing else in it", "User-agent: *\nDisallow: /d\nAllow: /d/index.html", "b", "/d/x", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, by := Parse([]byte(c.file), c.agent).Rules().Allowed(c.path); got != c.want {
				t.Errorf("%s may fetch %s: %v by %q, want %v", c.agent, c.path, got, by, c.want)
			}
		})
	}
}

func TestTheDecidingRuleIsNamed(t *testing.T) {
	ok, by := Parse([]byte("User-agent: *\nDisallow: /a\nDisallow: /a/*/c$"), "b").Rules().Allowed("/a/b/c")
	if ok || by != "/a/*/c$" {
		t.Errorf("allowed %v by %q", ok, by)
	}
}

func TestWhatPassesTheLimitIsIgnored(t *testing.T) {
	file := "User-agent: *\nDisallow: /first\n" + strings.Repeat("# padding\n", MaxBytes/10) + "Disallow: /last\n"
	rules := Parse([]byte(file), "b").Rules()
	if ok, _ := rules.Allowed("/first"); ok {
		t.Error("a rule within the limit was lost")
	}
	if ok, _ := rules.Allowed("/last"); !ok {
		t.Error("a rule beyond the limit was read")
	}
	half := "User-agent: *\nDisallow: /first\n#" + strings.Repeat("x", MaxBytes-33-len("\nDisallow: /a")) + "\nDisallow: /abc"
	if ok, by := Parse([]byte(half), "b").Rules().Allowed("/axx"); !ok {
		t.Errorf("a rule cut in two forbids: %q", by)
	}
}

func TestSitemapsAndDelay(t *testing.T) {
	file := []byte("Sitemap: http://h/1.xml\nUser-agent: a\nCrawl-delay: 2.5\nDisallow:\nSitemap: /2.xml\nUser-agent: *\nCrawl-delay: 1\nCrawl-delay: 7\nDisallow:\nUser-agent: d\nCrawl-delay: 1e300\nDisallow:\nUser-agent: e\nCrawl-delay: NaN\nCrawl-delay: -1")
	for agent, want := range map[string]time.Duration{"a": 2500 * time.Millisecond, "b": 7 * time.Second, "d": maxDelay, "e": 0} {
		f := Parse(file, agent)
		if got := f.Rules().CrawlDelay; got != want {
			t.Errorf("delay for %s: %v, want %v", agent, got, want)
		}
		if !slices.Equal(f.Sitemaps, []string{"http://h/1.xml", "/2.xml"}) {
			t.Errorf("sitemaps for %s: %q", agent, f.Sitemaps)
		}
	}
}

func TestToken(t *testing.T) {
	for in, want := range map[string]string{"KundeAgent/1.0 (+https://x)": "kundeagent", "my-bot_x 2": "my-bot_x", "*": "", "1bot": ""} {
		if got := Token(in); got != want {
			t.Errorf("Token(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"/help/*", "/help/a", true}, {"/help/*", "/helpers", false}, {"*.pdf$", "/a/b.pdf", true}, {"*.pdf$", "/a/b.pdf?x", false},
		{"/a$", "/a", true}, {"/a$", "/ab", false}, {"*?print=", "/x?print=1", true},
	} {
		if got := NewPattern(c.pattern).Match(c.path); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.path, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /*a*b$\nAllow: /%41"), "/xaxb")
	f.Add([]byte("\xef\xbb\xbfuser agent *\rcrawl-delay: 1\x00%"), "/%zz?%2f")
	f.Fuzz(func(t *testing.T, file []byte, path string) {
		rules := Parse(file, "shopbot").Rules()
		first, by := rules.Allowed(path)
		if again, _ := rules.Allowed(path); again != first {
			t.Fatal("two answers to one question")
		}
		if !first && by == "" {
			t.Fatal("forbidden by no rule")
		}
		if once := Normalise(path); Normalise(once) != once && !strings.Contains(once, "%") {
			t.Fatalf("normalising twice changes %q", once)
		}
		if rules.CrawlDelay < 0 || rules.CrawlDelay > maxDelay {
			t.Fatalf("delay %v", rules.CrawlDelay)
		}
	})
}

// hostile are files of 500 KiB made to be slow, with a path of 2 KB.
func hostile() map[string]string {
	fill := func(line func(i int) string) string {
		var sb strings.Builder
		sb.WriteString("User-agent: *\n")
		for i := 0; sb.Len() < MaxBytes; i++ {
			sb.WriteString(line(i))
		}
		return sb.String()[:MaxBytes]
	}
	return map[string]string{
		"ordinary": fill(func(i int) string { return fmt.Sprintf("Disallow: /section-%d/*/page-%d.html$\n", i%97, i) }),
		"returns":  fill(func(int) string { return "x\r" }),
		"short":    fill(func(int) string { return "allow:*b\n" }),
		"stars":    fill(func(int) string { return "Disallow: /" + strings.Repeat("*a", 20) + "b$\n" }),
		"agents": fill(func(i int) string {
			if i > 12_000 {
				return "Disallow: /x\n"
			}
			return fmt.Sprintf("User-agent: %s\n", strings.Map(func(r rune) rune { return r + 'a' - '0' }, fmt.Sprint(i)))
		}),
		"long": fill(func(int) string { return "Disallow: /" + strings.Repeat("*aab", 5000) + "\n" }),
	}
}

// A file of the largest size is read, and a path looked up in it, in well under
// 50 ms, however it is made.
func BenchmarkParseAndAllow(b *testing.B) {
	path := "/" + strings.Repeat("a", 2000)
	for name, file := range hostile() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				Parse([]byte(file), "shopbot").Rules().Allowed(path)
			}
		})
	}
}

func ExampleParse() {
	file := Parse([]byte("User-agent: *\nDisallow: /cart\nSitemap: https://shop.example/sitemap.xml"), "shopbot")
	fmt.Println(file.Rules().Allowed("/cart?step=2"))
	help, _ := file.Rules().Allowed("/help")
	fmt.Println(help)
	fmt.Println(file.Sitemaps)
	// Output:
	// false /cart
	// true
	// [https://shop.example/sitemap.xml]
}
