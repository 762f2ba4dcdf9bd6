package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/internal/safehttp"
)

// HTTPCall is one request to a host's API. Its URL, Headers and Body are
// templates: {name} stands for the argument of that name. Only the path, the
// query, the values of headers and the strings of the body may hold one, so no
// argument changes the scheme, host or port, adds a part to the path, a
// parameter to the query, a header, or a property to the body.
type HTTPCall struct {
	// Method is GET (the default), POST, PUT, PATCH or DELETE.
	Method string
	// URL begins with http:// or https:// and a literal host.
	URL string
	// Headers are sent besides Accept, Content-Type and the idempotency key.
	// Secrets belong here: they are neither logged nor shown to a model.
	Headers map[string]string
	// Body is JSON; empty sends the arguments as they are. GET sends none.
	Body json.RawMessage
	// Result is what of the JSON answer is told to the model, and all of it.
	// Required for GET.
	Result []ResultField
	// MaxBytes is the largest answer that is read; default 256 KiB.
	MaxBytes int64
	// IdempotencyHeader carries the call's key, hashed, with every method but
	// GET; default "Idempotency-Key". Set Action.Idempotent if the API honours
	// it.
	IdempotencyHeader string
	// Client sends the request; redirects are not followed. The default
	// connects to public addresses only: to reach an API of an internal
	// network, give a client.
	Client *http.Client
}

// ResultField is a part of a JSON answer.
type ResultField struct {
	// Name is how the model is told of it.
	Name string
	// Path leads to it: names and positions with dots between them, * for all
	// items of a list, as in "order.lines.*.title".
	Path string
	// URL lets the value, an address, appear in the agent's answer.
	URL bool
}

const (
	defaultAnswerBytes = 256 << 10
	maxResultValues    = 50
	maxResultValue     = 1000 // runes
)

// StatusError is an answer of an API that is no success. Nothing of its body is
// kept.
type StatusError struct {
	Code int
}

// Error names the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the service answered %d %s", e.Code, http.StatusText(e.Code))
}

// NewHTTPAction makes an action that calls an API; it fills in a.Do, and
// a.Idempotent for GET. a.Schema says what the arguments are, see [SchemaOf].
//
// A status of 4xx is a failure without effect, of which the model is told the
// number. With methods other than GET any other failure after the connection
// was made leaves the outcome unknown.
func NewHTTPAction(a Action, h HTTPCall) (Action, error) {
	b, err := h.bind()
	if err != nil {
		return Action{}, fmt.Errorf("%w: action %q: %w", ErrInvalidConfig, a.Name, err)
	}
	a.Do = b.do
	a.Idempotent = a.Idempotent || b.method == http.MethodGet
	bound, err := a.bind()
	if err != nil {
		return Action{}, err
	}
	if err := b.known(bound); err != nil {
		return Action{}, fmt.Errorf("%w: action %q: %w", ErrInvalidConfig, a.Name, err)
	}
	return a, nil
}

// httpCall is an HTTPCall that was checked.
type httpCall struct {
	method    string
	url       urlTemplate
	headers   map[string]string
	body      *bodyTemplate
	result    []ResultField
	maxBytes  int64
	keyHeader string
	send      func(*http.Request) (*http.Response, error)
}

func (h HTTPCall) bind() (*httpCall, error) {
	b := &httpCall{method: h.Method, headers: map[string]string{}, result: slices.Clone(h.Result), maxBytes: h.MaxBytes, keyHeader: h.IdempotencyHeader}
	defaultTo(&b.method, http.MethodGet)
	defaultTo(&b.maxBytes, defaultAnswerBytes)
	defaultTo(&b.keyHeader, "Idempotency-Key")
	if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, b.method) {
		return nil, fmt.Errorf("method %q", h.Method)
	}
	if b.method == http.MethodGet && (len(h.Body) > 0 || len(h.Result) == 0) {
		return nil, errors.New("GET takes no Body and needs a Result")
	}
	for _, f := range h.Result {
		if f.Name == "" || f.Path == "" {
			return nil, fmt.Errorf("result %q at %q lacks a name or a path", f.Name, f.Path)
		}
	}
	for name, value := range h.Headers {
		name = http.CanonicalHeaderKey(name)
		if name == "" || strings.ContainsAny(name, " \t\r\n:{}") || name == "Host" || name == "Content-Length" || hasControl(value) {
			return nil, fmt.Errorf("header %q cannot be sent", name)
		}
		b.headers[name] = value
	}
	var err error
	if b.url, err = parseURLTemplate(h.URL); err != nil {
		return nil, err
	}
	if b.body, err = parseBodyTemplate(h.Body); err != nil {
		return nil, err
	}
	b.send = h.sender(b)
	return b, nil
}

// sender returns what sends requests without following redirects.
func (h HTTPCall) sender(b *httpCall) func(*http.Request) (*http.Response, error) {
	if h.Client != nil {
		once := *h.Client
		once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return once.Do
	}
	cfg := safehttp.Config{MaxBytes: b.maxBytes}
	if u, err := url.Parse(b.url.origin); err == nil {
		if port, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
			cfg.Ports = []uint16{uint16(port)}
		}
	}
	return safehttp.New(cfg).DoOnce
}

