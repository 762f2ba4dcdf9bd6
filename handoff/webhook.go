package handoff

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// WebhookConfig configures a [Webhook]. URL and Secret are required.
type WebhookConfig struct {
	// URL is the host's own address, http or https. Redirects are not followed.
	URL string
	// Secret signs: "whsec_" and 24 to 64 bytes in base64, as Standard Webhooks
	// has it.
	Secret string
	// Client sends; default http.DefaultClient with a timeout of 20 seconds.
	Client *http.Client
	// Attempts is how often one call of Notify tries, waiting 1, 2, 4, … seconds
	// or what the receiver asks for, up to 10; default 3. Who calls Notify tries
	// again later.
	Attempts int
	// Payload makes the "data" of the body, as JSON; nil sends what [CaseData]
	// holds.
	Payload func(Notice) any
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Webhook is a [Notifier] that posts to an HTTP endpoint as Standard Webhooks
// 1.0.0 says (github.com/standard-webhooks): the headers webhook-id,
// webhook-timestamp and webhook-signature, and a body with type, timestamp and
// data. The ID is made of the case's key alone, so that a receiver can tell a
// repetition. It is safe for concurrent use.
type Webhook struct {
	cfg    WebhookConfig
	client http.Client
	key    []byte
}

// CaseOpened is the type of a webhook's event.
const CaseOpened = "handoff.case.opened"

// CaseData is what a webhook tells of a case: enough to find it, without what
// was said but for the summary.
type CaseData struct {
	Key          string    `json:"key"`
	Agent        string    `json:"agent"`
	Conversation string    `json:"conversation"`
	Channel      string    `json:"channel"`
	Contact      string    `json:"contact"` // ID
	Language     string    `json:"language"`
	Reason       Reason    `json:"reason"`
	Trigger      string    `json:"trigger,omitempty"`
	Summary      string    `json:"summary"`
	Queue        string    `json:"queue"`
	Assignee     string    `json:"assignee,omitempty"`
	WaitingSince time.Time `json:"waiting_since"`
}

var (
	// ErrNotifier: a notifier cannot be made of its configuration.
	ErrNotifier = errors.New("handoff: invalid notifier")
	// ErrNotAccepted: the receiver answered with another status than 2xx.
	ErrNotAccepted = errors.New("handoff: webhook was not accepted")
)

const (
	secretPrefix          = "whsec_"
	minSecret, maxSecret  = 24, 64 // bytes
	webhookTimeout        = 20 * time.Second
	maxWebhookWait        = 10 * time.Second
	maxWebhookAttempts    = 10
	maxWebhookAnswerBytes = 4 << 10
)

// NewWebhook returns a Webhook, or ErrNotifier.
func NewWebhook(cfg WebhookConfig) (*Webhook, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%w: URL %q is no http or https address", ErrNotifier, cfg.URL)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(cfg.Secret, secretPrefix))
	if err != nil || !strings.HasPrefix(cfg.Secret, secretPrefix) || len(key) < minSecret || len(key) > maxSecret {
		return nil, fmt.Errorf("%w: Secret is not %s and %d to %d bytes in base64", ErrNotifier, secretPrefix, minSecret, maxSecret)
	}
	if cfg.Attempts < 0 || cfg.Attempts > maxWebhookAttempts {
		return nil, fmt.Errorf("%w: Attempts %d is not between 1 and %d", ErrNotifier, cfg.Attempts, maxWebhookAttempts)
	}
	cfg.Attempts = cmp.Or(cfg.Attempts, 3)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Payload == nil {
		cfg.Payload = func(n Notice) any { return dataOf(n) }
	}
	w := &Webhook{cfg: cfg, key: key, client: http.Client{Timeout: webhookTimeout}}
	if cfg.Client != nil {
		w.client = *cfg.Client
	}
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return w, nil
}

func dataOf(n Notice) CaseData {
	c := n.Case
	return CaseData{
		Key: c.Key, Agent: c.Agent, Conversation: c.Conversation, Channel: c.Channel, Contact: c.Contact.ID, Language: c.Language,
		Reason: c.Reason, Trigger: c.Trigger, Summary: c.Summary, Queue: n.Assignment.Queue, Assignee: n.Assignment.Assignee, WaitingSince: c.WaitingSince,
	}
}

// Notify implements [Notifier]. It returns nil once the endpoint has answered
// with 2xx, and ErrNotAccepted, or what went wrong on the way, after the last
// attempt. An endpoint that is gone (410) is not tried again.
func (w *Webhook) Notify(ctx context.Context, n Notice) error {
	body, err := json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      any       `json:"data"`
	}{CaseOpened, n.Case.CreatedAt.UTC(), w.cfg.Payload(n)})
	if err != nil {
		return fmt.Errorf("handoff: webhook payload of %s: %w", n.Case.Key, err)
	}
	for attempt := 1; ; attempt++ {
		wait, err := w.post(ctx, noticeID(n.Case.Key), body)
		if err == nil {
			return nil
		}
		if attempt >= w.cfg.Attempts || wait < 0 {
			return fmt.Errorf("handoff: webhook about %s, %d attempts: %w", n.Case.Key, attempt, err)
		}
		timer := time.NewTimer(min(max(wait, time.Second<<(attempt-1)), maxWebhookWait))
		select {
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), err)
		case <-timer.C:
		}
	}
}

// post sends once. It returns how long the receiver wants to be left alone,
// negative for ever.
func (w *Webhook) post(ctx context.Context, id string, body []byte) (wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	at := strconv.FormatInt(w.cfg.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", at)
	req.Header.Set("webhook-signature", signWebhook(w.key, id, at, body))
	resp, err := w.client.Do(req)
	if err != nil {
		var failure *url.Error
		if errors.As(err, &failure) {
			err = failure.Err // without the address, which may hold a secret
		}
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, maxWebhookAnswerBytes) // so that the connection can be used again
	switch {
	case resp.StatusCode/100 == 2:
		return 0, nil
	case resp.StatusCode == http.StatusGone:
		return -1, fmt.Errorf("%w: %s", ErrNotAccepted, resp.Status)
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		wait = time.Duration(min(seconds, int(maxWebhookWait/time.Second))) * time.Second
	}
	return wait, fmt.Errorf("%w: %s", ErrNotAccepted, resp.Status)
}

// signWebhook is the signature of Standard Webhooks with a symmetric key.
func signWebhook(key []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, at, body) // a hash does not fail
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// noticeID identifies the notice about a case for ever. It holds nothing of the
// key itself, which is made of what customers' channels send.
func noticeID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "case_" + hex.EncodeToString(sum[:16])
}
