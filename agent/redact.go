package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/kundeagent/kundeagent/internal/redact"
)

// Redactor takes personal data out of text before it is logged or kept in a
// trace. Redact must be safe for concurrent use, and leave text alone that it
// has redacted before.
//
// [NewRedactor] finds what has a recognisable form. Names, postal addresses,
// health and the like have none: a host that needs them gone plugs in a service
// that recognises meaning.
type Redactor interface {
	Redact(text string) string
}

// RedactorConfig configures [NewRedactor]; the zero value replaces every kind.
type RedactorConfig struct {
	// Keep lists kinds to leave: "email", "phone", "card", "iban", "ip".
	Keep []string
}

// NewRedactor returns a Redactor that replaces e-mail addresses, telephone and
// card numbers, IBANs and IP addresses by their kind in brackets, such as
// "[email]". Cards and IBANs are told by their check digits, telephone numbers
// by how they are written. Its Redact method also fits
// knowledge.EmbeddingConfig.Redact.
func NewRedactor(cfg RedactorConfig) Redactor {
	var keep []redact.Kind
	for _, k := range cfg.Keep {
		keep = append(keep, redact.Kind(k))
	}
	return redact.New(redact.Config{Keep: keep})
}

// redactJSON redacts the strings of a JSON text, and numbers within what a
// model wrote. Keys and the identifiers that join the logs stay.
func redactJSON(r Redactor, data []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("agent: redacting: %w", err)
	}
	return json.Marshal(redactValue(r, v, false))
}

func redactValue(r Redactor, v any, free bool) any {
	switch v := v.(type) {
	case string:
		return r.Redact(v)
	case json.Number:
		if s := r.Redact(v.String()); free && s != v.String() {
			return s
		}
	case []any:
		for i := range v {
			v[i] = redactValue(r, v[i], free)
		}
	case map[string]any:
		for k := range v {
			if !joinsLogs[k] || free {
				v[k] = redactValue(r, v[k], free || k == "Arguments")
			}
		}
	}
	return v
}

// joinsLogs names the fields that are compared with those of other lines, and
// times.
var joinsLogs = map[string]bool{
	"Key": true, "Conversation": true, "Agent": true, "Channel": true, "At": true, "Passage": true, "Source": true, "WaitingSince": true, "CreatedAt": true,
}

// redactingHandler redacts what is logged: the strings and errors of records.
type redactingHandler struct {
	slog.Handler
	redactor Redactor
}

// Handle implements slog.Handler.
func (h redactingHandler) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, h.redactor.Redact(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(h.attr(a))
		return true
	})
	return h.Handler.Handle(ctx, out)
}

// WithAttrs implements slog.Handler.
func (h redactingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	redacted := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		redacted[i] = h.attr(a)
	}
	return redactingHandler{h.Handler.WithAttrs(redacted), h.redactor}
}

// WithGroup implements slog.Handler.
func (h redactingHandler) WithGroup(name string) slog.Handler {
	return redactingHandler{h.Handler.WithGroup(name), h.redactor}
}

func (h redactingHandler) attr(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindString:
		if !logIDs[a.Key] {
			a.Value = slog.StringValue(h.redactor.Redact(a.Value.String()))
		}
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(h.redactor.Redact(err.Error()))
		}
	case slog.KindGroup:
		var attrs []slog.Attr
		for _, g := range a.Value.Group() {
			attrs = append(attrs, h.attr(g))
		}
		a.Value = slog.GroupValue(attrs...)
	}
	return a
}

// logIDs are attributes by which lines are found again.
var logIDs = map[string]bool{"agent": true, "conversation": true, "channel": true, "guard": true}