// known checks that each placeholder is an argument, those of the path one that
// is always there, and that those spelled out are single values.
func (b *httpCall) known(a *boundAction) error {
	check := func(names []string, always, single bool) error {
		for _, name := range names {
			if a.Identity[name] != "" {
				continue
			}
			part := a.schema.properties[name]
			switch {
			case part == nil:
				return fmt.Errorf("{%s} is not an argument", name)
			case always && !slices.Contains(a.schema.required, name):
				return fmt.Errorf("{%s} is part of the path but not a required argument", name)
			case single && (slices.Contains(part.types, "object") || slices.Contains(part.types, "array")):
				return fmt.Errorf("{%s} is not a single value", name)
			}
		}
		return nil
	}
	var headers []string
	for _, value := range b.headers {
		headers = append(headers, placeholders(value)...)
	}
	return errors.Join(
		check(placeholders(b.url.path), true, true),
		check(placeholders(b.url.query), false, true),
		check(headers, false, true),
		check(b.body.names(), false, false),
	)
}

func (b *httpCall) do(ctx context.Context, call ActionCall) (ActionResult, error) {
	req, err := b.request(ctx, call)
	if err != nil {
		return ActionResult{}, err
	}
	resp, err := b.send(req)
	if err != nil {
		return ActionResult{}, b.failure(ctx, err, "the service could not be reached")
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		status := &StatusError{resp.StatusCode}
		if b.method != http.MethodGet && (status.Code < 400 || status.Code > 499) {
			return ActionResult{}, fmt.Errorf("%w: %w", ErrOutcomeUnknown, status)
		}
		return ActionResult{}, status
	}
	if len(b.result) == 0 {
		return ActionResult{Text: "Done."}, nil
	}
	var answer any
	data, err := safehttp.ReadAll(resp.Body, b.maxBytes)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err = dec.Decode(&answer); err == nil {
			_, err = dec.Token()
			if err == io.EOF {
				return b.pick(answer), nil
			}
		}
	}
	return ActionResult{}, b.failure(ctx, err, "the service's answer could not be read")
}

// failure words what went wrong without the URL and headers, which may hold
// secrets.
func (b *httpCall) failure(ctx context.Context, err error, what string) error {
	var dial *net.OpError
	blocked := errors.Is(err, safehttp.ErrBlockedAddress) || errors.Is(err, safehttp.ErrRefusedURL)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case blocked:
		return fmt.Errorf("%s: its address is not allowed", what)
	case errors.As(err, &dial) && dial.Op == "dial":
		return errors.New(what)
	case errors.Is(err, safehttp.ErrTooLarge):
		what += ": it is too large"
	}
	if b.method == http.MethodGet {
		return errors.New(what)
	}
	return fmt.Errorf("%w: %s", ErrOutcomeUnknown, what)
}

func (b *httpCall) request(ctx context.Context, call ActionCall) (*http.Request, error) {
	var values map[string]any
	dec := json.NewDecoder(bytes.NewReader(call.Arguments))
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil {
		return nil, &ArgumentError{[]ArgumentFault{{"", "are not a JSON object"}}}
	}
	u, err := b.url.with(values)
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if b.method != http.MethodGet {
		data, err := b.body.with(values)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, b.method, u.String(), body)
	if err != nil {
		return nil, &ArgumentError{[]ArgumentFault{{"", "do not make a request"}}}
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(b.keyHeader, hashedKey(call.Key))
	}
	for _, name := range slices.Sorted(maps.Keys(b.headers)) {
		value, err := fill(b.headers[name], values, func(s string) string { return s })
		if err == nil && hasControl(value) {
			err = &ArgumentError{[]ArgumentFault{{"", "hold characters that cannot be sent"}}}
		}
		if err != nil {
			return nil, err
		}
		req.Header.Set(name, value)
	}
	return req, nil
}

// hashedKey spells a key, which may hold any character, as a header can.
func hashedKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// pick makes the result of the fields asked for, a line for each.
func (b *httpCall) pick(answer any) ActionResult {
	var out ActionResult
	var lines []string
	for _, f := range b.result {
		found := pickPath(answer, strings.Split(f.Path, "."), nil)
		var words []string
		for _, v := range found {
			s := spell(v)
			words = append(words, s)
			if u, err := url.Parse(s); f.URL && err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
				out.URLs = append(out.URLs, s)
			}
		}
		if len(words) == 0 {
			words = []string{"(not given)"}
		}
		lines = append(lines, f.Name+": "+strings.Join(words, "; "))
	}
	out.Text = strings.Join(lines, "\n")
	return out
}

// pickPath adds to found what a path leads to; null is nothing.
func pickPath(v any, path []string, found []any) []any {
	if v == nil || len(found) >= maxResultValues {
		return found
	}
	if len(path) == 0 {
		return append(found, v)
	}
	switch v := v.(type) {
	case map[string]any:
		return pickPath(v[path[0]], path[1:], found)
	case []any:
		if path[0] == "*" {
			for _, item := range v {
				found = pickPath(item, path[1:], found)
			}
			return found
		}
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(v) {
			return pickPath(v[i], path[1:], found)
		}
	}
	return found
}

// spell words a value on one line.
func spell(v any) string {
	s, ok := scalar(v)
	if !ok {
		data, _ := json.Marshal(v) // decoded JSON always marshals
		s = string(data)
	}
	return cutRunes(strings.Join(strings.Fields(visible(s)), " "), maxResultValue)
}
