package safehttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func serve(t testing.TB, h http.HandlerFunc) (*httptest.Server, uint16) {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv, portOf(srv.URL)
}

func portOf(raw string) uint16 {
	u, _ := url.Parse(raw)
	n, _ := strconv.Atoi(u.Port())
	return uint16(n)
}

func get(t testing.TB, c *Client, target string) (string, *http.Response, error) {
	t.Helper()
	t.Cleanup(c.CloseIdle)
	req, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), resp, err
}

// at answers every name with these addresses, in turn; the last one stays.
func at(addrs ...string) func(context.Context, string) ([]netip.Addr, error) {
	var n atomic.Int32
	return func(context.Context, string) ([]netip.Addr, error) {
		i := min(int(n.Add(1))-1, len(addrs)-1)
		var out []netip.Addr
		for _, a := range strings.Split(addrs[i], ",") {
			out = append(out, netip.MustParseAddr(a))
		}
		return out, nil
	}
}

func TestP12LoopbackIsReachedThroughAnExplicitHoleOnly(t *testing.T) {
	srv, port := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello "+r.UserAgent()) })
	_, _, err := get(t, New(Config{Ports: []uint16{port}}), srv.URL)
	var blocked *BlockedError
	if !errors.Is(err, ErrBlockedAddress) || !errors.As(err, &blocked) {
		t.Fatalf("error %v, want ErrBlockedAddress", err)
	}
	if blocked.Host != "127.0.0.1" || blocked.Addr.String() != "127.0.0.1" || !strings.Contains(err.Error(), srv.URL) {
		t.Errorf("the error names neither host nor address nor URL: %v", err)
	}
	body, _, err := get(t, New(Config{Ports: []uint16{port}, Allow: loopback, UserAgent: "tester"}), srv.URL)
	if err != nil || body != "hello tester" {
		t.Errorf("through the hole: %q, %v", body, err)
	}
}

func TestP12URLsThatAreRefusedBeforeAnyLookup(t *testing.T) {
	c := New(Config{Lookup: func(context.Context, string) ([]netip.Addr, error) {
		t.Error("a name was looked up")
		return nil, errors.New("no")
	}})
	for target, want := range map[string]error{
		"http://user:secret@example.com/": ErrRefusedURL, "http://user@example.com/": ErrRefusedURL,
		"ftp://example.com/": ErrRefusedURL, "file:///etc/passwd": ErrRefusedURL, "gopher://example.com/": ErrRefusedURL, "unix:///run/x": ErrRefusedURL,
		"http://example.com:22/": ErrRefusedURL, "http://example.com:25/": ErrRefusedURL, "https://example.com:8443/": ErrRefusedURL, "http://:80/": ErrRefusedURL,
		"http://127.1/": ErrRefusedURL, "http://0x7f.1/": ErrRefusedURL, "http://2130706433/": ErrRefusedURL, "http://0177.0.0.1/": ErrRefusedURL, "http://0x7f000001/": ErrRefusedURL, "http://127.0.0.1./": ErrRefusedURL,
		"http://127.0.0.1/": ErrBlockedAddress, "http://[::1]/": ErrBlockedAddress, "http://[::]/": ErrBlockedAddress, "http://0.0.0.0/": ErrBlockedAddress,
		"http://[::ffff:127.0.0.1]/": ErrBlockedAddress, "http://[::ffff:7f00:1]/": ErrBlockedAddress, "http://169.254.169.254/latest/meta-data/": ErrBlockedAddress,
		"http://①②⑦.⓪.⓪.①/": ErrBlockedAddress, "http://127。0。0。1/": ErrBlockedAddress, "http://１２７.０.０.１/": ErrBlockedAddress,
		"http://[64:ff9b::a9fe:a9fe]/": ErrBlockedAddress, "http://[fe80::1%25eth0]/": ErrBlockedAddress,
	} {
		if _, _, err := get(t, c, target); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", target, err, want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
}

func TestP12NamesThatResolveToPrivateAddresses(t *testing.T) {
	srv, port := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Error("the server was reached") })
	_ = srv
	for name, answer := range map[string]string{
		"one": "127.0.0.1", "mapped": "::ffff:127.0.0.1", "all of several": "127.0.0.1,::1,10.0.0.1", "metadata": "169.254.169.254",
	} {
		c := New(Config{Ports: []uint16{port}, Lookup: at(answer)})
		_, _, err := get(t, c, fmt.Sprintf("http://help.example.com:%d/", port))
		if !errors.Is(err, ErrBlockedAddress) || !strings.Contains(err.Error(), "help.example.com") {
			t.Errorf("%s: %v, want ErrBlockedAddress with the host", name, err)
		}
	}
	if _, _, err := get(t, New(Config{Ports: []uint16{port}}), fmt.Sprintf("http://localhost:%d/", port)); !errors.Is(err, ErrBlockedAddress) {
		t.Errorf("localhost by the system's resolver: %v", err)
	}
}

