package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// journal records what cannot be repeated — what a model said and what actions
// did — before it takes effect, so that a turn that is tried again replays it
// instead of diverging. Keys read agent/conversation/turn/ordinal, where the
// turn is named by the messages it deals with.
//
// Actions are keyed by the turn's first message, their name and arguments only:
// a turn that starts over because the customer wrote more does not perform the
// same action again. A journal without a store records nothing.
type journal struct {
	store  Store
	prefix string // agent/conversation
	first  int64  // first message of the turn
	upTo   int64  // last message of the turn
	calls  *int   // model calls so far
}

func newJournal(store Store, agent, conversation string, first, upTo int64) journal {
	return journal{store: store, prefix: agent + "/" + conversation, first: first, upTo: upTo, calls: new(int)}
}

func (j journal) turnKey() string { return fmt.Sprintf("%s/%d-%d", j.prefix, j.first, j.upTo) }

func (j journal) actionKey(name string, arguments []byte) string {
	sum := sha256.Sum256(arguments)
	return fmt.Sprintf("%s/%d/%s/%s", j.prefix, j.first, name, hex.EncodeToString(sum[:8]))
}

// modelResponse is a model's whole answer to one request.
type modelResponse struct {
	Text  string
	Calls []ToolCall
	Usage Usage
	// Attempts are those that failed before, in order.
	Attempts []ModelAttempt `json:",omitempty"`
	// Shortened says that the answer is to the shorter request.
	Shortened bool `json:",omitempty"`
}

// response returns the recorded answer of the turn's next model call, or makes
// the call and records it.
func (j journal) response(ctx context.Context, ask func(context.Context) (modelResponse, error)) (r modelResponse, replayed bool, err error) {
	if j.store == nil {
		r, err = ask(ctx)
		return r, false, err
	}
	key := fmt.Sprintf("%s/%d", j.turnKey(), *j.calls)
	*j.calls++
	data, err := j.store.Recorded(ctx, key)
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
	err = j.record(ctx, key, r, &r)
	return r, false, err
}

// action returns the recorded outcome of a call, or performs it. The intent is
// recorded before and the outcome after.
func (j journal) action(ctx context.Context, rec ActionRecord, idempotent bool, do func(context.Context) (ActionResult, error)) (ActionRecord, error) {
	if j.store != nil {
		done, err := j.store.Recorded(ctx, rec.Key+"/done")
		if err != nil {
			return rec, fmt.Errorf("agent: journal %s: %w", rec.Key, err)
		}
		if done != nil {
			err = unmarshalRecord(rec.Key, done, &rec)
			return rec, err
		}
		begun, err := j.store.Recorded(ctx, rec.Key+"/begun")
		if err != nil {
			return rec, fmt.Errorf("agent: journal %s: %w", rec.Key, err)
		}
		if begun != nil && !idempotent {
			return rec, fmt.Errorf("%w: %s", ErrOutcomeUnknown, rec.Name)
		}
		if err := j.record(ctx, rec.Key+"/begun", rec, nil); err != nil {
			return rec, err
		}
	}
	result, err := do(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return rec, ctx.Err() // the turn ends here; nothing is known of the outcome
		}
		rec.Error, err = err.Error(), nil
	}
	rec.Result = result
	if j.store != nil {
		// It happened, so it is recorded even if ctx ended meanwhile.
		err = j.record(context.WithoutCancel(ctx), rec.Key+"/done", rec, &rec)
	}
	return rec, err
}

// record keeps v, and reads back what is kept into kept.
func (j journal) record(ctx context.Context, key string, v, kept any) error {
	data, err := json.Marshal(v)
	if err == nil {
		data, err = j.store.Record(ctx, key, data)
	}
	if err != nil {
		return fmt.Errorf("agent: journal %s: %w", key, err)
	}
	if kept == nil {
		return nil
	}
	return unmarshalRecord(key, data, kept)
}

func unmarshalRecord(key string, data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("agent: journal %s: %w", key, err)
	}
	return nil
}
