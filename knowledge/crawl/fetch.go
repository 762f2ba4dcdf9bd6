package crawl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kundeagent/kundeagent/internal/safehttp"
	"github.com/kundeagent/kundeagent/knowledge/crawl/internal/robots"
)

const (
	maxHops       = 5
	maxAttempts   = 3
	pageAccept    = "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5"
	robotsTries   = 2
	sniffedLength = 512
)

// fetcher makes the requests of one crawl, from its workers at once.
type fetcher struct {
	src    *Source
	client *safehttp.Client
	gates  *gates
	left   atomic.Int64 // requests that may still be made for pages

	mu     sync.Mutex
	robots map[string]*robotsOf
}

// fetched is the answer to a request for a page: a body, a redirect, "not
// modified", or the outcome that stands in their place.
type fetched struct {
	addr        address // with the spelling that answered
	body        []byte
	html        bool
	contentType string
	header      http.Header
	notModified bool
	redirect    *address

	outcome Outcome
	detail  string
	err     error
	strike  bool // the site's failure, that may end the crawl
}

func failed(addr address, o Outcome, detail string, err error) fetched {
	return fetched{addr: addr, outcome: o, detail: detail, err: err}
}

func newFetcher(src *Source, now time.Time) *fetcher {
	cfg := src.cfg
	f := &fetcher{src: src, robots: map[string]*robotsOf{}}
	f.gates = &gates{now: cfg.Now, sleep: cfg.Sleep, delay: cfg.Delay, deadline: now.Add(cfg.Deadline), hosts: map[string]*gate{}}
	f.client = safehttp.New(safehttp.Config{
		Allow: cfg.Allow, Ports: cfg.Ports, UserAgent: cfg.UserAgent,
		Headers: cfg.Headers, Origin: src.start.url.Scheme + "://" + src.start.url.Host,
		Timeout:  cfg.Timeout,
		MaxBytes: max(cfg.MaxPageBytes, cfg.MaxFileBytes, maxSitemapBytes) + 1,
	})
	f.left.Store(int64(cfg.MaxFetches))
	return f
}

// fetch asks for a page as far as robots.txt, the budget and the site's
// patience let it. Hops between spellings of one address are followed here;
// all other redirects are returned.
func (f *fetcher) fetch(ctx context.Context, addr address, known *pageState) fetched {
	been := map[string]bool{}
	for range maxHops + 1 {
		if been[addr.String()] {
			return failed(addr, Redirected, "to itself", nil)
		}
		been[addr.String()] = true
		got := f.patiently(ctx, addr, known)
		if got.redirect == nil || got.redirect.key != addr.key {
			return got
		}
		addr = *got.redirect
	}
	return failed(addr, Redirected, fmt.Sprintf("more than %d hops", maxHops), nil)
}

// patiently repeats a request that met a passing failure.
func (f *fetcher) patiently(ctx context.Context, addr address, known *pageState) fetched {
	rules := f.rules(ctx, addr)
	if rules.fault != nil {
		return rules.refusal(addr)
	}
	if ok, by := rules.file.Rules().Allowed(addr.requestPath()); !ok {
		return failed(addr, Disallowed, "rule "+by, nil)
	}
	var got fetched
	for attempt := 1; attempt <= maxAttempts; attempt++ {
		if err := f.gates.wait(ctx, addr.url.Host); err != nil {
			return failed(addr, cutBy(err), "", err)
		}
		if f.left.Add(-1) < 0 {
			return failed(addr, Budget, "", nil)
		}
		var retry bool
		var asked time.Duration
		got, retry, asked = f.once(ctx, addr, known)
		if !retry || ctx.Err() != nil || attempt == maxAttempts {
			break
		}
		if !f.gates.pause(addr.url.Host, backoff(attempt, asked)) {
			break
		}
	}
	return got
}

// cutBy tells the outcome when a wait was given up.
func cutBy(err error) Outcome {
	if errors.Is(err, errDeadline) {
		return Deadline
	}
	return Aborted
}

