package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/clauses"
)

// altered is a right store whose methods can be broken one by one.
type altered struct {
	agent.Store
	calls  atomic.Int64
	accept func(ctx context.Context, r agent.AcceptRequest) (agent.Accepted, error)
	lease  func(ctx context.Context, id, conversation, holder string, ttl time.Duration) (agent.Lease, error)
	save   func(ctx context.Context, l agent.Lease, s agent.Save) error
	load   func(ctx context.Context, id, conversation string) (agent.Conversation, error)
	due    func(ctx context.Context, id string, now time.Time, limit int) ([]string, error)
	change func(ctx context.Context, id, conversation string, c agent.OwnerChange) (agent.Conversation, error)
	decide func(ctx context.Context, id, conversation, approval string, d agent.ApprovalDecision) (agent.Approval, error)
	ask    func(ctx context.Context, id string, limit int) ([]agent.Approval, error)
	note   func(ctx context.Context, id, conversation string, n channels.Note) error
	find   func(ctx context.Context, id string, q agent.ConversationQuery) ([]agent.ConversationHead, error)
	record func(ctx context.Context, l agent.Lease, turn, name string, data []byte) ([]byte, error)
	log    func(ctx context.Context, id string, kind agent.LogKind, line agent.LogLine) error
	logs   func(ctx context.Context, id string, kind agent.LogKind, after int64, limit int) ([]agent.LogLine, error)
	erase  func(ctx context.Context, id string, e agent.Erasure) (agent.Erased, error)
	set    func(ctx context.Context, id string, l agent.Lifecycle) error
	list   func(ctx context.Context, id string, below int64, limit int) ([]agent.Version, error)
}

func (a *altered) Accept(ctx context.Context, r agent.AcceptRequest) (agent.Accepted, error) {
	if a.accept != nil {
		return a.accept(ctx, r)
	}
	return a.Store.Accept(ctx, r)
}

func (a *altered) Lease(ctx context.Context, id, conversation, holder string, ttl time.Duration) (agent.Lease, error) {
	if a.lease != nil {
		return a.lease(ctx, id, conversation, holder, ttl)
	}
	return a.Store.Lease(ctx, id, conversation, holder, ttl)
}

func (a *altered) Save(ctx context.Context, l agent.Lease, s agent.Save) error {
	if a.save != nil {
		return a.save(ctx, l, s)
	}
	return a.Store.Save(ctx, l, s)
}

func (a *altered) Load(ctx context.Context, id, conversation string) (agent.Conversation, error) {
	if a.load != nil {
		return a.load(ctx, id, conversation)
	}
	return a.Store.Load(ctx, id, conversation)
}

func (a *altered) Due(ctx context.Context, id string, now time.Time, limit int) ([]string, error) {
	if a.due != nil {
		return a.due(ctx, id, now, limit)
	}
	return a.Store.Due(ctx, id, now, limit)
}

func (a *altered) ChangeOwner(ctx context.Context, id, conversation string, c agent.OwnerChange) (agent.Conversation, error) {
	if a.change != nil {
		return a.change(ctx, id, conversation, c)
	}
	return a.Store.ChangeOwner(ctx, id, conversation, c)
}

func (a *altered) DecideApproval(ctx context.Context, id, conversation, approval string, d agent.ApprovalDecision) (agent.Approval, error) {
	if a.decide != nil {
		return a.decide(ctx, id, conversation, approval, d)
	}
	return a.Store.DecideApproval(ctx, id, conversation, approval, d)
}

func (a *altered) PendingApprovals(ctx context.Context, id string, limit int) ([]agent.Approval, error) {
	if a.ask != nil {
		return a.ask(ctx, id, limit)
	}
	return a.Store.PendingApprovals(ctx, id, limit)
}

func (a *altered) AddNote(ctx context.Context, id, conversation string, n channels.Note) error {
	if a.note != nil {
		return a.note(ctx, id, conversation, n)
	}
	return a.Store.AddNote(ctx, id, conversation, n)
}

