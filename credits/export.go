package credits

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/kundeagent/kundeagent/internal/sheet"
)

// csvColumns are the columns of WriteCSV.
var csvColumns = []string{
	"account", "seq", "kind", "at", "key", "amount", "overage", "waived", "balance", "until",
	"contact", "purpose", "conversation", "rule", "event", "units", "happened_at", "terms",
}

// WriteCSV writes the entries of a bill as CSV (RFC 4180) with a header. The
// column balance is what is granted and not spent after each entry: it begins
// with Opening and ends with Closing. Terms is the grant, plan or limits of an
// entry as JSON. Times are RFC 3339. A text that a spreadsheet would run as a
// formula gets an apostrophe before it.
func (b Bill) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	err := out.Write(csvColumns)
	balance := b.Opening
	row := make([]string, 0, len(csvColumns))
	for i := range b.Entries {
		if err != nil {
			break
		}
		e := &b.Entries[i]
		balance += unspent(e)
		var terms string
		if terms, err = e.terms(); err != nil {
			break
		}
		row = append(row[:0],
			sheet.Text(e.Account), number(e.Seq), string(e.Kind), moment(e.At), sheet.Text(e.Key),
			number(e.Amount), number(e.Overage), number(e.Waived), number(balance), moment(e.Until),
			sheet.Text(e.Contact), sheet.Text(e.Purpose), sheet.Text(e.Evidence.Conversation), sheet.Text(e.Evidence.Rule), sheet.Text(e.Evidence.Event),
			number(e.Evidence.Units), moment(e.Evidence.At), terms,
		)
		err = out.Write(row)
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("credits: bill of %q: %w", b.Account, err)
	}
	return nil
}

// WriteJSON writes a bill as one JSON object, which json.Unmarshal reads back.
func (b Bill) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(b); err != nil {
		return fmt.Errorf("credits: bill of %q: %w", b.Account, err)
	}
	return nil
}

// terms is what an entry points to, as JSON.
func (e *Entry) terms() (string, error) {
	var v any
	switch {
	case e.Grant != nil:
		v = e.Grant
	case e.Plan != nil:
		v = e.Plan
	case e.Limits != nil:
		v = e.Limits
	default:
		return "", nil
	}
	data, err := json.Marshal(v)
	return string(data), err
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