// once makes one request and reads its answer.
func (f *fetcher) once(ctx context.Context, addr address, known *pageState) (got fetched, retry bool, asked time.Duration) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, addr.String(), nil)
	if err != nil {
		return failed(addr, Malformed, "address", err), false, 0
	}
	req.Header.Set("Accept", pageAccept)
	if len(f.src.cfg.Languages) > 0 {
		req.Header.Set("Accept-Language", strings.Join(f.src.cfg.Languages, ", "))
	}
	if known != nil && known.ETag != "" {
		req.Header.Set("If-None-Match", known.ETag)
	}
	if known != nil && known.LastModified != "" {
		req.Header.Set("If-Modified-Since", known.LastModified)
	}
	resp, err := f.client.DoOnce(req)
	if err != nil {
		return networkFault(addr, err)
	}
	defer resp.Body.Close()
	got = f.answer(addr, resp)
	switch resp.StatusCode {
	case 408, 429, 500, 502, 503, 504, 522, 524:
		got.strike = true
		return got, true, retryAfter(resp.Header, f.src.cfg.Now())
	}
	got.strike = resp.StatusCode >= 500
	if got.outcome == Unreachable {
		got.strike = true // the body broke off
	}
	return got, false, 0
}

func networkFault(addr address, err error) (fetched, bool, time.Duration) {
	switch {
	case errors.Is(err, safehttp.ErrBlockedAddress), errors.Is(err, safehttp.ErrRefusedURL):
		return failed(addr, Blocked, "", err), false, 0
	case errors.Is(err, safehttp.ErrTooLarge):
		return failed(addr, TooLarge, "", err), false, 0
	}
	got := failed(addr, Unreachable, "", err)
	got.strike = true
	return got, true, 0
}

// answer judges a response by its status, and reads the body of a good one.
func (f *fetcher) answer(addr address, resp *http.Response) fetched {
	status := fmt.Sprintf("status %d", resp.StatusCode)
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
		return f.body(addr, resp)
	case http.StatusNotModified:
		return fetched{addr: addr, notModified: true, header: resp.Header}
	case http.StatusNoContent, http.StatusResetContent:
		return failed(addr, NoText, status, nil)
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return redirected(addr, resp.Header.Get("Location"))
	case http.StatusUnauthorized:
		return failed(addr, Login, status, nil)
	case http.StatusNotFound:
		return failed(addr, NotFound, "", nil)
	case http.StatusGone:
		return failed(addr, Removed, "", nil)
	}
	return failed(addr, Status, status, nil)
}

func redirected(addr address, location string) fetched {
	if location == "" {
		return failed(addr, Status, "redirect without a location", nil)
	}
	to, err := resolve(addr.url, location)
	if err != nil {
		return failed(addr, Redirected, fmt.Sprintf("to %.200q", location), nil)
	}
	if loginPath(to.url) && !loginPath(addr.url) {
		return failed(addr, Login, "redirect to "+to.String(), nil)
	}
	return fetched{addr: addr, redirect: &to}
}

// body reads what the limits for its type allow.
func (f *fetcher) body(addr address, resp *http.Response) fetched {
	declared := resp.Header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(declared)
	var head []byte
	if media == "" || media == "application/octet-stream" {
		head, _ = io.ReadAll(io.LimitReader(resp.Body, sniffedLength))
		if sniffed, _, _ := mime.ParseMediaType(http.DetectContentType(head)); sniffed != "application/octet-stream" && sniffed != "text/plain" {
			media = sniffed
			declared = sniffed
		}
	}
	html := media == "text/html" || media == "application/xhtml+xml"
	limit := f.src.cfg.MaxPageBytes
	if !html {
		if f.src.cfg.Parse == nil || mediaType(media) {
			return failed(addr, Type, media, nil)
		}
		limit = f.src.cfg.MaxFileBytes
	}
	if resp.ContentLength > limit {
		return failed(addr, TooLarge, fmt.Sprintf("%d bytes, limit %d", resp.ContentLength, limit), nil)
	}
	body, err := safehttp.ReadAll(io.MultiReader(strings.NewReader(string(head)), resp.Body), limit)
	switch {
	case errors.Is(err, safehttp.ErrTooLarge):
		return failed(addr, TooLarge, "", err)
	case err != nil:
		return failed(addr, Unreachable, "answer broke off", err)
	}
	return fetched{addr: addr, body: body, html: html, contentType: declared, header: resp.Header}
}