func (a *altered) Find(ctx context.Context, id string, q agent.ConversationQuery) ([]agent.ConversationHead, error) {
	if a.find != nil {
		return a.find(ctx, id, q)
	}
	return a.Store.Find(ctx, id, q)
}

func (a *altered) Record(ctx context.Context, l agent.Lease, turn, name string, data []byte) ([]byte, error) {
	if a.record != nil {
		return a.record(ctx, l, turn, name, data)
	}
	return a.Store.Record(ctx, l, turn, name, data)
}

func (a *altered) Log(ctx context.Context, id string, kind agent.LogKind, line agent.LogLine) error {
	if a.log != nil {
		return a.log(ctx, id, kind, line)
	}
	return a.Store.Log(ctx, id, kind, line)
}

func (a *altered) Logs(ctx context.Context, id string, kind agent.LogKind, after int64, limit int) ([]agent.LogLine, error) {
	if a.logs != nil {
		return a.logs(ctx, id, kind, after, limit)
	}
	return a.Store.Logs(ctx, id, kind, after, limit)
}

func (a *altered) Erase(ctx context.Context, id string, e agent.Erasure) (agent.Erased, error) {
	if a.erase != nil {
		return a.erase(ctx, id, e)
	}
	return a.Store.Erase(ctx, id, e)
}

func (a *altered) SetLifecycle(ctx context.Context, id string, l agent.Lifecycle) error {
	if a.set != nil {
		return a.set(ctx, id, l)
	}
	return a.Store.SetLifecycle(ctx, id, l)
}

func (a *altered) Versions(ctx context.Context, id string, below int64, limit int) ([]agent.Version, error) {
	if a.list != nil {
		return a.list(ctx, id, below, limit)
	}
	return a.Store.Versions(ctx, id, below, limit)
}

func TestBrokenStoresFailTheirClauses(t *testing.T) {
	var list []clauses.Broken[*subject]
	for _, b := range brokenStores {
		list = append(list, clauses.Broken[*subject]{Name: b.name, Want: strings.Fields(b.want), Subject: func(r clauses.Reporter) *subject {
			return newSubject(r, func(now func() time.Time) agent.Store {
				a := &altered{Store: agent.NewMemoryStore(now)}
				b.breaks(a)
				return a
			})
		}})
	}
	clauses.Prove(t, storeClauses(), list)
}

