package agent

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// MemoryStore is a [Store] that lasts as long as the process. It is safe for
// concurrent use.
type MemoryStore struct {
	now func() time.Time

	mu            sync.Mutex
	conversations map[string]*memoryConversation // by agent and ID
	threads       map[string]string              // (agent, channel, thread) to the latest conversation's key
	deliveries    map[string]memoryDelivery      // by agent, channel and delivery
	journal       map[string][]byte
	logs          map[string]*memoryLog
	lifecycles    map[string]*memoryLifecycle
	fence         int64
	accepted      int
}

type memoryConversation struct {
	Conversation
	holder  string
	fence   int64
	expires time.Time
}

type memoryDelivery struct {
	accepted Accepted
	at       time.Time
}

type memoryLog struct {
	lines []LogLine
	keys  map[string]bool
}

// deliveriesKept is how long deliveries are remembered: a day longer than
// WhatsApp repeats one.
const deliveriesKept = 8 * 24 * time.Hour

// NewMemoryStore returns an empty store. now is the clock for leases; nil is
// time.Now.
func NewMemoryStore(now func() time.Time) *MemoryStore {
	if now == nil {
		now = time.Now
	}
	return &MemoryStore{
		now: now, conversations: map[string]*memoryConversation{}, threads: map[string]string{},
		deliveries: map[string]memoryDelivery{}, journal: map[string][]byte{}, logs: map[string]*memoryLog{}, lifecycles: map[string]*memoryLifecycle{},
	}
}

func joinKey(parts ...string) string { return strings.Join(parts, "\x00") }

// Accept implements [Store].
func (m *MemoryStore) Accept(_ context.Context, r AcceptRequest) (Accepted, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := r.Event
	delivery := joinKey(r.Agent, e.Channel, e.Delivery)
	if d, ok := m.deliveries[delivery]; ok {
		again := d.accepted
		again.Fresh = false
		return again, nil
	}
	c := m.place(r)
	out := Accepted{Conversation: c.ID, Fresh: true}
	switch e.Kind {
	case channels.MessageReceived, channels.HumanReplied:
		msg := e.Message
		msg.At = e.At
		if e.Kind == channels.HumanReplied {
			msg.Author = channels.FromHuman
			c.changeOwner(OwnerChange{Owner: HumanOwns, Name: msg.Name, At: e.At})
		} else {
			msg.Author = channels.FromCustomer
		}
		out.Seq = c.append(msg)
		c.ActiveAt, c.ClosesAt = e.At, e.At.Add(r.IdleClose)
	case channels.Feedback:
		c.Feedback = append(c.Feedback, e.Helpful)
	}
	m.deliveries[delivery] = memoryDelivery{out, m.now()}
	m.forgetDeliveries()
	return out, nil
}

// place finds the conversation an event belongs to, or begins one.
func (m *MemoryStore) place(r AcceptRequest) *memoryConversation {
	e := r.Event
	thread := joinKey(r.Agent, e.Channel, e.Thread)
	last := m.conversations[m.threads[thread]]
	if last != nil && (e.Kind == channels.Feedback || e.At.Before(last.ClosesAt.Add(r.ReopenWithin))) {
		if e.Kind == channels.MessageReceived && last.Owner == NobodyOwns {
			last.changeOwner(OwnerChange{Owner: AgentOwns, At: e.At})
		}
		if e.Kind == channels.MessageReceived {
			last.Contact, last.Languages = e.Contact, cmpLanguages(e.Languages, last.Languages)
		}
		return last
	}
	c := &memoryConversation{Conversation: Conversation{
		Agent: r.Agent, Channel: e.Channel, Thread: e.Thread, Number: 1, Contact: e.Contact,
		Languages: e.Languages, Exchange: r.Exchange, StartedAt: e.At, ActiveAt: e.At, ClosesAt: e.At.Add(r.IdleClose), OwnedSince: e.At,
	}}
	if last != nil {
		c.Number, c.Summary = last.Number+1, summarise(&last.Conversation)
	}
	c.ID = ConversationID(r.Agent, e.Channel, e.Thread, c.Number)
	key := joinKey(r.Agent, c.ID)
	m.conversations[key], m.threads[thread] = c, key
	return c
}

func cmpLanguages(fresh, old []string) []string {
	if len(fresh) > 0 {
		return fresh
	}
	return old
}

// ConversationID returns the ID of the number-th conversation of a thread: the
// same on every store and replica.
func ConversationID(agent, channel, thread string, number int) string {
	sum := sha256.Sum256([]byte(joinKey(agent, channel, thread)))
	return fmt.Sprintf("%s-%d", base64.RawURLEncoding.EncodeToString(sum[:12]), number)
}

