package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/language"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

// Knowledge is what an agent knows. [knowledge.Base] is one.
type Knowledge interface {
	Search(ctx context.Context, q knowledge.Query) (knowledge.Result, error)
}

// Config configures an [Agent]. Only Knowledge is required.
type Config struct {
	// ID scopes everything the agent remembers and spends; default "agent".
	// Agents that share a Store or Meter need different ones.
	ID      string
	Profile Profile

	Knowledge Knowledge
	// Model writes the answers; nil answers by quoting the knowledge.
	Model Model
	// Fallback are models to ask in order when Model fails; see [NewFallback].
	Fallback []Model
	// MaxModelCalls bounds the model calls of one turn; default 4.
	MaxModelCalls int
	// ModelTimeout is how long a turn may wait for the model in all; default 1
	// minute.
	ModelTimeout time.Duration
	// MaxModelTokens bounds what the model reads and writes in one turn, in its
	// tokens or, where it does not count them, in estimated ones; default
	// 100,000, and 20,000 where Policy charges by token, since so much is reserved
	// before each turn. What would pass it is not asked.
	MaxModelTokens int
	// MaxTokens caps a model's answer; default 800.
	MaxTokens   int
	Temperature float64 // default 0

	Guidelines []Guideline
	Actions    []Action
	// MaxActions bounds the actions of one turn; default 3.
	MaxActions int
	// Guards run after the built-in ones and GuardsBefore before them, in
	// order. Neither can undo what the built-in ones promise: see [Guard].
	Guards, GuardsBefore []Guard
	// AllowedURLs may appear in answers without a citation; an address that
	// begins with one of them is allowed.
	AllowedURLs []string

	// Gaps tells how questions without an answer are grouped into topics.
	Gaps gaps.Config

	// AnswerAt is the answerability from which the agent answers; default .4.
	AnswerAt float64
	// MaxQuote is how long an answer made without a model may be, in characters
	// (code points) with its citation marks; default 300, at least 100. Longer
	// sentences are quoted in part. Each further question of a message adds half
	// as much, for three of them at most, and short answers are never cut.
	MaxQuote int
	// MaxClarify is how often in a row the agent asks back before it hands
	// over; default 1, negative is never.
	MaxClarify int
	// PerChannel overrides AnswerAt and MaxClarify on single channels, by
	// channel ID.
	PerChannel map[string]ChannelSettings

	// Language is the default language of customers, BCP 47; default "en".
	Language string
	// Detector recognises languages; default the library's own.
	Detector LanguageDetector
	// Audience tells what a contact may see beyond the public, as audience
	// tags. Its error means nothing. Default: nothing.
	Audience func(ctx context.Context, c channels.Contact) ([]string, error)

	// Channels is where the agent talks; none for an agent used by Reply alone.
	Channels []channels.Channel
	// Hours is when the agent takes new conversations; nil is always.
	Hours *handoff.Schedule
	// Filters are what a [Deployment] can name to say which new conversations
	// the agent takes. They must be fast and safe for concurrent use; what panics
	// leaves the conversation to humans.
	Filters map[string]func(ctx context.Context, c Conversation) bool
	// AnswerWithin is how old a customer's message may be when the agent answers it,
	// such as after an outage; older ones go to a human. Default is the channel's
	// reply window, and any age where it has none; negative is any age.
	AnswerWithin time.Duration
	// ReopenWithin is how long after its end a message reopens a conversation;
	// default 72 hours.
	ReopenWithin time.Duration

	// Triggers and TriggerSettings decide when a human is needed. Triggers are the
	// program's own and stay as they are; TriggerSettings are plain data that
	// people edit as part of [Settings]. All of Triggers are asked first, then,
	// unless they are zero, those of TriggerSettings. If neither is set there are
	// [handoff.DefaultTriggers]; Triggers that are empty but not nil are set.
	Triggers        []handoff.Trigger
	TriggerSettings handoff.TriggerSettings
	// Router takes what is handed over; default a [handoff.Inbox].
	Router handoff.Router
	// TeamHours is when humans answer; nil is when Router says so. It words the
	// handoff message, and tells [handoff.Later] when.
	TeamHours *handoff.Schedule
	// Handoff is how conversations go to humans.
	Handoff Handoff

	// Meter charges for what the agent does; nil charges nothing, nor do Reply,
	// Preview and drafts.
	Meter credits.Meter
	// Policy is what is charged, and how much; default [credits.PerConversation].
	// Credits are reserved before the work. A new conversation whose reservation is
	// refused goes to humans; one that the agent has goes on without the model and
	// its actions.
	//
	// By conversation or resolution, one reservation is made for the conversation,
	// and judged by [credits.Policy.Judge]; by resolution that is long after its end,
	// the reservation is extended until then if the Meter is a [credits.Extender],
	// and the Meter must be a [credits.Refunder]. By action, the price of each is
	// reserved before it is performed, and charged if it is known to have
	// succeeded; one that cannot be paid for is refused. By token, the price of
	// MaxModelTokens is reserved for each turn, and what was used is charged; the
	// Meter must be a [credits.PartCommitter].
	//
	// A reservation that nobody settles, because its conversation was erased or the
	// agent is not run any more, lapses by the Meter's rule.
	Policy credits.Policy
	// Account is whom Meter charges; default ID.
	Account string

	// Store remembers conversations; default a [MemoryStore].
	Store Store
	// Retention is how long the Store keeps what; default as long as it can.
	Retention Retention
	// Authorizer decides what people may do through [Agent.As]; the default
	// allows everything.
	Authorizer Authorizer
	// Seat, if set, must allow besides what changes the agent itself: to edit,
	// publish, delete, deploy, pause and teach it. It is for hosts whose people pay
	// for a seat, and says why somebody has none.
	Seat func(ctx context.Context, actor Actor) error
	// Workers is how many conversations Run works on at once; default 8.
	Workers int
	// Lease is how long a conversation stays reserved for a worker that died;
	// default 1 minute.
	Lease time.Duration
	// Poll is how often Run looks for work that it was not told of; default 1
	// second.
	Poll time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Logger receives what goes wrong, without customers' words unless LogText;
	// errors of models and channels are logged in their own words. Default none.
	Logger *slog.Logger
	// LogText logs each question and reply too, redacted: by Redactor, or by
	// [NewRedactor]'s when that is nil.
	LogText bool
	// Redactor, if set, is applied to all that Logger receives and to traces and
	// gaps as the Store keeps them; not to replies, nor to
	// conversations, cases and the journal, which work needs as they are. Default
	// none.
	Redactor Redactor
	// Metrics is told what happened and how long it took, from whoever did it: it
	// must be fast and safe for concurrent use. See [Measurement].
	Metrics func(Measurement)
	// OnReply is told every reply that Run settles, from the worker, at least
	// once.
	OnReply func(conversation string, r Reply)
	// OnDraft is told in the same way every draft that Run makes, instead of
	// OnReply.
	OnDraft func(d DraftReply)
}

