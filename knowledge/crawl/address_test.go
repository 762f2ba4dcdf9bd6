package crawl

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func mustResolve(t testing.TB, base, ref string) address {
	t.Helper()
	b, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	a, err := resolve(b, ref)
	if err != nil {
		t.Fatalf("%q on %s: %v", ref, base, err)
	}
	return a
}

func TestResolve(t *testing.T) {
	const base = "https://www.Example.com/help/start?x=1"
	for _, c := range []struct{ ref, fetch, key string }{
		{"a", "https://www.example.com/help/a", "example.com/help/a"},
		{"/a", "https://www.example.com/a", "example.com/a"},
		{"", "https://www.example.com/help/start?x=1", "example.com/help/start?x=1"},
		{"?y=2", "https://www.example.com/help/start?y=2", "example.com/help/start?y=2"},
		{"#top", "https://www.example.com/help/start?x=1", "example.com/help/start?x=1"},
		{"https://example.com", "https://example.com/", "example.com/"},
		{"HTTPS://EXAMPLE.COM:443/A", "https://example.com/A", "example.com/A"},
		{"http://example.com:80/", "http://example.com/", "example.com/"},
		{"http://example.com:8080/", "http://example.com:8080/", "example.com:8080/"},
		{"https://example.com./a", "https://example.com/a", "example.com/a"},
		{"//cdn.example.com/a", "https://cdn.example.com/a", "cdn.example.com/a"},
		{"https://user:pw@example.com/a", "https://example.com/a", "example.com/a"},
		{"https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4", "xn--bcher-kva.example/%C3%A4"},
		{"/a/./b/../c", "https://www.example.com/a/c", "example.com/a/c"},
		{"/a/%2e%2e/c", "https://www.example.com/c", "example.com/c"},
		{"/../../x", "https://www.example.com/x", "example.com/x"},
		{"/a%2fb", "https://www.example.com/a%2Fb", "example.com/a%2Fb"},
		{"/%7Euser/%41", "https://www.example.com/~user/A", "example.com/~user/A"},
		{"/a b", "https://www.example.com/a%20b", "example.com/a%20b"},
		{"/Case", "https://www.example.com/Case", "example.com/Case"},
		{"/a/", "https://www.example.com/a/", "example.com/a/"},
		{"/p?b=2&a=1", "https://www.example.com/p?b=2&a=1", "example.com/p?a=1&b=2"},
		{"/p?utm_source=x&a=1&gclid=2", "https://www.example.com/p?a=1", "example.com/p?a=1"},
		{"/p?sid=9&PHPSESSID=8", "https://www.example.com/p", "example.com/p"},
		{"/p;jsessionid=AB12?a=1", "https://www.example.com/p?a=1", "example.com/p?a=1"},
		{"/p;v=2/q", "https://www.example.com/p;v=2/q", "example.com/p;v=2/q"},
		{"/p?q=a+b", "https://www.example.com/p?q=a+b", "example.com/p?q=a%20b"},
		{"/p?", "https://www.example.com/p", "example.com/p"},
		{"//", "https://www.example.com/help/start?x=1", "example.com/help/start?x=1"},
		{"/.//x", "https://www.example.com//x", "example.com//x"},
		{" \n/a\tb ", "https://www.example.com/ab", "example.com/ab"},
		{"http://[2001:DB8::1]/", "http://[2001:db8::1]/", "[2001:db8::1]/"},
		{"mailto:a@b.c", "", ""}, {"javascript:void(0)", "", ""}, {"tel:+45", "", ""}, {"data:text/html,x", "", ""}, {"ftp://x/", "", ""},
		{"http://", "", ""}, {"http://%zz/", "", ""}, {"https://a b/", "", ""},
	} {
		b, _ := url.Parse(base)
		a, err := resolve(b, c.ref)
		if c.fetch == "" {
			if !errors.Is(err, errNotWeb) {
				t.Errorf("%q: %v, %v, want errNotWeb", c.ref, a, err)
			}
			continue
		}
		if err != nil || a.String() != c.fetch || a.key != c.key {
			t.Errorf("%q: %s with key %s (%v), want %s with %s", c.ref, a.url, a.key, err, c.fetch, c.key)
		}
	}
}