// summarise is all that a new conversation knows of the one before it.
func summarise(c *Conversation) string {
	var first string
	for _, e := range c.Messages {
		if e.Message.Author == channels.FromCustomer {
			first = e.Message.Text
			break
		}
	}
	if r := []rune(first); len(r) > 200 {
		first = string(r[:200]) + "…"
	}
	return fmt.Sprintf("%s: %q (%d messages)", c.StartedAt.Format(time.DateOnly), first, len(c.Messages))
}

func (c *memoryConversation) append(msg channels.Message) int64 {
	seq := int64(len(c.Messages) + 1)
	c.Messages = append(c.Messages, channels.Entry{Seq: seq, Message: msg})
	return seq
}

func (c *memoryConversation) changeOwner(ch OwnerChange) {
	c.Owner, c.OwnerName, c.OwnedSince = ch.Owner, ch.Name, ch.At
	c.OwnerVersion++
}

func (m *MemoryStore) forgetDeliveries() {
	if m.accepted++; m.accepted%4096 != 0 {
		return
	}
	old := m.now().Add(-deliveriesKept)
	maps.DeleteFunc(m.deliveries, func(_ string, d memoryDelivery) bool { return d.at.Before(old) })
}

func (m *MemoryStore) find(agent, conversation string) (*memoryConversation, error) {
	c := m.conversations[joinKey(agent, conversation)]
	if c == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoConversation, conversation)
	}
	return c, nil
}

// Lease implements [Store].
func (m *MemoryStore) Lease(_ context.Context, agent, conversation, holder string, ttl time.Duration) (Lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err != nil {
		return Lease{}, err
	}
	if now := m.now(); c.holder != "" && now.Before(c.expires) {
		return Lease{}, fmt.Errorf("%w: %s", ErrLeased, conversation)
	}
	m.fence++
	c.holder, c.fence, c.expires = holder, m.fence, m.now().Add(ttl)
	return Lease{Agent: agent, Conversation: conversation, Holder: holder, Fence: m.fence}, nil
}

func (m *MemoryStore) leased(l Lease) (*memoryConversation, error) {
	c, err := m.find(l.Agent, l.Conversation)
	if err != nil {
		return nil, err
	}
	if c.fence != l.Fence || c.holder == "" {
		return nil, fmt.Errorf("%w: %s", ErrFenced, l.Conversation)
	}
	return c, nil
}

// Extend implements [Store].
func (m *MemoryStore) Extend(_ context.Context, l Lease, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.leased(l)
	if err != nil {
		return err
	}
	c.expires = m.now().Add(ttl)
	return nil
}

// Unlease implements [Store].
func (m *MemoryStore) Unlease(_ context.Context, l Lease) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, err := m.leased(l); err == nil {
		c.holder = ""
	}
	return nil
}

// Load implements [Store].
func (m *MemoryStore) Load(_ context.Context, agent, conversation string) (Conversation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err != nil {
		return Conversation{}, err
	}
	return c.copy(), nil
}

func (c *memoryConversation) copy() Conversation {
	out := c.Conversation
	out.Messages = slices.Clone(out.Messages)
	out.Notes = slices.Clone(out.Notes)
	out.Outbox = slices.Clone(out.Outbox)
	out.Approvals = slices.Clone(out.Approvals)
	out.Feedback = slices.Clone(out.Feedback)
	return out
}

// Due implements [Store].
func (m *MemoryStore) Due(_ context.Context, agent string, now time.Time, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, c := range m.conversations {
		if len(out) == limit {
			break
		}
		if c.Agent == agent && c.due(now) && (c.holder == "" || !m.now().Before(c.expires)) {
			out = append(out, c.ID)
		}
	}
	return out, nil
}

// Save implements [Store].
func (m *MemoryStore) Save(_ context.Context, l Lease, s Save) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.leased(l)
	switch {
	case err != nil:
		return err
	case s.IfOwner != nil && c.OwnerVersion != *s.IfOwner:
		return fmt.Errorf("%w: %s", ErrTakenOver, l.Conversation)
	case s.IfUpTo != nil && c.lastCustomerSeq() > *s.IfUpTo:
		return fmt.Errorf("%w: %s", ErrSuperseded, l.Conversation)
	}
	c.Progress = s.Progress
	for _, msg := range s.Append {
		c.append(msg)
		c.ClosesAt = msg.At.Add(c.ClosesAt.Sub(c.ActiveAt))
		c.ActiveAt = msg.At
	}
	for _, send := range s.Sends {
		c.putSend(send)
	}
	for _, p := range s.Approvals {
		c.putApproval(p)
	}
	if s.Owner != nil {
		c.changeOwner(*s.Owner)
	}
	return nil
}

