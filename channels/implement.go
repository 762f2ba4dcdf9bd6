package channels

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// What implementers of channels have in common.

// SendParts sends the parts of a message one after the other and returns the
// receipt of the first. send returns the vendor's ID of one part; a part without
// an ID has an unknown outcome. When a part fails after another was sent the
// outcome is [ErrAmbiguous], since a repetition would send the first ones again.
func SendParts(out Outgoing, now func() time.Time, send func(i int, part string) (id string, err error)) (Receipt, error) {
	if out.Key == "" || out.Thread == "" || len(out.Parts) == 0 {
		return Receipt{}, &SendError{Kind: ErrInvalid, Err: errors.New("the message has no key, thread or text")}
	}
	var receipt Receipt
	for i, part := range out.Parts {
		id, err := send(i, part)
		if err == nil && id == "" {
			err = &SendError{Kind: ErrAmbiguous, Err: errors.New("the answer names no message")}
		}
		if err != nil && i > 0 {
			err = &SendError{Kind: ErrAmbiguous, Err: fmt.Errorf("part %d of %d: %w", i+1, len(out.Parts), err)}
		}
		if err != nil {
			return Receipt{}, err
		}
		if i == 0 {
			receipt = Receipt{ID: id, At: now()}
		}
	}
	return receipt, nil
}

// maxRaw is the most that an event of kind Unknown carries.
const maxRaw = 64 << 10

// UnknownEvent is the event of a delivery that a channel cannot read.
func UnknownEvent(raw []byte, at time.Time) Event {
	sum := sha256.Sum256(raw)
	return Event{Kind: Unknown, Delivery: "unknown/" + hex.EncodeToString(sum[:12]), Thread: "unknown", Raw: raw[:min(len(raw), maxRaw)], At: at}
}

// Thumb reports whether a reaction is a thumb, of any colour, and which way it
// points. Other reactions judge nothing.
func Thumb(emoji string) (helpful, ok bool) {
	thumb := strings.TrimRight(emoji, "\U0001F3FB\U0001F3FC\U0001F3FD\U0001F3FE\U0001F3FF\uFE0F")
	return thumb == "👍", thumb == "👍" || thumb == "👎"
}
