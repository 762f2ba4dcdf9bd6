package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

type booking struct {
	Number int       `json:"number"`
	Size   string    `json:"size" enum:"small,large"`
	At     time.Time `json:"at"`
	Lines  []struct {
		Item   string  `json:"item"`
		Amount float64 `json:"amount"`
	} `json:"lines"`
	Email string `json:"email" identity:"email"`
}

func bookingAction(tb testing.TB) *boundAction {
	tb.Helper()
	schema, identity, err := SchemaOf[booking]()
	if err != nil {
		tb.Fatal(err)
	}
	a, err := Action{Name: "book", Schema: schema, Identity: identity, Do: noAction}.bind()
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func noAction(context.Context, ActionCall) (ActionResult, error) { return ActionResult{}, nil }

var bookingArguments = json.RawMessage(`{"number":77,"size":"small","at":"2026-03-01T10:00:00Z","lines":[{"item":"lamp","amount":2},{"item":"rug","amount":1.5}]}`)

// What passes the schema decodes into the struct, is the same when it is
// checked again, and holds the contact's own address.
func FuzzArgumentsThatPassAreCanonical(f *testing.F) {
	f.Add([]byte(bookingArguments))
	f.Add([]byte(`{"email":"x","number":1e1,"size":"large","at":"2026-03-01T10:00:00+02:00","lines":[]}`))
	a := bookingAction(f)
	contact := channels.Contact{Email: "ida@shop.example"}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := a.arguments(data, contact)
		if err != nil {
			return
		}
		again, err := a.arguments(first, contact)
		if err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s is checked again as %s, %v", first, again, err)
		}
		var in booking
		dec := json.NewDecoder(bytes.NewReader(first))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err == nil && in.Email != contact.Email {
			t.Errorf("the model chose the contact: %s", first)
		}
	})
}

func BenchmarkArgumentCheck(b *testing.B) {
	a := bookingAction(b)
	contact := channels.Contact{Email: "ida@shop.example"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.arguments(bookingArguments, contact); err != nil {
			b.Fatal(err)
		}
	}
}
