package meta

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// GraphConfig configures a [Graph]. Token is required.
type GraphConfig struct {
	// Token is the access token of the number or page. It is sent in a header
	// only.
	Token string
	// BaseURL is the API's address; default "https://graph.facebook.com".
	BaseURL string
	// Version is the API's; default "v24.0".
	Version string
	// Client makes the calls; default one with a timeout of 30 seconds.
	Client *http.Client
}

// Graph calls Meta's Graph API. It is safe for concurrent use.
type Graph struct {
	token, base string
	client      *http.Client
}

// maxAnswer is the longest answer that is read.
const maxAnswer = 1 << 20

// NewGraph returns a Graph. It connects to nothing by itself.
func NewGraph(cfg GraphConfig) (*Graph, error) {
	if cfg.Token == "" {
		return nil, fmt.Errorf("%w: Token is missing", ErrInvalidConfig)
	}
	g := &Graph{token: cfg.Token, client: cfg.Client}
	g.base = strings.TrimRight(cmp.Or(cfg.BaseURL, "https://graph.facebook.com"), "/") + "/" + cmp.Or(cfg.Version, "v24.0")
	if g.client == nil {
		g.client = &http.Client{Timeout: 30 * time.Second}
	}
	return g, nil
}

// Post sends body as JSON to a path such as "/1234/messages" and reads the
// answer into answer. It fails with a *[channels.SendError].
func (g *Graph) Post(ctx context.Context, path string, body, answer any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return &channels.SendError{Kind: channels.ErrInvalid, Err: err}
	}
	return g.call(ctx, http.MethodPost, path, data, answer)
}

// Get reads a path into answer, with the errors of Post.
func (g *Graph) Get(ctx context.Context, path string, answer any) error {
	return g.call(ctx, http.MethodGet, path, nil, answer)
}

func (g *Graph) call(ctx context.Context, method, path string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, g.base+path, bytes.NewReader(body))
	if err != nil {
		return &channels.SendError{Kind: channels.ErrInvalid, Err: err}
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return unreached(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &channels.SendError{Kind: channels.ErrAmbiguous, Err: err}
	}
	if resp.StatusCode/100 != 2 {
		return refused(resp, data)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return &channels.SendError{Kind: channels.ErrAmbiguous, Err: fmt.Errorf("answer is no JSON: %w", err)}
	}
	return nil
}

// unreached classifies a call without an answer: only one that never got a
// connection is known not to have been received.
func unreached(err error) error {
	var dial *net.OpError
	var name *net.DNSError
	if errors.As(err, &name) || errors.As(err, &dial) && dial.Op == "dial" {
		return &channels.SendError{Kind: channels.ErrRetryable, Err: err}
	}
	return &channels.SendError{Kind: channels.ErrAmbiguous, Err: err}
}

// Error is what the API says went wrong. Decide by Code, and Subcode for
// Messenger: titles and HTTP statuses change.
type Error struct {
	Code      int    `json:"code"`
	Subcode   int    `json:"error_subcode"`
	Message   string `json:"message"`
	Title     string `json:"title"`
	Details   string `json:"-"`
	Trace     string `json:"fbtrace_id"`
	Transient bool   `json:"is_transient"`
}

// UnmarshalJSON reads an error of an answer or of a webhook. error_data is an
// object, or a plain string.
func (e *Error) UnmarshalJSON(data []byte) error {
	type plain Error
	var full struct {
		plain
		Data json.RawMessage `json:"error_data"`
	}
	if err := json.Unmarshal(data, &full); err != nil {
		return err
	}
	*e = Error(full.plain)
	var object struct {
		Details string `json:"details"`
	}
	if json.Unmarshal(full.Data, &object) == nil {
		e.Details = object.Details
	} else {
		_ = json.Unmarshal(full.Data, &e.Details)
	}
	return nil
}

