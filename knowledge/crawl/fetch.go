package crawl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kundeagent/kundeagent/internal/safehttp"
)

const (
	maxHops       = 5
	maxAttempts   = 3
	pageAccept    = "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5"
	sniffedLength = 512
)

// fetcher makes the requests of one crawl, from its workers at once.
type fetcher struct {
	src    *Source
	client *safehttp.Client
	gates  *gates
	left   atomic.Int64 // requests that may still be made for pages
	size   atomic.Int64 // of the last page, which the next is likely to have
	probe  probe        // set before new pages are asked for

	mu     sync.Mutex
	robots map[string]*robotsOf
	// unreachable holds since when the robots.txt of an origin cannot be had;
	// see siteState.
	unreachable map[string]time.Time
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

func newFetcher(src *Source, now time.Time, unreachable map[string]time.Time) *fetcher {
	cfg := src.cfg
	f := &fetcher{src: src, robots: map[string]*robotsOf{}, unreachable: maps.Clone(unreachable)}
	if f.unreachable == nil {
		f.unreachable = map[string]time.Time{}
	}
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
	got, ok := f.permit(ctx, addr)
	if !ok {
		return got
	}
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
		if mediaType(media) || f.src.cfg.Parse == nil && !ownType(media, addr) {
			return failed(addr, Type, media, nil)
		}
		limit = f.src.cfg.MaxFileBytes
	}
	if resp.ContentLength > limit {
		return failed(addr, TooLarge, fmt.Sprintf("%d bytes, limit %d", resp.ContentLength, limit), nil)
	}
	body, err := f.readAll(head, resp, limit)
	switch {
	case errors.Is(err, safehttp.ErrTooLarge):
		return failed(addr, TooLarge, "", err)
	case err != nil:
		return failed(addr, Unreachable, "answer broke off", err)
	}
	return fetched{addr: addr, body: body, html: html, contentType: declared, header: resp.Header}
}

// readAll reads a body that began with head into room for one as large as the
// last.
func (f *fetcher) readAll(head []byte, resp *http.Response, limit int64) ([]byte, error) {
	const mostRoom = 512 << 10
	room := resp.ContentLength
	if room < 0 {
		room = f.size.Load() + bytes.MinRead
	}
	body := bytes.NewBuffer(make([]byte, 0, min(room+bytes.MinRead, mostRoom)))
	body.Write(head)
	if _, err := body.ReadFrom(io.LimitReader(resp.Body, limit+1-int64(len(head)))); err != nil {
		return nil, err
	}
	if int64(body.Len()) > limit {
		return nil, fmt.Errorf("more than %d bytes: %w", limit, safehttp.ErrTooLarge)
	}
	f.size.Store(int64(body.Len()))
	return body.Bytes(), nil
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