// brokenStores each break a promise; want are clauses that must say so.
var brokenStores = []struct {
	name   string
	want   string
	breaks func(a *altered)
}{
	{"takes each delivery anew", "DeliveryHasOnePlace ParallelDeliveriesHaveOnePlace ErasedIsGoneForGood", func(a *altered) {
		a.accept = func(ctx context.Context, r agent.AcceptRequest) (agent.Accepted, error) {
			r.Event.Delivery = fmt.Sprint(a.calls.Add(1))
			return a.Store.Accept(ctx, r)
		}
	}},
	{"never reopens", "MessageInTimeReopens", func(a *altered) {
		a.accept = func(ctx context.Context, r agent.AcceptRequest) (agent.Accepted, error) {
			r.ReopenWithin = 0
			return a.Store.Accept(ctx, r)
		}
	}},
	{"always reopens", "LateMessageBeginsAnew", func(a *altered) {
		a.accept = func(ctx context.Context, r agent.AcceptRequest) (agent.Accepted, error) {
			r.ReopenWithin = 1000 * time.Hour
			return a.Store.Accept(ctx, r)
		}
	}},
	{"is one for all agents", "AgentsAreSeparate", func(a *altered) {
		a.accept = func(ctx context.Context, r agent.AcceptRequest) (agent.Accepted, error) {
			r.Agent = id
			return a.Store.Accept(ctx, r)
		}
	}},
	{"does not mind the unknown", "UnknownConversationIsAnError", func(a *altered) {
		a.note = func(ctx context.Context, id, conversation string, n channels.Note) error {
			err := a.Store.AddNote(ctx, id, conversation, n)
			if errors.Is(err, agent.ErrNoConversation) {
				return nil
			}
			return err
		}
	}},
	{"returns what it keeps", "WhatIsReturnedIsTheCallers", func(a *altered) {
		kept := map[string]agent.Conversation{}
		a.load = func(ctx context.Context, id, conversation string) (agent.Conversation, error) {
			c, err := a.Store.Load(ctx, id, conversation)
			if old, ok := kept[conversation]; ok && len(old.Messages) == len(c.Messages) {
				return old, err
			}
			kept[conversation] = c
			return c, err
		}
	}},
	{"leases to all", "LeaseIsExclusive", func(a *altered) {
		a.lease = func(ctx context.Context, id, conversation, holder string, ttl time.Duration) (agent.Lease, error) {
			return a.Store.Lease(ctx, id, conversation, holder, -1)
		}
	}},
	{"leases for ever", "LostLeaseIsFenced", func(a *altered) {
		a.lease = func(ctx context.Context, id, conversation, holder string, ttl time.Duration) (agent.Lease, error) {
			return a.Store.Lease(ctx, id, conversation, holder, 1000*time.Hour)
		}
	}},
	{"drops the owner", "SaveKeepsAll MessageInTimeReopens EraseTakesWhatEnded", func(a *altered) {
		a.save = func(ctx context.Context, l agent.Lease, s agent.Save) error {
			s.Owner = nil
			return a.Store.Save(ctx, l, s)
		}
	}},
	{"saves without conditions", "RefusedSaveKeepsNothing", func(a *altered) {
		a.save = func(ctx context.Context, l agent.Lease, s agent.Save) error {
			s.IfOwner, s.IfUpTo = nil, nil
			return a.Store.Save(ctx, l, s)
		}
	}},
	{"ends turns that were refused", "RefusedSaveKeepsNothing", func(a *altered) {
		a.save = func(ctx context.Context, l agent.Lease, s agent.Save) error {
			err := a.Store.Save(ctx, l, s)
			if errors.Is(err, agent.ErrSuperseded) {
				c, _ := a.Store.Load(ctx, l.Agent, l.Conversation)
				_ = a.Store.Save(ctx, l, agent.Save{Progress: c.Progress, Ended: s.Ended})
			}
			return err
		}
	}},
	{"knows nothing due", "DueIsWhatHasWork LeaseLapsesAndIsExtended", func(a *altered) {
		a.due = func(context.Context, string, time.Time, int) ([]string, error) { return nil, nil }
	}},
	{"sends a human's message each time", "HumanSpeaksOnce", func(a *altered) {
		a.change = func(ctx context.Context, id, conversation string, c agent.OwnerChange) (agent.Conversation, error) {
			if c.Send != nil {
				send := *c.Send
				send.Out.Key += fmt.Sprint(a.calls.Add(1))
				c.Send = &send
			}
			return a.Store.ChangeOwner(ctx, id, conversation, c)
		}
	}},
	{"takes the last decision", "FirstDecisionStays", func(a *altered) {
		a.decide = func(ctx context.Context, id, conversation, approval string, d agent.ApprovalDecision) (agent.Approval, error) {
			p, err := a.Store.DecideApproval(ctx, id, conversation, approval, d)
			p.Decision = d
			return p, err
		}
	}},
	{"pending without limit", "PendingApprovalsAreOldestFirst", func(a *altered) {
		a.ask = func(ctx context.Context, id string, _ int) ([]agent.Approval, error) {
			return a.Store.PendingApprovals(ctx, id, 1000)
		}
	}},
	{"drops notes", "NotesAreKept", func(a *altered) {
		a.note = func(ctx context.Context, id, conversation string, _ channels.Note) error {
			_, err := a.Store.Load(ctx, id, conversation)
			return err
		}
	}},
	{"shows the first page only", "FindListsByActivity", func(a *altered) {
		a.find = func(ctx context.Context, id string, q agent.ConversationQuery) ([]agent.ConversationHead, error) {
			q.After = nil
			return a.Store.Find(ctx, id, q)
		}
	}},
	{"finds every owner's", "FindKeepsToItsQuery", func(a *altered) {
		a.find = func(ctx context.Context, id string, q agent.ConversationQuery) ([]agent.ConversationHead, error) {
			q.Owners = nil
			return a.Store.Find(ctx, id, q)
		}
	}},
	{"returns the last record", "FirstRecordStays", func(a *altered) {
		a.record = func(ctx context.Context, l agent.Lease, turn, name string, data []byte) ([]byte, error) {
			_, err := a.Store.Record(ctx, l, turn, name, data)
			return data, err
		}
	}},
	{"keeps records for ever", "RecordsGoWithTheirTurn", func(a *altered) {
		a.save = func(ctx context.Context, l agent.Lease, s agent.Save) error {
			s.Ended = nil
			return a.Store.Save(ctx, l, s)
		}
	}},
	{"drops all records with a turn", "RecordsGoWithTheirTurn", func(a *altered) {
		a.save = func(ctx context.Context, l agent.Lease, s agent.Save) error {
			if len(s.Ended) > 0 {
				s.Ended = append(s.Ended, "approval-x")
			}
			return a.Store.Save(ctx, l, s)
		}
	}},
	{"logs each time", "LogIsOnceForEachKey", func(a *altered) {
		a.log = func(ctx context.Context, id string, kind agent.LogKind, line agent.LogLine) error {
			line.Key += fmt.Sprint(" ", a.calls.Add(1))
			return a.Store.Log(ctx, id, kind, line)
		}
	}},
	{"logs from the number on", "LogsAreInOrderAndAfter", func(a *altered) {
		a.logs = func(ctx context.Context, id string, kind agent.LogKind, after int64, limit int) ([]agent.LogLine, error) {
			return a.Store.Logs(ctx, id, kind, max(0, after-1), limit)
		}
	}},
	{"logs about what is gone", "ErasedIsGoneForGood UnknownConversationIsAnError EraseTakesAllOfAContact", func(a *altered) {
		a.log = func(ctx context.Context, id string, kind agent.LogKind, line agent.LogLine) error {
			line.Conversation = ""
			return a.Store.Log(ctx, id, kind, line)
		}
	}},
	{"erases nobody", "EraseTakesAllOfAContact ErasedIsGoneForGood", func(a *altered) {
		a.erase = func(ctx context.Context, id string, e agent.Erasure) (agent.Erased, error) {
			e.Contact = ""
			return a.Store.Erase(ctx, id, e)
		}
	}},
	{"erases what goes on", "EraseTakesWhatEnded", func(a *altered) {
		a.erase = func(ctx context.Context, id string, e agent.Erasure) (agent.Erased, error) {
			e.EndedBefore = e.EndedBefore.Add(time.Hour)
			return a.Store.Erase(ctx, id, e)
		}
	}},
	{"erases the lines of all logs", "EraseTakesOldLinesOnly", func(a *altered) {
		a.erase = func(ctx context.Context, id string, e agent.Erasure) (agent.Erased, error) {
			if before, ok := e.LoggedBefore[agent.TraceLog]; ok {
				e.LoggedBefore[agent.GapLog] = before
			}
			return a.Store.Erase(ctx, id, e)
		}
	}},
	{"replaces whatever the state is", "LifecycleIsReplacedByRevision", func(a *altered) {
		a.set = func(ctx context.Context, id string, l agent.Lifecycle) error {
			now, _ := a.Store.Lifecycle(ctx, id)
			l.Revision = now.Revision
			return a.Store.SetLifecycle(ctx, id, l)
		}
	}},
	{"lists all versions", "VersionsFollowEachOther", func(a *altered) {
		a.list = func(ctx context.Context, id string, _ int64, limit int) ([]agent.Version, error) {
			return a.Store.Versions(ctx, id, 0, limit)
		}
	}},
}
