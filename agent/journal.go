package agent

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// journal records what cannot be repeated — what a model said and what actions
// did — before it takes effect, so that a turn that is tried again replays it
// instead of diverging. Records belong to a turn, which is named by its first
// message, or by the approval it settles, and go with it once its reply is
// claimed. Only the holder of the lease reads and writes them: one who lost it
// can neither record anew what was dropped nor act on it.
//
// Actions are keyed by the turn's first message, their name and arguments only:
// a turn that starts over because the customer wrote more does not perform the
// same action again.
type journal struct {
	store  Store
	lease  Lease
	turn   string
	prefix string // agent/conversation
	first  int64  // first message of the turn
	upTo   int64  // last message of the turn
	calls  *int   // model calls so far
	// version is the one of the settings by which the turn is thought.
	version int64
	// done are the calls of a turn without a store, by key: a model that repeats
	// one gets its outcome here too.
	done map[string]ActionRecord
}

func newJournal(store Store, l Lease, first, upTo int64) journal {
	return journal{store: store, lease: l, turn: turnName(first), prefix: l.Agent + "/" + l.Conversation, first: first, upTo: upTo, calls: new(int)}
}

// ofApproval returns the journal of the turn that settles an approval.
func (j journal) ofApproval(id string) journal {
	j.turn = "approval-" + id
	j.prefix += "/" + j.turn
	return j
}

// ofDraft returns the journal of the turn that drafts a reply.
func (j journal) ofDraft() journal {
	j.turn = "draft-" + j.turn
	j.prefix += "/draft"
	return j
}

// turnName names a turn by the first message it deals with.
func turnName(first int64) string { return strconv.FormatInt(first, 10) }

// newPassingJournal returns the journal of a turn that nobody will repeat. Its
// keys are its own.
func newPassingJournal(agent string) journal {
	return journal{prefix: agent + "/reply-" + rand.Text(), done: map[string]ActionRecord{}}
}

func (j journal) turnKey() string { return j.prefix + "/" + turnName(j.first) + "-" + turnName(j.upTo) }

func (j journal) actionKey(name string, arguments []byte) string {
	sum := sha256.Sum256(arguments)
	return fmt.Sprintf("%s/%d/%s/%s", j.prefix, j.first, name, hex.EncodeToString(sum[:8]))
}

// modelResponse is a model's whole answer to one request.
type modelResponse struct {
	Version int64 `json:",omitempty"` // of the settings it was asked by
	Text    string
	Calls   []ToolCall
	Usage   Usage
	// Attempts are those that failed before, in order.
	Attempts []ModelAttempt `json:",omitempty"`
	// Shortened says that the answer is to the shorter request.
	Shortened bool `json:",omitempty"`
}

func (j journal) responseKey(call int) string { return j.turnKey() + "/" + itoa(call) }

// begun tells whether the turn was begun before, so that it has a record, and by
// which version of the settings.
func (j journal) begun(ctx context.Context) (version int64, begun bool, err error) {
	key := j.responseKey(0)
	data, err := j.store.Recorded(ctx, j.lease, j.turn, key)
	if err != nil {
		return 0, false, fmt.Errorf("agent: journal %s: %w", key, err)
	}
	if data == nil {
		return 0, false, nil
	}
	var first modelResponse
	err = unmarshalRecord(key, data, &first)
	return first.Version, err == nil, err
}

// response returns the recorded answer of the turn's next model call, or makes
// the call and records it.
func (j journal) response(ctx context.Context, ask func(context.Context) (modelResponse, error)) (r modelResponse, replayed bool, err error) {
	if j.store == nil {
		return j.recorded(ctx, "", ask)
	}
	key := j.responseKey(*j.calls)
	*j.calls++
	return j.recorded(ctx, key, ask)
}

// recorded returns the answer that is recorded under a key, or asks and records
// it.
func (j journal) recorded(ctx context.Context, key string, ask func(context.Context) (modelResponse, error)) (r modelResponse, replayed bool, err error) {
	if j.store == nil {
		r, err = ask(ctx)
		return r, false, err
	}
	data, err := j.store.Recorded(ctx, j.lease, j.turn, key)
	if err != nil {
		return r, false, fmt.Errorf("agent: journal %s: %w", key, err)
	}
	if data != nil {
		err = unmarshalRecord(key, data, &r)
		return r, true, err
	}
	if r, err = ask(ctx); err != nil {
		return r, false, err
	}
	r.Version = j.version
	data, err = j.record(ctx, key, r)
	if err == nil {
		err = unmarshalRecord(key, data, &r)
	}
	return r, false, err
}

// action returns the recorded outcome of a call, or performs it. The intent is
// recorded before and the outcome after. pay is asked before that: if it is
// ErrActionRefused, the refusal is the outcome.
func (j journal) action(ctx context.Context, rec ActionRecord, idempotent bool, pay func(context.Context) error, do func(context.Context) (ActionResult, error)) (ActionRecord, error) {
	if j.store != nil {
		done, err := j.store.Recorded(ctx, j.lease, j.turn, rec.Key+"/done")
		if err != nil {
			return rec, fmt.Errorf("agent: journal %s: %w", rec.Key, err)
		}
		if done != nil {
			err = unmarshalRecord(rec.Key, done, &rec)
			return rec, err
		}
		begun, err := j.store.Recorded(ctx, j.lease, j.turn, rec.Key+"/begun")
		if err != nil {
			return rec, fmt.Errorf("agent: journal %s: %w", rec.Key, err)
		}
		if begun != nil && !idempotent {
			return rec, &OutcomeError{Action: rec.Name, Err: errors.New("it was begun before")}
		}
		switch err := pay(ctx); {
		case errors.Is(err, ErrActionRefused):
			return j.outcome(ctx, rec.not(ActionRefused, err))
		case err != nil:
			return rec, err
		}
		if _, err := j.record(ctx, rec.Key+"/begun", rec); err != nil {
			return rec, err
		}
	}
	if done, ok := j.done[rec.Key]; ok {
		return done, nil
	}
	result, err := do(ctx)
	switch {
	case err == nil:
		rec.Result, rec.Outcome = result, ActionPerformed
	case ctx.Err() != nil:
		return rec, ctx.Err() // the turn ends here; nothing is known of the outcome
	case errors.Is(err, ErrOutcomeUnknown):
		return rec, err
	default:
		rec = rec.not(ActionFailed, err)
	}
	if j.store == nil {
		j.done[rec.Key] = rec
		return rec, nil
	}
	return j.outcome(ctx, rec)
}

// outcome records what a call came to, even if ctx ended meanwhile, since it
// happened.
func (j journal) outcome(ctx context.Context, rec ActionRecord) (ActionRecord, error) {
	data, err := j.record(context.WithoutCancel(ctx), rec.Key+"/done", rec)
	if err == nil {
		err = unmarshalRecord(rec.Key, data, &rec)
	}
	return rec, err
}

// record keeps v, and returns what is kept under its key.
func (j journal) record(ctx context.Context, key string, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err == nil {
		data, err = j.store.Record(ctx, j.lease, j.turn, key, data)
	}
	if err != nil {
		return nil, fmt.Errorf("agent: journal %s: %w", key, err)
	}
	return data, nil
}

// unmarshalRecord sets v to what was kept. It never writes into what v held: raw
// JSON would be read into the old bytes, which others may share.
func unmarshalRecord[T any](key string, data []byte, v *T) error {
	var kept T
	if err := json.Unmarshal(data, &kept); err != nil {
		return fmt.Errorf("agent: journal %s: %w", key, err)
	}
	*v = kept
	return nil
}