// mediaType tells types that hold no text whoever parses them.
func mediaType(t string) bool {
	for _, prefix := range []string{"image/", "video/", "audio/", "font/"} {
		if strings.HasPrefix(t, prefix) {
			return true
		}
	}
	return t == "text/css" || t == "text/javascript" || t == "application/javascript"
}

// robotsOf is what is known of one origin's robots.txt.
type robotsOf struct {
	once  sync.Once
	file  *robots.File
	fault error // it cannot be had, so nothing may be fetched
	note  string
}

func (r *robotsOf) refusal(addr address) fetched {
	o := RobotsUnreachable
	switch {
	case errors.Is(r.fault, safehttp.ErrBlockedAddress), errors.Is(r.fault, safehttp.ErrRefusedURL):
		o = Blocked
	case errors.Is(r.fault, errDeadline):
		o = Deadline
	}
	got := failed(addr, o, "", r.fault)
	got.strike = o == RobotsUnreachable
	return got
}

// rules returns the robots.txt of an origin, which is asked for once a crawl.
func (f *fetcher) rules(ctx context.Context, addr address) *robotsOf {
	origin := addr.url.Scheme + "://" + addr.url.Host
	f.mu.Lock()
	r := f.robots[origin]
	if r == nil {
		r = &robotsOf{}
		f.robots[origin] = r
	}
	f.mu.Unlock()
	r.once.Do(func() { f.loadRobots(ctx, r, addr, origin) })
	return r
}

func (f *fetcher) loadRobots(ctx context.Context, r *robotsOf, addr address, origin string) {
	for attempt := 1; ; attempt++ {
		if r.fault = f.gates.wait(ctx, addr.url.Host); r.fault != nil {
			return
		}
		var asked time.Duration
		r.file, r.note, asked, r.fault = f.askRobots(ctx, origin)
		if r.fault == nil {
			f.gates.crawlDelay(addr.url.Host, r.file.Rules().CrawlDelay)
			return
		}
		final := errors.Is(r.fault, safehttp.ErrBlockedAddress) || errors.Is(r.fault, safehttp.ErrRefusedURL)
		if final || attempt == robotsTries || ctx.Err() != nil || !f.gates.pause(addr.url.Host, backoff(attempt, asked)) {
			return
		}
	}
}

// askRobots applies the rules of RFC 9309, section 2.3.1: what is unavailable
// allows everything, what is unreachable nothing. Being asked to slow down
// counts as unreachable.
func (f *fetcher) askRobots(ctx context.Context, origin string) (file *robots.File, note string, asked time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/robots.txt", nil)
	if err != nil {
		return nil, "", 0, err
	}
	resp, err := f.client.Do(req)
	if errors.Is(err, safehttp.ErrTooManyRedirects) {
		return robots.Parse(nil, ""), "robots.txt redirects too often", 0, nil
	}
	if err != nil {
		return nil, "", 0, err
	}
	defer resp.Body.Close()
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		// The RFC has what passes the limit ignored, so this is no silent cut.
		data, err := io.ReadAll(io.LimitReader(resp.Body, robots.MaxBytes+1))
		if err != nil {
			return nil, "", 0, err
		}
		return robots.Parse(data, f.src.token), "", 0, nil
	case code == http.StatusTooManyRequests || code >= 500:
		return nil, "", retryAfter(resp.Header, f.src.cfg.Now()), fmt.Errorf("robots.txt of %s: status %d", origin, code)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return robots.Parse(nil, ""), fmt.Sprintf("robots.txt answers %d, which allows to crawl", code), 0, nil
	}
	return robots.Parse(nil, ""), "", 0, nil
}
