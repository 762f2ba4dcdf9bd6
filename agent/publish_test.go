package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// said is a topic to avoid whose words tell which version was at work.
func said(words string) []agent.Guideline {
	return []agent.Guideline{{Name: "press", Category: agent.Avoid, When: []string{"journalist"}, Instead: agent.InsteadSay, Then: words}}
}

// edit changes the draft's guidelines and returns the version.
func edit(t *testing.T, o *agent.Operator, words string) int64 {
	t.Helper()
	s, err := o.DraftSettings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Guidelines = said(words)
	n, err := o.Edit(t.Context(), s, "says "+words)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var threads atomic.Int64

// fresh names a thread that nobody has written to.
func fresh() string { return fmt.Sprint("thread ", threads.Add(1)) }

const press = "I am a journalist."

func requireSaid(t *testing.T, r agent.Reply, words string, version int64) {
	t.Helper()
	if r.Text != words || r.Version != version || r.Trace.Version != version {
		t.Errorf("%q by version %d (trace %d), want %q by %d", r.Text, r.Version, r.Trace.Version, words, version)
	}
}

func TestVersionsAreEditedPublishedAndRolledBackOnEveryReplica(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	base := helpCentre(t)
	h := agenttest.Start(t, agent.Config{Knowledge: base, Store: store, Guidelines: said("zero")})
	console := mustNew(t, agent.Config{Knowledge: base, Store: store, Guidelines: said("zero")}).As(agent.Actor{ID: "7", Name: "Mette"})
	requireSaid(t, h.AskAs(fresh(), press), "zero", 0)

	if n := edit(t, console, "one"); n != 1 {
		t.Errorf("version %d", n)
	}
	requireSaid(t, h.AskAs(fresh(), press), "zero", 0) // a draft is not in use
	r, err := console.PreviewVersion(t.Context(), 1, agent.Question{Text: press})
	must(t, err)
	requireSaid(t, r, "one", 1)
	must(t, console.Publish(t.Context()))
	requireSaid(t, h.AskAs(fresh(), press), "one", 1)
	for _, reply := range []func(context.Context, agent.Question) (agent.Reply, error){h.Agent.Reply, h.Agent.Preview} {
		r, err = reply(t.Context(), agent.Question{Text: press})
		must(t, err)
		requireSaid(t, r, "one", 1)
	}
	if sent := h.Channel.Sent(""); sent[len(sent)-1].Version != 1 || sent[0].Version != 0 {
		t.Errorf("sent by versions %d and %d", sent[0].Version, sent[len(sent)-1].Version)
	}

	edit(t, console, "two")
	edit(t, console, "three")
	must(t, console.PublishVersion(t.Context(), 2))
	requireSaid(t, h.AskAs(fresh(), press), "two", 2)
	must(t, console.Rollback(t.Context(), 1))
	requireSaid(t, h.AskAs(fresh(), press), "one", 1)
	if s, err := console.DraftSettings(t.Context()); err != nil || s.Version != 1 || s.Guidelines[0].Then != "one" {
		t.Errorf("the draft after a rollback is %d, %v", s.Version, err)
	}
	if n := edit(t, console, "four"); n != 4 {
		t.Errorf("version %d", n)
	}
	for _, n := range []int64{1, 2, 7} {
		if err := console.Rollback(t.Context(), n); !errors.Is(err, agent.ErrNoVersion) {
			t.Errorf("rolled back to %d: %v", n, err)
		}
	}
	must(t, console.Rollback(t.Context(), 0))
	requireSaid(t, h.AskAs(fresh(), press), "zero", 0)

	versions, err := console.Versions(t.Context(), 0, 3)
	must(t, err)
	if !slices.Equal(numbers(versions), []int64{4, 3, 2}) || versions[0].By.Name != "Mette" || versions[0].Note != "says four" || versions[0].At.IsZero() || versions[0].Based != 1 {
		t.Errorf("%+v", versions)
	}
	changes, err := console.Diff(t.Context(), 0, 4)
	must(t, err)
	if fmt.Sprint(changes) != `[Guidelines[press].Then: "zero" → "four"]` {
		t.Errorf("%s", changes)
	}
	if _, err := console.Settings(t.Context(), 5); !errors.Is(err, agent.ErrNoVersion) {
		t.Errorf("settings: %v", err)
	}
	var bad *agent.VersionError
	if err := console.PublishVersion(t.Context(), 5); !errors.Is(err, agent.ErrNoVersion) || !errors.As(err, &bad) || bad.Number != 5 {
		t.Errorf("publish: %v", err)
	}
}

func TestEditorsDoNotOverwriteEachOther(t *testing.T) {
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t)})
	mette, otto := a.As(agent.Actor{ID: "7"}), a.As(agent.Actor{ID: "8"})
	mine, err := mette.DraftSettings(t.Context())
	must(t, err)
	theirs := mine
	theirs.AnswerAt = .7
	if n, err := otto.Edit(t.Context(), theirs, ""); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	mine.Profile.Name = "Ida"
	if n, err := mette.Edit(t.Context(), mine, ""); n != 0 || !errors.Is(err, agent.ErrSuperseded) {
		t.Errorf("%d, %v", n, err)
	}
	if s, _ := mette.DraftSettings(t.Context()); s.AnswerAt != .7 || s.Profile.Name != "" {
		t.Errorf("the draft is %+v", s)
	}
	// Of many at once one wins, and the versions have no holes.
	draft, err := mette.DraftSettings(t.Context())
	must(t, err)
	var wg sync.WaitGroup
	won := make(chan int64, 20)
	for i := range 20 {
		wg.Go(func() {
			s := draft
			s.Profile.Name = fmt.Sprint(i)
			if n, err := mette.Edit(t.Context(), s, ""); err == nil {
				won <- n
			} else if !errors.Is(err, agent.ErrSuperseded) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 || <-won != 2 {
		t.Errorf("%d editors won", len(won)+1)
	}
	if list, _ := mette.Versions(t.Context(), 0, 1000); !slices.Equal(numbers(list), []int64{2, 1}) {
		t.Errorf("versions %v", numbers(list))
	}
}

func TestEditReportsAllFaultsTogetherAndKeepsNothing(t *testing.T) {
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t)})
	o := a.As(agent.Actor{ID: "7"})
	s, err := o.DraftSettings(t.Context())
	must(t, err)
	s.AnswerAt, s.Language = 7, "klingon!"
	s.Guidelines = []agent.Guideline{{Name: "empty"}}
	_, err = o.Edit(t.Context(), s, "")
	if !errors.Is(err, agent.ErrInvalidConfig) {
		t.Errorf("%v", err)
	}
	for _, want := range []string{"AnswerAt", "klingon!", "empty"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	s = a.Settings()
	s.Guidelines = []agent.Guideline{{Name: "code", Then: "Be kind.", Applies: func(context.Context, handoff.Situation) bool { return true }}}
	if _, err := o.Edit(t.Context(), s, ""); !errors.Is(err, agent.ErrInvalidConfig) || !strings.Contains(err.Error(), `"code"`) {
		t.Errorf("a function: %v", err)
	}
	if list, err := o.Versions(t.Context(), 0, 10); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestVersionsHaveTheDefaultsOfTheirTime(t *testing.T) {
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t)})
	o := a.As(agent.Actor{ID: "7"})
	n, err := o.Edit(t.Context(), agent.Settings{Profile: agent.Profile{Name: "Ida"}}, "")
	must(t, err)
	s, err := o.Settings(t.Context(), n)
	if err != nil || s.Version != 1 || s.AnswerAt != .4 || s.Language != "en" || s.MaxClarify != 1 || s.Profile.Name != "Ida" {
		t.Errorf("%+v, %v", s, err)
	}
	versions, err := o.Versions(t.Context(), 0, 1)
	if err != nil || strings.Contains(string(versions[0].Settings), `"Version"`) {
		t.Errorf("%s, %v", versions[0].Settings, err)
	}
}