// through stands for the public internet: what passes the policy reaches srv.
func through(srv *httptest.Server) func(context.Context, string, netip.AddrPort) (net.Conn, error) {
	return func(ctx context.Context, _ string, _ netip.AddrPort) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", srv.Listener.Addr().String())
	}
}

func TestP12RebindingIsSeenByTheSecondConnection(t *testing.T) {
	srv, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		fmt.Fprint(w, "public")
	})
	c := New(Config{Lookup: at("93.184.216.34", "127.0.0.1"), Connect: through(srv)})
	if body, _, err := get(t, c, "http://rebind.example.com/"); err != nil || body != "public" {
		t.Fatalf("first answer: %q, %v", body, err)
	}
	if _, _, err := get(t, c, "http://rebind.example.com/"); !errors.Is(err, ErrBlockedAddress) {
		t.Errorf("after the name moved to 127.0.0.1: %v", err)
	}
}

func TestP12MixedAnswersUseThePublicAddressOnly(t *testing.T) {
	srv, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "public") })
	for answer, want := range map[string]string{
		"10.0.0.1,93.184.216.34":                      "93.184.216.34:80",
		"::1,fd00::1,93.184.216.34":                   "93.184.216.34:80",
		"127.0.0.1,169.254.169.254,2606:4700:4700::1": "[2606:4700:4700::1]:80",
		"fe80::1,::ffff:10.0.0.1,2a00:1450::1,::1":    "[2a00:1450::1]:80",
	} {
		var dialled []string
		c := New(Config{Lookup: at(answer), Connect: func(ctx context.Context, n string, a netip.AddrPort) (net.Conn, error) {
			dialled = append(dialled, a.String())
			return through(srv)(ctx, n, a)
		}})
		if _, _, err := get(t, c, "http://mixed.example.com/"); err != nil || len(dialled) != 1 || dialled[0] != want {
			t.Errorf("%s: dialled %v, want %s; error %v", answer, dialled, want, err)
		}
	}
}

func TestP12EachHopOfAChainIsChecked(t *testing.T) {
	var seen []string
	srv, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Host)
		next := map[string]string{"a.example.com": "http://b.example.com/", "b.example.com": "http://c.example.com/", "c.example.com": "http://inside.example.com/"}
		http.Redirect(w, r, next[r.Host], http.StatusTemporaryRedirect)
	})
	c := New(Config{Connect: through(srv), Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "inside.example.com" {
			return []netip.Addr{netip.MustParseAddr("fd00::5"), netip.MustParseAddr("10.0.0.5")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
	}})
	_, _, err := get(t, c, "http://a.example.com/")
	var blocked *BlockedError
	if !errors.Is(err, ErrBlockedAddress) || !errors.As(err, &blocked) || blocked.Host != "inside.example.com" {
		t.Errorf("error %v, want inside.example.com to be blocked", err)
	}
	if strings.Join(seen, " ") != "a.example.com b.example.com c.example.com" {
		t.Errorf("hosts asked: %v", seen)
	}
}