// outboxKept is how many finished sends a conversation remembers.
const outboxKept = 32

func (c *memoryConversation) putSend(s Send) {
	for i := range c.Outbox {
		if c.Outbox[i].Out.Key == s.Out.Key {
			c.Outbox[i] = s
			return
		}
	}
	c.Outbox = append(c.Outbox, s)
	for i := 0; len(c.Outbox) > outboxKept && i < len(c.Outbox); {
		if c.Outbox[i].State.final() {
			c.Outbox = slices.Delete(c.Outbox, i, i+1)
		} else {
			i++
		}
	}
}

// ChangeOwner implements [Store].
func (m *MemoryStore) ChangeOwner(_ context.Context, agent, conversation string, ch OwnerChange) (Conversation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err != nil {
		return Conversation{}, err
	}
	if ch.IfVersion != nil && c.OwnerVersion != *ch.IfVersion {
		return Conversation{}, fmt.Errorf("%w: %s", ErrTakenOver, conversation)
	}
	if ch.Send != nil && slices.ContainsFunc(c.Outbox, func(s Send) bool { return s.Out.Key == ch.Send.Out.Key }) {
		return c.copy(), nil
	}
	if c.Owner != ch.Owner || c.OwnerName != ch.Name {
		c.changeOwner(ch)
	}
	if ch.Message != nil {
		c.append(*ch.Message)
	}
	if ch.Send != nil {
		c.putSend(*ch.Send)
	}
	return c.copy(), nil
}

func (c *memoryConversation) putApproval(p Approval) {
	if old := c.approval(p.ID); old != nil {
		p.Decision = old.Decision
		*old = p
		return
	}
	c.Approvals = append(c.Approvals, p)
}

// DecideApproval implements [Store].
func (m *MemoryStore) DecideApproval(_ context.Context, agent, conversation, approval string, d ApprovalDecision) (Approval, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err != nil {
		return Approval{}, err
	}
	p := c.approval(approval)
	if p == nil {
		return Approval{}, fmt.Errorf("%w: %s in %s", ErrNoApproval, approval, conversation)
	}
	if p.Decision.State == ApprovalPending {
		p.Decision = d
	}
	return *p, nil
}

// PendingApprovals implements [Store].
func (m *MemoryStore) PendingApprovals(_ context.Context, agent string, limit int) ([]Approval, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Approval
	for _, c := range m.conversations {
		if c.Agent != agent {
			continue
		}
		for _, p := range c.Approvals {
			if p.Decision.State == ApprovalPending {
				out = append(out, p)
			}
		}
	}
	slices.SortFunc(out, func(p, q Approval) int {
		return cmp.Or(p.RequestedAt.Compare(q.RequestedAt), cmp.Compare(p.Conversation, q.Conversation), cmp.Compare(p.ID, q.ID))
	})
	return out[:max(0, min(limit, len(out)))], nil
}

// AddNote implements [Store].
func (m *MemoryStore) AddNote(_ context.Context, agent, conversation string, n channels.Note) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err == nil {
		c.Notes = append(c.Notes, n)
	}
	return err
}

// Record implements [Store].
func (m *MemoryStore) Record(_ context.Context, key string, data []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if kept, ok := m.journal[key]; ok {
		return bytes.Clone(kept), nil
	}
	m.journal[key] = bytes.Clone(data)
	return data, nil
}

// Recorded implements [Store].
func (m *MemoryStore) Recorded(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.journal[key]), nil
}

// Log implements [Store].
func (m *MemoryStore) Log(_ context.Context, agent string, kind LogKind, line LogLine) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.logs[joinKey(agent, string(kind))]
	if l == nil {
		l = &memoryLog{keys: map[string]bool{}}
		m.logs[joinKey(agent, string(kind))] = l
	}
	if !l.keys[line.Key] {
		l.keys[line.Key] = true
		line.Number = int64(len(l.lines) + 1)
		line.Data = bytes.Clone(line.Data)
		l.lines = append(l.lines, line)
	}
	return nil
}

// Logs implements [Store].
func (m *MemoryStore) Logs(_ context.Context, agent string, kind LogKind, after int64, limit int) ([]LogLine, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.logs[joinKey(agent, string(kind))]
	if l == nil || after < 0 || after >= int64(len(l.lines)) {
		return nil, nil
	}
	lines := l.lines[after:]
	return slices.Clone(lines[:min(limit, len(lines))]), nil
}
