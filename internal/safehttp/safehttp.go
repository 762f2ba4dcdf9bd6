// Package safehttp fetches over HTTP from addresses that came from content,
// customers or models, and is the only way to them. Whatever a URL, a redirect
// or a DNS answer says, no connection is made to a private, loopback,
// link-local or metadata address unless the caller made a hole for it; no
// answer is read without end; nothing meant for one host is sent to another.
package safehttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What can stop a request. Errors of this package wrap one of these, or the
// error of the network, and name the URL.
var (
	// ErrBlockedAddress: the host is, or resolves to, an address that is not
	// public. The error is a [*BlockedError] as well.
	ErrBlockedAddress = errors.New("address is not allowed")
	// ErrRefusedURL: the URL is not one to fetch: another scheme than http and
	// https, user information, a port that is not allowed, no proper host.
	ErrRefusedURL = errors.New("URL is refused")
	// ErrTooLarge: the body, after decompression, passes the limit.
	ErrTooLarge = errors.New("response is too large")
	// ErrTooManyRedirects: more hops than allowed.
	ErrTooManyRedirects = errors.New("too many redirects")
)

// BlockedError names the address that was refused. It is [ErrBlockedAddress].
type BlockedError struct {
	Host  string     // as written in the URL
	Addr  netip.Addr // as resolved
	Class string     // why, as "private"
}

// Error returns the text of the error.
func (e *BlockedError) Error() string {
	return fmt.Sprintf("host %q has address %s, which is %s: %v", e.Host, e.Addr, e.Class, ErrBlockedAddress)
}

// Is reports whether target is ErrBlockedAddress.
func (e *BlockedError) Is(target error) bool { return target == ErrBlockedAddress }

// Config says what a [Client] may do. The zero value is valid.
type Config struct {
	// Allow are prefixes that may be connected to although they are not
	// public, as 127.0.0.0/8 in a test or the network of an intranet. Default
	// none.
	Allow []netip.Prefix
	// NAT64 are the IPv6 prefixes of the operator's address translation; see
	// [Policy].
	NAT64 []netip.Prefix
	// Ports are allowed besides 80 and 443.
	Ports []uint16
	// UserAgent is sent with each request that does not set its own.
	UserAgent string
	// Headers are sent to Origin alone, as credentials of a private site.
	Headers http.Header
	// Origin is the scheme, host and port that Headers belong to, as
	// "https://help.example.com". An origin of http includes its own https.
	// Without it Headers are never sent.
	Origin string
	// Timeout bounds one request from dialling to the end of the body,
	// redirects included. Default 30 s.
	Timeout time.Duration
	// ConnectTimeout bounds the connection, and the TLS handshake. Default 10 s.
	ConnectTimeout time.Duration
	// HeaderTimeout bounds the wait for the answer's header. Default 20 s.
	HeaderTimeout time.Duration
	// MaxBytes is the largest body after decompression. Default 8 MiB.
	MaxBytes int64
	// MaxRedirects is how many hops Do follows. Default 5; negative means none,
	// so that the redirect itself is an error.
	MaxRedirects int
	// OnRedirect may refuse a hop by returning an error. Default none.
	OnRedirect func(from, to *url.URL) error
	// Proxy takes all connections when set; it then has to enforce the address
	// policy for names, because only it resolves them. Addresses written as
	// numbers are still checked here. The environment's proxy is never used.
	Proxy *url.URL
	// Lookup resolves a host. Default is the system's resolver. The policy is
	// applied to what is dialled, not to what is looked up.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Connect opens a connection to an address that passed the policy. Default
	// is a TCP connection.
	Connect func(ctx context.Context, network string, addr netip.AddrPort) (net.Conn, error)
}

const (
	defaultTimeout        = 30 * time.Second
	defaultConnectTimeout = 10 * time.Second
	defaultHeaderTimeout  = 20 * time.Second
	defaultMaxBytes       = 8 << 20
	defaultMaxRedirects   = 5
	maxHeaderBytes        = 256 << 10
	maxLookedUp           = 16
)

func (c Config) withDefaults() Config {
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = defaultConnectTimeout
	}
	if c.HeaderTimeout <= 0 {
		c.HeaderTimeout = defaultHeaderTimeout
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.MaxRedirects == 0 {
		c.MaxRedirects = defaultMaxRedirects
	}
	return c
}

// Client makes requests. It is safe for concurrent use. It has connections of
// its own that no other client shares; CloseIdle ends the idle ones.
type Client struct {
	cfg       Config
	policy    Policy
	origin    *url.URL
	transport *http.Transport
	follow    http.Client
	once      http.Client
}