func TestP12RedirectsAreCheckedLikeRequests(t *testing.T) {
	for target, want := range map[string]error{
		"http://127.0.0.1/": ErrBlockedAddress, "http://[::1]/": ErrBlockedAddress, "http://169.254.169.254/": ErrBlockedAddress,
		"http://inside.example.com/": ErrBlockedAddress, "ftp://example.com/": ErrRefusedURL, "http://a:b@example.com/": ErrRefusedURL,
		"http://example.com:22/": ErrRefusedURL, "/loop": ErrTooManyRedirects,
	} {
		srv, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/loop" {
				target := "/loop"
				http.Redirect(w, r, target, http.StatusFound)
				return
			}
			http.Redirect(w, r, target, http.StatusFound)
		})
		c := New(Config{Connect: through(srv), Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if host == "inside.example.com" {
				return []netip.Addr{netip.MustParseAddr("192.168.7.7")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		}})
		if _, _, err := get(t, c, "http://public.example.com/"); !errors.Is(err, want) {
			t.Errorf("redirect to %s: %v, want %v", target, err, want)
		}
	}
}

func TestRedirectLimitAndHook(t *testing.T) {
	srv, port := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		if n == 0 {
			fmt.Fprint(w, "end")
			return
		}
		http.Redirect(w, r, fmt.Sprintf("/?n=%d", n-1), http.StatusFound)
	})
	cfg := Config{Allow: loopback, Ports: []uint16{port}}
	if body, _, err := get(t, New(cfg), srv.URL+"/?n=5"); err != nil || body != "end" {
		t.Errorf("5 hops: %q, %v", body, err)
	}
	if _, _, err := get(t, New(cfg), srv.URL+"/?n=6"); !errors.Is(err, ErrTooManyRedirects) {
		t.Errorf("6 hops: %v", err)
	}
	refusal := errors.New("not there")
	cfg.OnRedirect = func(from, to *url.URL) error { return refusal }
	if _, _, err := get(t, New(cfg), srv.URL+"/?n=1"); !errors.Is(err, refusal) {
		t.Errorf("hook: %v", err)
	}
	req, _ := http.NewRequest(http.MethodGet, srv.URL+"/?n=1", nil)
	c := New(cfg)
	defer c.CloseIdle()
	resp, err := c.DoOnce(req)
	if err != nil || resp.StatusCode != http.StatusFound {
		t.Fatalf("DoOnce: %v, %v", resp, err)
	}
	resp.Body.Close()
}

func TestHeadersStayWithTheirHost(t *testing.T) {
	var seen []http.Header
	srv, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Clone())
		switch r.Host {
		case "help.example.com":
			if r.URL.Path == "/" {
				http.Redirect(w, r, "http://other.example.net/a", http.StatusFound)
			}
		case "other.example.net":
			if r.URL.Path == "/a" {
				http.Redirect(w, r, "/b", http.StatusFound)
			}
		}
	})
	c := New(Config{Lookup: at("93.184.216.34"), Connect: through(srv), Origin: "http://help.example.com", Headers: http.Header{"x-api-key": {"bound"}}})
	defer c.CloseIdle()
	req, _ := http.NewRequest(http.MethodGet, "http://help.example.com/", nil)
	req.Header.Set("Authorization", "Bearer x")
	req.Header.Set("X-Own", "y")
	req.Header.Set("Cookie", "z=1")
	req.Header.Set("Accept-Language", "da")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(seen) != 3 {
		t.Fatalf("%d requests, want 3", len(seen))
	}
	if seen[0].Get("X-Api-Key") != "bound" || seen[0].Get("Authorization") == "" {
		t.Errorf("first request lost headers: %v", seen[0])
	}
	for i, h := range seen[1:] {
		for _, name := range []string{"X-Api-Key", "Authorization", "X-Own", "Cookie", "Referer"} {
			if h.Get(name) != "" {
				t.Errorf("hop %d carries %s to another host", i+1, name)
			}
		}
		if h.Get("Accept-Language") != "da" {
			t.Errorf("hop %d lost Accept-Language", i+1)
		}
	}
}

func TestBoundHeadersByOrigin(t *testing.T) {
	for _, c := range []struct {
		origin, target string
		want           bool
	}{
		{"https://a.example", "https://a.example/x", true}, {"https://a.example:443", "https://A.example/x", true},
		{"https://a.example", "http://a.example/x", false}, {"http://a.example", "https://a.example/", true},
		{"https://a.example", "https://b.a.example/", false}, {"https://a.example", "https://a.example:8443/", false},
		{"http://a.example:8080", "https://a.example:8080/", false}, {"", "https://a.example/", false},
	} {
		u, _ := url.Parse(c.target)
		if got := New(Config{Origin: c.origin}).belongs(u); got != c.want {
			t.Errorf("headers of %q to %s: %v, want %v", c.origin, c.target, got, c.want)
		}
	}
}