// damagedStore has versions that cannot be read.
type damagedStore struct {
	agent.Store
	mu      sync.Mutex
	damaged map[int64]string
}

func (s *damagedStore) damage(number int64, settings string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damaged[number] = settings
}

func (s *damagedStore) Version(ctx context.Context, id string, number int64) (agent.Version, error) {
	v, err := s.Store.Version(ctx, id, number)
	s.mu.Lock()
	defer s.mu.Unlock()
	if settings, ok := s.damaged[number]; ok {
		v.Settings = json.RawMessage(settings)
	}
	return v, err
}

func TestVersionThatCannotBeUsedDoesNotTakeTheAgentDown(t *testing.T) {
	for name, damage := range map[string]string{"cut off": `{"AnswerAt":0.`, "no longer allowed": `{"AnswerAt":40}`, "another shape": `[1]`, "empty": ``} {
		t.Run(name, func(t *testing.T) {
			store := &damagedStore{Store: agent.NewMemoryStore(nil), damaged: map[int64]string{}}
			base := helpCentre(t)
			cfg := agent.Config{Knowledge: base, Store: store, Guidelines: said("zero")}
			h := agenttest.Start(t, cfg)
			o := mustNew(t, cfg).As(agent.Actor{ID: "7"})
			edit(t, o, "one")
			must(t, o.Publish(t.Context()))
			requireSaid(t, h.AskAs(fresh(), press), "one", 1)
			edit(t, o, "two")
			must(t, o.Publish(t.Context())) // the console has read it before the damage
			store.damage(2, damage)
			requireSaid(t, h.AskAs(fresh(), press), "one", 1)
			requireSaid(t, h.AskAs(fresh(), press), "one", 1)

			// A process that begins now goes by what was published before, and if
			// that is damaged too by its Config.
			late := mustNew(t, cfg)
			r, err := late.Reply(t.Context(), agent.Question{Text: press})
			must(t, err)
			requireSaid(t, r, "one", 1)
			store.damage(1, damage)
			late = mustNew(t, cfg)
			r, err = late.Reply(t.Context(), agent.Question{Text: press})
			must(t, err)
			requireSaid(t, r, "zero", 0)
			var bad *agent.VersionError
			if err := late.As(agent.Actor{}).PublishVersion(t.Context(), 2); !errors.As(err, &bad) || bad.Number != 2 {
				t.Errorf("published: %v", err)
			}
			if _, err := late.As(agent.Actor{}).PreviewVersion(t.Context(), 2, agent.Question{Text: press}); !errors.As(err, &bad) {
				t.Errorf("previewed: %v", err)
			}
			// It is mended by rolling back, or by an edit that names it.
			s := late.Settings()
			s.Version, s.Guidelines = 2, said("three")
			if n, err := late.As(agent.Actor{}).Edit(t.Context(), s, ""); n != 3 || err != nil {
				t.Fatal(n, err)
			}
			must(t, late.As(agent.Actor{}).Publish(t.Context()))
			requireSaid(t, h.AskAs(fresh(), press), "three", 3)
		})
	}
}