// Error returns the code with Meta's words.
func (e *Error) Error() string {
	text := "meta: error " + strconv.Itoa(e.Code)
	if e.Subcode != 0 {
		text += "/" + strconv.Itoa(e.Subcode)
	}
	said := ""
	for _, s := range []string{e.Title, e.Message, e.Details} {
		if s != "" && !strings.Contains(said, s) {
			said += ": " + s
		}
	}
	return text + said
}

func refused(resp *http.Response, data []byte) error {
	var answer struct {
		Error *Error `json:"error"`
	}
	if json.Unmarshal(data, &answer) == nil && answer.Error != nil {
		return answer.Error.Classify()
	}
	err := fmt.Errorf("meta: %s", resp.Status)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return &channels.SendError{Kind: channels.ErrRetryable, After: time.Duration(max(seconds, 0)) * time.Second, Err: err}
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return &channels.SendError{Kind: channels.ErrAuth, Err: err}
	case resp.StatusCode >= 500:
		// A gateway in between may answer for a server that did the work.
		return &channels.SendError{Kind: channels.ErrAmbiguous, Err: err}
	}
	return &channels.SendError{Kind: channels.ErrInvalid, Err: err}
}

// class is what to do about an error code.
type class struct {
	kind  error
	after time.Duration
}

// classes are the codes of the Cloud API and of Messenger; see the vendor's
// pages "Cloud API error codes" and "Messenger Platform error codes".
var classes = map[int]class{
	0: {kind: channels.ErrAuth}, 190: {kind: channels.ErrAuth}, 3: {kind: channels.ErrAuth}, 131005: {kind: channels.ErrAuth},
	131042: {kind: channels.ErrAuth}, 131045: {kind: channels.ErrAuth}, 137000: {kind: channels.ErrAuth},

	4: {channels.ErrRetryable, 5 * time.Minute}, 80007: {channels.ErrRetryable, 5 * time.Minute}, 131057: {channels.ErrRetryable, 5 * time.Minute},
	613: {channels.ErrRetryable, time.Minute}, 130429: {channels.ErrRetryable, 2 * time.Second}, 131056: {channels.ErrRetryable, 6 * time.Second},
	1: {kind: channels.ErrRetryable}, 2: {kind: channels.ErrRetryable}, 131000: {kind: channels.ErrRetryable}, 131016: {kind: channels.ErrRetryable},
	135000: {kind: channels.ErrRetryable}, 131052: {kind: channels.ErrRetryable}, 131053: {kind: channels.ErrRetryable},

	131047: {kind: channels.ErrWindowClosed},

	131026: {kind: channels.ErrRecipientGone}, 551: {kind: channels.ErrRecipientGone}, 1545041: {kind: channels.ErrRecipientGone},
	10903: {kind: channels.ErrRecipientGone}, 10904: {kind: channels.ErrRecipientGone},

	131048: {kind: channels.ErrPolicy}, 131064: {kind: channels.ErrPolicy}, 131049: {kind: channels.ErrPolicy}, 131050: {kind: channels.ErrPolicy},
	131031: {kind: channels.ErrPolicy}, 368: {kind: channels.ErrPolicy}, 130497: {kind: channels.ErrPolicy}, 10900: {kind: channels.ErrPolicy},
}

// outsideWindow are subcodes of code 10, which otherwise means a permission.
var outsideWindow = map[int]bool{2018278: true, 2534022: true}

// Classify turns the error into one that says what to do.
func (e *Error) Classify() *channels.SendError {
	c, ok := classes[e.Code]
	switch {
	case e.Code == 10 && outsideWindow[e.Subcode]:
		c.kind = channels.ErrWindowClosed
	case ok:
	case e.Code == 10, e.Code >= 200 && e.Code < 300:
		c.kind = channels.ErrAuth
	case e.Transient:
		c.kind = channels.ErrRetryable
	default:
		c.kind = channels.ErrInvalid
	}
	return &channels.SendError{Kind: c.kind, After: c.after, Err: e}
}