func TestScope(t *testing.T) {
	scopeOf := func(start string, cfg Config) scope {
		cfg.Related = true
		return newScope(cfg, mustResolve(t, start, ""))
	}
	for _, c := range []struct {
		name, start string
		cfg         Config
		in, out     string
	}{
		{"host", "https://www.example.com/", Config{}, "https://example.com/a http://www.example.com/b", "https://help.example.com/ https://example.com:8443/ https://example.com.evil.net/ https://evilexample.com/"},
		{"subdomains", "https://www.example.co.uk/", Config{Subdomains: true}, "https://help.example.co.uk/ https://example.co.uk/", "https://other.co.uk/ https://badexample.co.uk/"},
		{"shared host", "https://me.github.io/", Config{Subdomains: true}, "https://me.github.io/a https://sub.me.github.io/", "https://you.github.io/"},
		{"shop host", "https://one.myshopify.com/", Config{Subdomains: true}, "https://one.myshopify.com/a", "https://two.myshopify.com/"},
		{"address", "http://192.0.2.1/", Config{Subdomains: true}, "http://192.0.2.1/a", "http://192.0.2.2/ http://x.192.0.2.1.nip.io/"},
		{"prefix", "https://example.com/help", Config{PathPrefix: "/help"}, "https://example.com/help https://example.com/help/a", "https://example.com/helper https://example.com/"},
		{"dots do not leave the prefix", "https://example.com/help", Config{PathPrefix: "/help/"}, "https://example.com/help/a", "https://example.com/help/../shop https://example.com/help/%2e%2e/shop"},
	} {
		s := scopeOf(c.start, c.cfg)
		for _, in := range strings.Fields(c.in) {
			if o, why := s.refuse(mustResolve(t, in, "")); o != "" {
				t.Errorf("%s: %s is refused: %s %s", c.name, in, o, why)
			}
		}
		for _, out := range strings.Fields(c.out) {
			if o, _ := s.refuse(mustResolve(t, out, "")); o == "" {
				t.Errorf("%s: %s is let in", c.name, out)
			}
		}
	}
}

func TestTrapsInAddresses(t *testing.T) {
	for ref, want := range map[string]bool{
		"/a/b/a/b/a": true, "/a/b/a/b": false, "/2026/11/11/11": false, "/" + strings.Repeat("a/", 13): true,
		"/1/2/3/4/5/6/7/8/9/10/11/12": false, "/" + strings.Repeat("x", 2048): true,
	} {
		if got := trap(mustResolve(t, "https://example.com/", ref)); (got != "") != want {
			t.Errorf("%.40s: %q, want trap %v", ref, got, want)
		}
	}
	var f frontier
	refused := 0
	for i := range 50 {
		if f.endless(mustResolve(t, "https://example.com/", "/list?color="+strings.Repeat("c", i+1)+"&size=1"), 1000) != "" {
			refused++
		}
	}
	if refused != 50-maxVariants {
		t.Errorf("%d of 50 queries of one path refused, want %d", refused, 50-maxVariants)
	}
	for i := range 500 {
		if why := f.endless(mustResolve(t, "https://example.com/", "/article.php?id="+strings.Repeat("1", i%9+1)+string(rune('a'+i%26))), 1000); why != "" {
			t.Fatalf("article number %d under one path: %s", i, why)
		}
	}
}

func TestArchivesByDate(t *testing.T) {
	for ref, want := range map[string]bool{
		"/calendar/2026/11": true, "/events/2026/11/03/": true, "/2026": true, "/agenda/2026-11": true, "/agenda/2026-11-03": true,
		"/blog/2026/11/how-to": false, "/articles/117": false, "/2026/117": false, "/": false, "/a/b": false,
	} {
		if got := archive(mustResolve(t, "https://example.com/", ref)); got != want {
			t.Errorf("%s: %v", ref, got)
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, ref := range []string{"/a?b=1#c", "//x/y", "/%zz/../a;sid=1", "http://ü.example:80/%C3%A4", "?", "/.//x", "http://[::1]/"} {
		f.Add(ref)
	}
	base, _ := url.Parse("https://www.example.com/help/start?x=1")
	f.Fuzz(func(t *testing.T, ref string) {
		a, err := resolve(base, ref)
		if err != nil {
			return
		}
		again, err := resolve(base, a.String())
		if err != nil {
			t.Fatalf("%q resolves to %q, which does not: %v", ref, a, err)
		}
		if again.key != a.key {
			t.Fatalf("%q: key %q, resolved again %q", ref, a.key, again.key)
		}
		if a.url.User != nil || a.url.Fragment != "" {
			t.Fatalf("%q keeps user information or fragment: %q", ref, a)
		}
	})
}