// New returns a client. It connects to nothing by itself.
func New(cfg Config) *Client {
	cfg = cfg.withDefaults()
	c := &Client{cfg: cfg, policy: Policy{Allow: cfg.Allow, NAT64: cfg.NAT64}}
	if u, err := url.Parse(cfg.Origin); err == nil && u.Host != "" {
		c.origin = u
	}
	c.transport = &http.Transport{
		DialContext:            c.dial,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    cfg.ConnectTimeout,
		ResponseHeaderTimeout:  cfg.HeaderTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        90 * time.Second,
	}
	if cfg.Proxy != nil {
		c.transport.Proxy = http.ProxyURL(cfg.Proxy)
	}
	c.follow = http.Client{Transport: (*guard)(c), Timeout: cfg.Timeout, CheckRedirect: c.checkRedirect}
	c.once = http.Client{Transport: (*guard)(c), Timeout: cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c
}

// CloseIdle closes the connections that no request uses.
func (c *Client) CloseIdle() { c.transport.CloseIdleConnections() }

// Do sends a request and follows redirects, each of which is checked like the
// request itself. Reading the body past the limit fails with [ErrTooLarge]; it
// is never cut silently. The caller closes the body.
func (c *Client) Do(req *http.Request) (*http.Response, error) { return c.do(&c.follow, req) }

// DoOnce is Do without following: a redirect is returned as the answer.
func (c *Client) DoOnce(req *http.Request) (*http.Response, error) { return c.do(&c.once, req) }

func (c *Client) do(via *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := via.Do(req)
	if err != nil {
		if resp != nil && resp.Body != nil {
			resp.Body.Close()
		}
		return nil, wrap(req, err)
	}
	if resp.ContentLength > c.cfg.MaxBytes && req.Method != http.MethodHead {
		resp.Body.Close()
		return nil, wrap(req, fmt.Errorf("%d bytes announced, limit %d: %w", resp.ContentLength, c.cfg.MaxBytes, ErrTooLarge))
	}
	resp.Body = &cappedBody{body: resp.Body, req: req, left: c.cfg.MaxBytes, limit: c.cfg.MaxBytes}
	return resp, nil
}

// wrap names the request. The error of net/http that does so already is taken
// off, so that the URL is named once.
func wrap(req *http.Request, err error) error {
	where := req.URL.Redacted()
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
		if of.URL != where && of.URL != "" {
			where += " by way of " + of.URL
		}
	}
	return fmt.Errorf("safehttp: %s %s: %w", req.Method, where, err)
}

// ReadAll reads a body of at most limit bytes and fails with [ErrTooLarge] when
// there are more.
func ReadAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d bytes: %w", limit, ErrTooLarge)
	}
	return data, nil
}

// cappedBody fails once more than the limit was read.
type cappedBody struct {
	body  io.ReadCloser
	req   *http.Request
	left  int64
	limit int64
}

// Read reads up to one byte more than allowed, to tell the end from the limit.
func (b *cappedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if int64(n) > b.left {
		n, b.left = int(b.left), 0
		return n, wrap(b.req, fmt.Errorf("more than %d bytes: %w", b.limit, ErrTooLarge))
	}
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		err = wrap(b.req, err)
	}
	return n, err
}

func (b *cappedBody) Close() error { return b.body.Close() }

func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > max(c.cfg.MaxRedirects, 0) {
		return fmt.Errorf("%w: more than %d", ErrTooManyRedirects, max(c.cfg.MaxRedirects, 0))
	}
	from := via[len(via)-1].URL
	if leftOrigin(append(via, req)) {
		keepHarmless(req.Header)
	}
	if c.cfg.OnRedirect != nil {
		return c.cfg.OnRedirect(from, req.URL)
	}
	return nil
}

// leftOrigin tells whether a chain of hops has been anywhere but on the host it
// began with, or has stepped down from https. Each hop starts from the first
// request's header again, so a chain that came back is foreign as well.
func leftOrigin(hops []*http.Request) bool {
	first := hops[0].URL
	for _, hop := range hops[1:] {
		if !strings.EqualFold(first.Host, hop.URL.Host) || first.Scheme == "https" && hop.URL.Scheme != "https" {
			return true
		}
	}
	return false
}

// keepHarmless leaves only what any host may know. Referer goes too: the first
// host's address may hold what is not meant for the second.
func keepHarmless(h http.Header) {
	for name := range h {
		switch name {
		case "Accept", "Accept-Language", "User-Agent":
		default:
			delete(h, name)
		}
	}
}

// guard is the Client seen as the transport of its http.Clients: it checks each
// hop before anything is dialled.
type guard Client

// RoundTrip sends one request that passes the checks on its URL.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	c := (*Client)(g)
	if err := c.checkURL(req.URL); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	out := req.Clone(req.Context())
	if c.cfg.UserAgent != "" && out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", c.cfg.UserAgent)
	}
	if c.belongs(out.URL) {
		for name, values := range c.cfg.Headers {
			out.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	// The Host header is the URL's: a caller cannot reach another virtual host.
	out.Host = ""
	return c.transport.RoundTrip(out)
}

// belongs tells whether the bound headers may go to u.
func (c *Client) belongs(u *url.URL) bool {
	if c.origin == nil || !strings.EqualFold(c.origin.Hostname(), u.Hostname()) {
		return false
	}
	if c.origin.Scheme == u.Scheme {
		return port(c.origin) == port(u)
	}
	return c.origin.Scheme == "http" && u.Scheme == "https" && port(c.origin) == "80" && port(u) == "443"
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// checkURL refuses what can be told from the URL alone.
func (c *Client) checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("scheme %q: %w", u.Scheme, ErrRefusedURL)
	case u.User != nil:
		return fmt.Errorf("user information: %w", ErrRefusedURL)
	case u.Hostname() == "":
		return fmt.Errorf("no host: %w", ErrRefusedURL)
	case !c.portAllowed(port(u)):
		return fmt.Errorf("port %s: %w", port(u), ErrRefusedURL)
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		if class := c.policy.Check(addr); class != "" {
			return &BlockedError{Host: host, Addr: addr, Class: class}
		}
		return nil
	}
	if numberLike(host) {
		return fmt.Errorf("host %q is an address in an uncommon spelling: %w", host, ErrRefusedURL)
	}
	return nil
}

// numberLike tells names that some resolvers read as an IPv4 address: the last
// label is a decimal, octal or hexadecimal number. No top-level domain is.
func numberLike(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" {
		return true
	}
	if rest, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok {
		return strings.Trim(rest, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

func (c *Client) portAllowed(p string) bool {
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return false
	}
	if n == 80 || n == 443 {
		return true
	}
	for _, allowed := range c.cfg.Ports {
		if uint64(allowed) == n {
			return true
		}
	}
	return false
}