// Agent is one customer agent. It is safe for concurrent use.
type Agent struct {
	cfg      Config
	actions  map[string]*boundAction
	tools    []Tool
	channels map[string]channels.Channel
	router   handoff.Router
	guards   []namedGuard
	triggers []handoff.Trigger
	// guidelines are Config.Guidelines, ready to be looked up.
	guidelines *guidelines
	wake       chan string
	holder     string
	watchers   *watchers
	gaps       *gapTopics
	reports    *reports
	metrics    *metrics
	// version is the one of the settings in cfg, and minds the agent by others.
	version int64
	minds   *minds
}

// ErrInvalidConfig: a configuration cannot work. The text lists every fault.
var ErrInvalidConfig = errors.New("agent: invalid configuration")

// New returns an agent and attaches its channels. It starts nothing; see Run.
func New(cfg Config) (*Agent, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	a := &Agent{
		cfg: cfg, actions: map[string]*boundAction{}, channels: map[string]channels.Channel{},
		wake: make(chan string, 1024), holder: newHolder(), watchers: &watchers{}, gaps: &gapTopics{}, reports: newReports(),
	}
	a.router = routerOf(&a.cfg)
	a.metrics = newMetrics(&cfg)
	a.minds = newMinds(a)
	a.prepare()
	for _, action := range cfg.Actions {
		bound, err := action.bind()
		if err != nil {
			return nil, err
		}
		a.actions[bound.Name] = bound
		a.tools = append(a.tools, bound.tool)
	}
	for _, c := range cfg.Channels {
		a.channels[c.ID()] = c
		if err := c.Attach(inbox{a, c.ID()}); err != nil {
			return nil, fmt.Errorf("agent: attach channel %q: %w", c.ID(), err)
		}
	}
	return a, nil
}