func TestStoreThatCannotTellTheVersionIsTriedAgain(t *testing.T) {
	store := &absentStore{Store: agent.NewMemoryStore(nil)}
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store, Guidelines: said("zero")})
	o := a.As(agent.Actor{ID: "7"})
	edit(t, o, "one")
	store.away = true
	if err := o.Publish(t.Context()); !errors.Is(err, errAway) {
		t.Errorf("published: %v", err)
	}
	store.away = false
	must(t, o.Publish(t.Context()))
	store.away = true
	b := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store, Guidelines: said("zero")})
	if _, err := b.Reply(t.Context(), agent.Question{Text: press}); !errors.Is(err, errAway) {
		t.Errorf("%v", err)
	}
	store.away = false
	r, err := b.Reply(t.Context(), agent.Question{Text: press})
	must(t, err)
	requireSaid(t, r, "one", 1)
}

var errAway = errors.New("store is away")

type absentStore struct {
	agent.Store
	away bool
}

func (s *absentStore) Version(ctx context.Context, id string, number int64) (agent.Version, error) {
	if s.away {
		return agent.Version{}, errAway
	}
	return s.Store.Version(ctx, id, number)
}

// A turn that a crash ended is thought by the version it was begun by, even if
// another was published before it is done again.
func TestP17ReplayedTurnKeepsItsVersion(t *testing.T) {
	for name, streaming := range map[string]bool{"whole": false, "shown while written": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := agent.NewMemoryStore(nil)
				var asked []string
				tell := telling(refundPieces, nil)
				cfg := agent.Config{Knowledge: helpCentre(t), Model: agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
					asked = append(asked, req.System)
					return tell.Generate(ctx, req)
				})}
				var ch channels.Channel = channels.NewMemory("chat", channels.Capabilities{})
				var again channels.Channel = replica{ch.(*channels.Memory)}
				if streaming {
					stream := channels.NewStreamingMemory("chat", channels.Capabilities{Markup: channels.Markdown})
					ch, again = stream, streamingReplica{stream}
				}
				cfg.Store = store
				o := mustNew(t, cfg).As(agent.Actor{ID: "7"})
				for _, name := range []string{"First", "Second"} {
					s, err := o.DraftSettings(t.Context())
					must(t, err)
					s.Profile.Name = name
					_, err = o.Edit(t.Context(), s, "")
					must(t, err)
				}
				must(t, o.PublishVersion(t.Context(), 1))

				at := int64(2) // the model's answer, after the admission
				if streaming {
					at = 3 // the second segment
				}
				dying := &dyingStore{Store: store, at: at, kept: true, died: make(chan struct{})}
				cfg.Store, cfg.Channels = dying, []channels.Channel{ch}
				first := mustNew(t, cfg)
				stop := running(t, first)
				must(t, first.Deliver(t.Context(), channels.Event{Channel: "chat", Delivery: "d", Thread: "anna", Message: channels.Message{Text: refundQuestion}}))
				<-dying.died
				stop()
				must(t, o.PublishVersion(t.Context(), 2))
				replies := make(chan agent.Reply, 9)
				cfg.Store, cfg.Channels = store, []channels.Channel{again}
				cfg.OnReply = func(_ string, r agent.Reply) { replies <- r }
				second := mustNew(t, cfg)
				stop = running(t, second)
				defer stop()
				time.Sleep(3 * time.Minute)
				if r := <-replies; r.Version != 1 || r.Trace.Version != 1 {
					t.Errorf("done again by version %d", r.Version)
				}
				if len(asked) != 1 || !strings.Contains(asked[0], "First") {
					t.Errorf("the model was asked %d times", len(asked))
				}
				must(t, second.Deliver(t.Context(), channels.Event{Channel: "chat", Delivery: "e", Thread: "anna", Message: channels.Message{Text: refundQuestion}}))
				if r := <-replies; r.Version != 2 {
					t.Errorf("the next turn is by version %d", r.Version)
				}
				c, err := store.Load(t.Context(), "agent", agent.ConversationID("agent", "chat", "anna", 1))
				must(t, err)
				if names := []string{c.Messages[1].Message.Name, c.Messages[3].Message.Name}; !slices.Equal(names, []string{"First", "Second"}) {
					t.Errorf("%v", names)
				}
			})
		})
	}
}

// A version that is published while a turn is thought is not that turn's.
func TestTurnInFlightKeepsItsVersion(t *testing.T) {
	var o *agent.Operator
	model := agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
		must(t, o.PublishVersion(ctx, 1))
		return agenttest.NewModel(agenttest.Say("Within 14 days [1].")).Generate(ctx, req)
	})
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: model})
	o = h.Agent.As(agent.Actor{ID: "7"})
	s, err := o.DraftSettings(t.Context())
	must(t, err)
	s.Profile.Name = "First"
	_, err = o.Edit(t.Context(), s, "")
	must(t, err)
	if r := h.Ask(refundQuestion); r.Version != 0 {
		t.Errorf("version %d", r.Version)
	}
	if r := h.Ask(refundQuestion); r.Version != 1 {
		t.Errorf("version %d", r.Version)
	}
}
