package langchain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxErrorBody     = 64 << 10 // of an error answer that is looked at
	maxStreamLine    = 1 << 20  // of a stream that is looked at
	maxEmbeddingBody = 64 << 20 // of an answer whose vectors are put in order
	maxRetryAfter    = 24 * time.Hour
)

// Transport returns an [http.RoundTripper] over base, nil meaning
// [http.DefaultTransport], for the HTTP client that a client of langchaingo is
// given:
//
//	openai.New(openai.WithHTTPClient(&http.Client{Transport: langchain.Transport(nil)}))
//
// It tells the adapter what clients drop: the status and Retry-After of an
// answer, and errors and unreadable events inside of streams. It puts the
// vectors of an embeddings answer into the order of the texts where they carry
// an index, and lets streams that are closed early end without an error, on
// which some clients would wait for ever. Requests are passed on unchanged. It
// is safe for concurrent use when base is.
func Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{base: base}
}

type transport struct{ base http.RoundTripper }

// exchangeKey is the context key of an [*exchange].
type exchangeKey struct{}

// exchange is what the transport saw of the last request of a call.
type exchange struct {
	mu         sync.Mutex
	status     int // of an answer that is an error
	retryAfter time.Duration
	detail     string // the provider's own words and codes, in lower case
	streamErr  error  // an error inside of a stream
}

// read gives what is known for the classification of an error.
func (e *exchange) read() (status int, retryAfter time.Duration, detail string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.status, e.retryAfter, e.detail
}

// fault is an error of the exchange that a client may have passed over.
func (e *exchange) fault() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.status != 0 {
		return fmt.Errorf("the provider answered with status code %d", e.status)
	}
	return e.streamErr
}

// RoundTrip sends a request and looks at the answer.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	seen, _ := req.Context().Value(exchangeKey{}).(*exchange)
	if seen == nil {
		seen = &exchange{}
	}
	seen.reset()
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode >= 400:
		seen.failed(resp)
	case kind == "text/event-stream":
		resp.Body = &watchedBody{ReadCloser: resp.Body, seen: seen}
	case strings.HasSuffix(req.URL.Path, "/embeddings"):
		if err := orderVectors(resp); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

func (e *exchange) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status, e.retryAfter, e.detail, e.streamErr = 0, 0, "", nil
}

// failed notes an answer that is an error; its body can still be read.
func (e *exchange) failed(resp *http.Response) {
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = strings.NewReader("")
	}
	resp.Body = &joinedBody{Reader: io.MultiReader(bytes.NewReader(head), rest), Closer: resp.Body}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = resp.StatusCode
	e.retryAfter = retryAfter(resp.Header, time.Now())
	e.detail = errorWords(head)
	e.streamErr = nil
}

type joinedBody struct {
	io.Reader
	io.Closer
}

// errorWords are the codes and words of a JSON error, in lower case.
func errorWords(body []byte) string {
	var wrapped struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &wrapped) != nil || len(wrapped.Error) == 0 || string(wrapped.Error) == "null" {
		return ""
	}
	var fields struct {
		Type    string `json:"type"`
		Code    any    `json:"code"`
		Status  string `json:"status"`
		Message string `json:"message"`
	}
	var words string
	if json.Unmarshal(wrapped.Error, &words) == nil {
		return strings.ToLower(words)
	}
	if json.Unmarshal(wrapped.Error, &fields) != nil {
		return ""
	}
	return strings.ToLower(fmt.Sprintf("%s %v %s %s", fields.Type, fields.Code, fields.Status, fields.Message))
}

// retryAfter reads how long a provider asks to wait, 0 when it does not.
func retryAfter(header http.Header, now time.Time) time.Duration {
	wait := time.Duration(0)
	if ms, err := strconv.ParseFloat(header.Get("Retry-After-Ms"), 64); err == nil && ms > 0 && ms < 1e9 {
		wait = time.Duration(ms * float64(time.Millisecond))
	} else if value := header.Get("Retry-After"); value != "" {
		if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 && seconds < 1e9 {
			wait = time.Duration(seconds * float64(time.Second))
		} else if at, err := http.ParseTime(value); err == nil {
			wait = at.Sub(now)
		}
	}
	return min(max(wait, 0), maxRetryAfter)
}

// watchedBody reads a stream of events along with the client.
type watchedBody struct {
	io.ReadCloser
	seen   *exchange
	line   []byte
	long   bool // the line is longer than is looked at
	closed atomic.Bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.watch(p[:n])
	if err != nil && err != io.EOF && b.closed.Load() {
		err = io.EOF
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.closed.Store(true)
	return b.ReadCloser.Close()
}

// watch collects lines.
func (b *watchedBody) watch(data []byte) {
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		piece := data
		if end >= 0 {
			piece = data[:end]
		}
		if b.long = b.long || len(b.line)+len(piece) > maxStreamLine; !b.long {
			b.line = append(b.line, piece...)
		}
		if end < 0 {
			return
		}
		if !b.long {
			b.event(b.line)
		}
		b.line, b.long = b.line[:0], false
		data = data[end+1:]
	}
}

// event looks at one line of a stream.
func (b *watchedBody) event(line []byte) {
	data, found := bytes.CutPrefix(line, []byte("data:"))
	data = bytes.TrimSpace(data)
	if !found || len(data) == 0 || string(data) == "[DONE]" {
		return
	}
	if !json.Valid(data) {
		b.seen.streamFailed("", errors.New("the stream holds an event that is no JSON"))
		return
	}
	if !bytes.Contains(data, []byte(`"error"`)) {
		return
	}
	if words := errorWords(data); words != "" {
		b.seen.streamFailed(words, fmt.Errorf("the provider broke the stream off: %s", words))
	}
}

func (e *exchange) streamFailed(detail string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.streamErr == nil {
		e.detail, e.streamErr = detail, err
	}
}

// orderVectors sorts the vectors of an embeddings answer by the index each of
// them carries. An answer of another shape is left as it is.
func orderVectors(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxEmbeddingBody+1))
	if err != nil {
		return errors.Join(fmt.Errorf("langchain: reading embeddings: %w", err), resp.Body.Close())
	}
	if len(body) > maxEmbeddingBody {
		return errors.Join(fmt.Errorf("langchain: embeddings pass %d bytes", maxEmbeddingBody), resp.Body.Close())
	}
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("langchain: reading embeddings: %w", err)
	}
	body = orderedVectors(body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Del("Content-Length")
	return nil
}

func orderedVectors(body []byte) []byte {
	var fields map[string]json.RawMessage
	var entries []json.RawMessage
	if json.Unmarshal(body, &fields) != nil || json.Unmarshal(fields["data"], &entries) != nil {
		return body
	}
	type placed struct {
		index int
		entry json.RawMessage
	}
	order := make([]placed, len(entries))
	for i, entry := range entries {
		var head struct {
			Index *int `json:"index"`
		}
		if json.Unmarshal(entry, &head) != nil || head.Index == nil {
			return body
		}
		order[i] = placed{*head.Index, entry}
	}
	byIndex := func(a, b placed) int { return a.index - b.index }
	if slices.IsSortedFunc(order, byIndex) {
		return body
	}
	slices.SortStableFunc(order, byIndex)
	for i := range order {
		entries[i] = order[i].entry
	}
	data, err := json.Marshal(entries)
	if err != nil {
		return body
	}
	fields["data"] = data
	sorted, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return sorted
}
