package meta

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/kundeagent/kundeagent/channels"
)

// Config configures an [App]. AppSecret and VerifyToken are required.
type Config struct {
	// AppSecret is the key of the signatures.
	AppSecret string
	// VerifyToken is the word entered with the webhook's address at Meta.
	VerifyToken string
	// MaxBody is the largest delivery in bytes; default 4 MiB. Meta sends up to 3.
	MaxBody int64
	// OnUnknown is told what no channel takes: other objects, fields, numbers and
	// pages. Default none.
	OnUnknown func(ctx context.Context, object string, raw json.RawMessage)
	// Logger receives failures, without contents. Default none.
	Logger *slog.Logger
}

// ErrInvalidConfig: a configuration cannot work. The text lists every fault.
var ErrInvalidConfig = errors.New("meta: invalid configuration")

// ErrRegistered: a number or page has a channel already.
var ErrRegistered = errors.New("meta: number or page is registered already")

// Change is one change of a WhatsApp number.
type Change struct {
	Field string
	Value json.RawMessage
}

// App is the webhook of one Meta app. It is safe for concurrent use.
type App struct {
	cfg Config

	mu      sync.RWMutex
	numbers map[string]func(context.Context, Change) error
	pages   map[string]func(context.Context, json.RawMessage) error
}

// New returns an App without channels.
func New(cfg Config) (*App, error) {
	var errs []error
	if cfg.AppSecret == "" {
		errs = append(errs, fmt.Errorf("%w: AppSecret is missing: deliveries could not be verified", ErrInvalidConfig))
	}
	if cfg.VerifyToken == "" {
		errs = append(errs, fmt.Errorf("%w: VerifyToken is missing", ErrInvalidConfig))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = 4 << 20
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &App{
		cfg: cfg, numbers: map[string]func(context.Context, Change) error{},
		pages: map[string]func(context.Context, json.RawMessage) error{},
	}, nil
}

// OnNumber gives the changes of a WhatsApp number, by its phone number ID, to
// handle. An error of handle makes Meta deliver again.
func (a *App) OnNumber(phoneNumberID string, handle func(context.Context, Change) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.numbers[phoneNumberID] != nil {
		return fmt.Errorf("%w: %s", ErrRegistered, phoneNumberID)
	}
	a.numbers[phoneNumberID] = handle
	return nil
}

// OnPage gives the entries of a Facebook page to handle; see OnNumber.
func (a *App) OnPage(pageID string, handle func(context.Context, json.RawMessage) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pages[pageID] != nil {
		return fmt.Errorf("%w: %s", ErrRegistered, pageID)
	}
	a.pages[pageID] = handle
	return nil
}

// ServeHTTP answers Meta. A delivery is acknowledged with 200 once all of it was
// durably accepted; otherwise Meta repeats it for up to seven days, and what was
// accepted of it is recognised then.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		a.verify(w, r)
	case http.MethodPost:
		a.receive(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "method is not allowed", http.StatusMethodNotAllowed)
	}
}

func (a *App) verify(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	challenge := q.Get("hub.challenge")
	known := subtle.ConstantTimeCompare([]byte(q.Get("hub.verify_token")), []byte(a.cfg.VerifyToken)) == 1
	if q.Get("hub.mode") != "subscribe" || !known || challenge == "" {
		http.Error(w, "verification failed", http.StatusForbidden)
		return
	}
	// The challenge is shown to whoever knows the token: never as a page.
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, challenge)
}

func (a *App) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.cfg.MaxBody))
	if err != nil {
		http.Error(w, "body cannot be read", http.StatusRequestEntityTooLarge)
		return
	}
	if !signed(a.cfg.AppSecret, r.Header.Get("X-Hub-Signature-256"), body) {
		http.Error(w, "signature is missing or wrong", http.StatusUnauthorized)
		return
	}
	switch err := a.dispatch(r.Context(), body); {
	case errors.Is(err, channels.ErrNotAttached):
		http.Error(w, "not ready", http.StatusServiceUnavailable)
	case err != nil:
		a.cfg.Logger.ErrorContext(r.Context(), "delivery was not accepted", "error", err)
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

// Sign returns the signature that Meta sends with a body, for tests.
func Sign(appSecret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// signed checks a signature over the bytes as received: Meta signs JSON with
// escaped letters, so that no other form of the body would do.
func signed(secret, header string, body []byte) bool {
	given, ok := strings.CutPrefix(header, "sha256=")
	if !ok {
		return false
	}
	sum, err := hex.DecodeString(given)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal(sum, mac.Sum(nil))
}

// dispatch hands every change to its channel. One that is broken, or belongs to
// nobody, does not keep its neighbours back.
func (a *App) dispatch(ctx context.Context, body []byte) error {
	var envelope struct {
		Object string            `json:"object"`
		Entry  []json.RawMessage `json:"entry"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		a.unknown(ctx, "", body) // signed, so Meta's: a repetition would not be better
		return nil
	}
	var errs []error
	for _, entry := range envelope.Entry {
		switch envelope.Object {
		case "whatsapp_business_account":
			errs = append(errs, a.account(ctx, entry))
		case "page":
			errs = append(errs, a.page(ctx, entry))
		default:
			a.unknown(ctx, envelope.Object, entry)
		}
	}
	return errors.Join(errs...)
}

func (a *App) account(ctx context.Context, entry json.RawMessage) error {
	const object = "whatsapp_business_account"
	var e struct {
		Changes []json.RawMessage `json:"changes"`
	}
	if err := json.Unmarshal(entry, &e); err != nil {
		a.unknown(ctx, object, entry)
		return nil
	}
	var errs []error
	for _, raw := range e.Changes {
		var change struct {
			Field string          `json:"field"`
			Value json.RawMessage `json:"value"`
		}
		var value struct {
			Metadata struct {
				PhoneNumberID string `json:"phone_number_id"`
			} `json:"metadata"`
		}
		_ = json.Unmarshal(raw, &change) // what cannot be read has no number
		_ = json.Unmarshal(change.Value, &value)
		a.mu.RLock()
		handle := a.numbers[value.Metadata.PhoneNumberID]
		a.mu.RUnlock()
		if handle == nil {
			a.unknown(ctx, object, raw)
			continue
		}
		errs = append(errs, handle(ctx, Change{Field: change.Field, Value: change.Value}))
	}
	return errors.Join(errs...)
}

func (a *App) page(ctx context.Context, entry json.RawMessage) error {
	var e struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(entry, &e)
	a.mu.RLock()
	handle := a.pages[e.ID]
	a.mu.RUnlock()
	if handle == nil {
		a.unknown(ctx, "page", entry)
		return nil
	}
	return handle(ctx, entry)
}

func (a *App) unknown(ctx context.Context, object string, raw json.RawMessage) {
	a.cfg.Logger.WarnContext(ctx, "delivery for no channel", "object", object, "bytes", len(raw))
	if a.cfg.OnUnknown != nil {
		a.cfg.OnUnknown(ctx, object, raw)
	}
}