func (cfg *Config) validate() error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrInvalidConfig}, args...)...))
	}
	if cfg.Knowledge == nil {
		fault("Knowledge is missing")
	}
	if len(cfg.Fallback) > 0 && cfg.Model == nil || slices.Contains(cfg.Fallback, nil) {
		fault("Fallback is without a Model, or holds none")
	}
	if cfg.MaxModelCalls < 0 || cfg.ModelTimeout < 0 || cfg.MaxModelTokens < 0 {
		fault("MaxModelCalls, ModelTimeout or MaxModelTokens is negative")
	}
	if err := cfg.Profile.check(); err != nil {
		errs = append(errs, err)
	}
	if cfg.Language != "" && !isLanguage(cfg.Language) {
		fault("Language %q is no language tag", cfg.Language)
	}
	if !isProbability(cfg.AnswerAt) {
		fault("AnswerAt %v is not between 0 and 1", cfg.AnswerAt)
	}
	checkChannelSettings(cfg.PerChannel, fault)
	if err := cfg.Retention.check(); err != nil {
		errs = append(errs, err)
	}
	if err := checkGuidelines(cfg.Guidelines); err != nil {
		errs = append(errs, err)
	}
	if cfg.MaxQuote != 0 && cfg.MaxQuote < leastMaxQuote {
		fault("MaxQuote %d is less than %d", cfg.MaxQuote, leastMaxQuote)
	}
	names := map[string]bool{}
	for i := range cfg.Actions {
		if _, err := cfg.Actions[i].bind(); err != nil {
			errs = append(errs, err)
		}
		if names[cfg.Actions[i].Name] {
			fault("two actions are called %q", cfg.Actions[i].Name)
		}
		names[cfg.Actions[i].Name] = true
	}
	ids := map[string]bool{}
	for _, c := range cfg.Channels {
		if c.ID() == "" || ids[c.ID()] {
			fault("channel ID %q is empty or used twice", c.ID())
		}
		ids[c.ID()] = true
	}
	cfg.Handoff.check(fault)
	if err := cfg.TriggerSettings.Validate(); err != nil {
		fault("TriggerSettings: %w", err)
	}
	for _, s := range []*handoff.Schedule{cfg.Hours, cfg.TeamHours} {
		if err := s.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("%w: %w", ErrInvalidConfig, err))
		}
	}
	if err := checkCharging(cfg.Policy, cfg.Meter); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (cfg *Config) setDefaults() {
	defaultTo(&cfg.ID, "agent")
	defaultTo(&cfg.MaxModelCalls, 4)
	defaultTo(&cfg.ModelTimeout, time.Minute)
	defaultTo(&cfg.MaxTokens, 800)
	defaultTo(&cfg.MaxActions, 3)
	cfg.setSettingsDefaults()
	defaultTo(&cfg.MaxQuote, defaultMaxQuote)
	defaultTo(&cfg.ReopenWithin, 72*time.Hour)
	defaultTo(&cfg.Policy, credits.PerConversation())
	if cfg.Policy.Basis == credits.TokenBasis {
		defaultTo(&cfg.MaxModelTokens, 20_000)
	}
	defaultTo(&cfg.MaxModelTokens, 100_000)
	defaultTo(&cfg.Account, cfg.ID)
	defaultTo(&cfg.Workers, 8)
	defaultTo(&cfg.Lease, time.Minute)
	defaultTo(&cfg.Poll, time.Second)
	if len(cfg.Fallback) > 0 {
		cfg.Model = NewFallback(slices.Concat([]Model{cfg.Model}, cfg.Fallback)...)
		cfg.Fallback = nil // it is in Model now
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if logged := cfg.Redactor; logged != nil || cfg.LogText {
		if logged == nil {
			logged = NewRedactor(RedactorConfig{})
		}
		cfg.Logger = slog.New(redactingHandler{cfg.Logger.Handler(), logged})
	}
	if cfg.Detector == nil {
		cfg.Detector = ownDetector{language.New()}
	}
	defaultTo(&cfg.Handoff.RouteTries, defaultRouteTries)
	if cfg.Router == nil {
		cfg.Router = &handoff.Inbox{}
	}
	if cfg.Store == nil {
		cfg.Store = NewMemoryStore(cfg.Now)
	}
	if cfg.Authorizer == nil {
		cfg.Authorizer = AuthorizerFunc(func(context.Context, Actor, Permission, string) error { return nil })
	}
}

func defaultTo[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// ID returns what scopes the agent.
func (a *Agent) ID() string { return a.cfg.ID }

// Channels returns the IDs of the agent's channels, sorted.
func (a *Agent) Channels() []string { return slices.Sorted(maps.Keys(a.channels)) }

// Reply answers a question with the mind alone: no channel, inbox or store is
// needed, nothing is charged, and nothing is remembered. Actions are performed
// and audited, those that require approval excepted.
func (a *Agent) Reply(ctx context.Context, q Question) (Reply, error) {
	mind, err := a.current(ctx)
	if err != nil {
		return Reply{}, err
	}
	r, err := mind.reply(ctx, q, false)
	if err == nil {
		a.metrics.reply(a.knownChannel(q.Channel), &r, "")
	}
	return r, err
}

// Preview is Reply without consequences: actions are not performed but shown in
// the trace, and rehearsed where they can be. Where a real reply would rest on
// the result of an action without [Action].Rehearse alone, the preview has no
// Text, and Reason names the action.
func (a *Agent) Preview(ctx context.Context, q Question) (Reply, error) {
	mind, err := a.current(ctx)
	if err != nil {
		return Reply{}, err
	}
	return mind.reply(ctx, q, true)
}

func (a *Agent) reply(ctx context.Context, q Question, dry bool) (Reply, error) {
	r, err := a.think(ctx, a.ask(q, dry))
	if err != nil {
		return Reply{}, err
	}
	return a.signed(r), nil
}

// signed notes in a reply which version of the settings it was made by.
func (a *Agent) signed(r Reply) Reply {
	r.Version, r.Trace.Version = a.version, a.version
	return r
}

// ask makes the mind's input of a question that belongs to no stored
// conversation.
func (a *Agent) ask(q Question, dry bool) input {
	in := input{question: q, dry: dry, key: "reply", journal: newPassingJournal(a.cfg.ID), startedAt: a.cfg.Now()}
	for _, m := range q.History {
		switch m.Author {
		case channels.FromCustomer:
			in.language = a.decideLanguage(in.language, m.Text, in.lastText, q)
			in.lastText = m.Text
		case channels.FromAgent:
			in.offered = isFixed(m.Text, offerKeys...)
			if isFixed(m.Text, clarifyKeys...) || a.guidelines.fixed[m.Text] {
				in.clarified++
			} else {
				in.clarified = 0
			}
		}
	}
	return in
}