func TestEnvironmentProxyIsNotUsed(t *testing.T) {
	proxy, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("the proxy was asked for %s", r.URL) })
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	srv, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "direct") })
	c := New(Config{Lookup: at("93.184.216.34"), Connect: through(srv)})
	if body, _, err := get(t, c, "http://public.example.com/"); err != nil || body != "direct" {
		t.Errorf("%q, %v", body, err)
	}
	if c.transport.Proxy != nil {
		t.Error("the transport has a proxy")
	}
	if _, _, err := get(t, New(Config{}), "http://169.254.169.254/latest/"); !errors.Is(err, ErrBlockedAddress) {
		t.Errorf("metadata with a proxy set: %v", err)
	}
}

func TestProxyByChoiceTakesAllConnections(t *testing.T) {
	var asked []string
	proxy, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())
		fmt.Fprint(w, "by proxy")
	})
	u, _ := url.Parse(proxy.URL)
	c := New(Config{Proxy: u})
	if body, _, err := get(t, c, "http://public.example.com/x"); err != nil || body != "by proxy" || len(asked) != 1 {
		t.Errorf("%q, %v, asked %v", body, err, asked)
	}
	if _, _, err := get(t, c, "http://169.254.169.254/"); !errors.Is(err, ErrBlockedAddress) {
		t.Errorf("an address written as a number went to the proxy: %v", err)
	}
}

func TestLimitsApplyAfterDecompressionAndNeverCutSilently(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zero := make([]byte, 1<<20)
	for range 8 {
		z.Write(zero)
	}
	z.Close()
	srv, port := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		case "/announced":
			w.Header().Set("Content-Length", "5000")
			w.Write(make([]byte, 5000))
		case "/exact":
			w.Write(make([]byte, 1000))
		case "/over":
			w.Write(make([]byte, 500))
			w.(http.Flusher).Flush()
			w.Write(make([]byte, 501))
		}
	})
	c := New(Config{Allow: loopback, Ports: []uint16{port}, MaxBytes: 1000})
	for path, want := range map[string]error{"/bomb": ErrTooLarge, "/announced": ErrTooLarge, "/over": ErrTooLarge, "/exact": nil} {
		body, _, err := get(t, c, srv.URL+path)
		if !errors.Is(err, want) || want == nil && len(body) != 1000 {
			t.Errorf("%s: %d bytes, %v, want %v", path, len(body), err, want)
		}
		if want != nil && err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%s is not named: %v", path, err)
		}
	}
	if _, err := ReadAll(strings.NewReader("12345"), 4); !errors.Is(err, ErrTooLarge) {
		t.Errorf("ReadAll over the limit: %v", err)
	}
	if got, err := ReadAll(strings.NewReader("1234"), 4); err != nil || len(got) != 4 {
		t.Errorf("ReadAll at the limit: %q, %v", got, err)
	}
}

func TestSlowAnswersEnd(t *testing.T) {
	srv, port := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			fmt.Fprint(w, "begin")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	})
	c := New(Config{Allow: loopback, Ports: []uint16{port}, Timeout: 50 * time.Millisecond})
	for _, path := range []string{"/header", "/body"} {
		_, _, err := get(t, c, srv.URL+path)
		var late interface{ Timeout() bool }
		if !errors.As(err, &late) || !late.Timeout() {
			t.Errorf("%s: %v, want a timeout", path, err)
		}
	}
}

func TestCancelledContextIsReported(t *testing.T) {
	srv, port := serve(t, func(w http.ResponseWriter, r *http.Request) {})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
	if _, err := New(Config{Allow: loopback, Ports: []uint16{port}}).Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func ExampleNew() {
	client := New(Config{UserAgent: "shop-agent (+https://shop.example/agent)"})
	req, _ := http.NewRequest(http.MethodGet, "http://169.254.169.254/latest/meta-data/", nil)
	_, err := client.Do(req)
	fmt.Println(errors.Is(err, ErrBlockedAddress))
	// Output: true
}
