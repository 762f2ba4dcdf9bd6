package messenger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/channels/meta"
)

const secret = "app-secret"

// inbox keeps what is delivered, each delivery once.
type inbox struct {
	events []channels.Event
	known  map[string]bool
}

func (i *inbox) Deliver(_ context.Context, e channels.Event) error {
	if i.known == nil {
		i.known = map[string]bool{}
	}
	if !i.known[e.Delivery] {
		i.known[e.Delivery] = true
		i.events = append(i.events, e)
	}
	return nil
}

// fixture is a channel between an inbox and a Graph API of our own.
type fixture struct {
	*Channel
	app   *meta.App
	inbox *inbox

	mu     sync.Mutex
	calls  []string
	answer http.HandlerFunc // default accepts
}

func newFixture(t *testing.T, change func(*Config)) *fixture {
	t.Helper()
	f := &fixture{inbox: &inbox{}}
	server := httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(server.Close)
	var err error
	if f.app, err = meta.New(meta.Config{AppSecret: secret, VerifyToken: "word"}); err != nil {
		t.Fatal(err)
	}
	cfg := Config{ID: "messenger-dk", App: f.app, PageID: "900", Token: "tok", AppID: "77", BaseURL: server.URL, Client: server.Client(),
		Now: func() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }}
	if change != nil {
		change(&cfg)
	}
	if f.Channel, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	if err := f.Attach(f.inbox); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) serve(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.calls = append(f.calls, strings.TrimPrefix(r.URL.Path, "/v24.0")+" "+string(data))
	n, answer := len(f.calls), f.answer
	f.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	fmt.Fprintf(w, `{"recipient_id":"p1","message_id":"m.out%d","success":true}`, n)
}

// receive posts an entry of the page as Meta does, and returns the new events.
func (f *fixture) receive(t *testing.T, fields string) []channels.Event {
	t.Helper()
	body := `{"object":"page","entry":[{"id":"900","time":1777896000000,` + fields + `}]}`
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Hub-Signature-256", meta.Sign(secret, []byte(body)))
	w := httptest.NewRecorder()
	f.app.ServeHTTP(w, r)
	if w.Code != 200 {
		t.Fatalf("%s: code %d", fields, w.Code)
	}
	events := f.inbox.events
	f.inbox.events = nil
	return events
}

// messaging is an element of an entry from the customer p1.
func messaging(fields string) string {
	return `"messaging":[{"sender":{"id":"p1"},"recipient":{"id":"900"},"timestamp":1777896000000,` + fields + `}]`
}

func ExampleNew() {
	app, err := meta.New(meta.Config{AppSecret: "secret of the app", VerifyToken: "a word of my own"})
	if err != nil {
		fmt.Println(err)
		return
	}
	http.Handle("/webhooks/facebook", app)
	page, err := New(Config{ID: "messenger-dk", App: app, PageID: "100200300", Token: "page access token", AppID: "55"})
	if err != nil {
		fmt.Println(err)
		return
	}
	// agent.New(agent.Config{Channels: []channels.Channel{page}, …}) attaches it.
	fmt.Println(page.ID(), page.Capabilities().MaxText)
	// Output: messenger-dk 1999
}

func TestNewNamesEveryFault(t *testing.T) {
	_, err := New(Config{})
	for _, name := range []string{"ID", "App", "PageID", "Token"} {
		if !errors.Is(err, ErrInvalidConfig) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
	f := newFixture(t, nil)
	if _, err := New(Config{ID: "x", App: f.app, PageID: "900", Token: "t"}); !errors.Is(err, meta.ErrRegistered) {
		t.Errorf("page twice: %v", err)
	}
}

func TestFB02EachKindOfEventIsUnderstood(t *testing.T) {
	f := newFixture(t, nil)
	for _, test := range []struct{ name, fields, want string }{
		{"text", `"message":{"mid":"m1","text":"Hvor er min pakke? 📦"}`, "0 m1 p1 m1|Hvor er min pakke? 📦||0"},
		{"reply to a message", `"message":{"mid":"m2","text":"yes","reply_to":{"mid":"m0"}}`, "0 m2 p1 m2|yes||0"},
		{"quick reply", `"message":{"mid":"m3","text":"Yes","quick_reply":{"payload":"human"}}`, "0 m3 p1 m3|Yes|human|0"},
		{"picture", `"message":{"mid":"m4","attachments":[{"type":"image","payload":{"url":"https://cdn.example/a/b.jpg?x=1"}}]}`, "0 m4 p1 m4|||1"},
		{"fallback without payload", `"message":{"mid":"m5","text":"see","attachments":[{"type":"fallback"}]}`, "0 m5 p1 m5|see||1"},
		{"postback", `"postback":{"mid":"m6","title":"Start","payload":"start"}`, "0 m6 p1 m6|Start|start|0"},
		{"postback without ID", `"postback":{"title":"Start","payload":"start"}`, "0 postback/p1/1777896000000 p1 postback/p1/1777896000000|Start|start|0"},
		{"thumb", `"reaction":{"mid":"m.out1","action":"react","emoji":"👍🏽"}`, "2 reaction/m.out1/true/1777896000000 p1 m.out1|||0"},
		{"delivery", `"delivery":{"mids":["m.out1"],"watermark":1777896000000}`, "5 status/m.out1/2 p1 |||0"},
		{"reading", `"read":{"watermark":1777896000000}`, "5 status/p1/1777896000000/3 p1 |||0"},
		{"edit", `"message_edit":{"mid":"m1","text":"new","num_edit":2}`, "3 edit/m1/2 p1 m1|new||0"},
		{"deleted", `"message":{"mid":"m1","is_deleted":true}`, "4 deleted/m1 p1 m1|||0"},
	} {
		events := f.receive(t, messaging(test.fields))
		if len(events) != 1 {
			t.Errorf("%s: %d events", test.name, len(events))
			continue
		}
		e := events[0]
		got := fmt.Sprintf("%d %s %s %s|%s|%s|%d", e.Kind, e.Delivery, e.Thread, e.Message.ID, e.Message.Text, e.Message.Choice, len(e.Message.Attachments))
		if got != test.want || e.Contact.ID != "p1" || !e.At.Equal(f.cfg.Now()) {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
	for name, fields := range map[string]string{
		"other reaction": `"reaction":{"mid":"m","action":"react","emoji":"❤"}`, "reaction withdrawn": `"reaction":{"mid":"m","action":"unreact","emoji":"👍"}`,
		"sticker": `"message":{"mid":"s","attachments":[{"type":"image","payload":{"url":"https://cdn.example/s","sticker_id":369}}]}`,
	} {
		if events := f.receive(t, messaging(fields)); len(events) != 0 {
			t.Errorf("%s: %+v", name, events)
		}
	}
	for name, fields := range map[string]string{"opt-in": messaging(`"optin":{"ref":"x"}`), "no people": `"messaging":[{"timestamp":1}]`, "broken": `"messaging":[17]`, "field": `"changes":[{"field":"feed","value":{"a":1}}]`} {
		if events := f.receive(t, fields); len(events) != 1 || events[0].Kind != channels.Unknown {
			t.Errorf("%s: %+v", name, events)
		}
	}
}

func TestFB03OwnEchoesAreKnownAndOthersTakeOver(t *testing.T) {
	f := newFixture(t, nil)
	echo := func(fields string) string {
		return `"messaging":[{"sender":{"id":"900"},"recipient":{"id":"p1"},"timestamp":1777896000000,"message":{"mid":"e1","is_echo":true,"text":"Kim here",` + fields + `}}]`
	}
	for _, ours := range []string{`"app_id":77`, `"app_id":"77"`, `"metadata":"kundeagent","app_id":1`} {
		if events := f.receive(t, echo(ours)); len(events) != 0 {
			t.Errorf("%s: %+v", ours, events)
		}
	}
	for i, theirs := range []string{`"app_id":263902037430900`, `"app_id":null`} {
		f.inbox.known = nil
		events := f.receive(t, echo(theirs))
		if len(events) != 1 || events[0].Kind != channels.HumanReplied || events[0].Thread != "p1" || events[0].Message.Text != "Kim here" {
			t.Errorf("%d: %+v", i, events)
		}
	}
}

func TestFB04WhileAnotherAppHasTheThreadNothingIsAnswered(t *testing.T) {
	f := newFixture(t, nil)
	if events := f.receive(t, `"standby":[{"sender":{"id":"p1"},"recipient":{"id":"900"},"timestamp":1,"message":{"mid":"m1","text":"hi"}}]`); len(events) != 0 {
		t.Errorf("%+v", events)
	}
}

func TestFB05ADeliveryWithoutIDsHoldsForAllBefore(t *testing.T) {
	events := newFixture(t, nil).receive(t, messaging(`"delivery":{"watermark":1777896000000}`))
	if len(events) != 1 || events[0].Status.Receipt != "" || events[0].Status.UpTo.UnixMilli() != 1777896000000 || events[0].Status.State != channels.Delivered {
		t.Errorf("%+v", events)
	}
}

func TestFB07DuplicatesHaveTheSameName(t *testing.T) {
	f := newFixture(t, nil)
	for _, fields := range []string{`"message":{"mid":"m1","text":"hi"}`, `"postback":{"title":"Start","payload":"start"}`} {
		if n := len(f.receive(t, messaging(fields))) + len(f.receive(t, messaging(fields))); n != 1 {
			t.Errorf("%s: %d events", fields, n)
		}
	}
}

func TestFB08TimesAndIDsMayBeStrings(t *testing.T) {
	f := newFixture(t, nil)
	events := f.receive(t, `"messaging":[{"sender":{"id":"p1"},"recipient":{"id":"900"},"timestamp":"1777896000000","message":{"mid":"m1","text":"hi"}}]`)
	if len(events) != 1 || !events[0].At.Equal(f.cfg.Now()) {
		t.Errorf("%+v", events)
	}
	events = f.receive(t, `"changes":[{"field":"messages","value":{"sender":{"id":"p1"},"recipient":{"id":"900"},"timestamp":"x","message":{"mid":"m2","text":"hi"}}}]`)
	if len(events) != 1 || !events[0].At.IsZero() {
		t.Errorf("%+v", events)
	}
}

func TestFB09TheSameIDOnTwoPagesIsTwoPeople(t *testing.T) {
	f := newFixture(t, nil)
	other, err := New(Config{ID: "messenger-se", App: f.app, PageID: "901", Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	second := &inbox{}
	if err := other.Attach(second); err != nil {
		t.Fatal(err)
	}
	body := `{"object":"page","entry":[{"id":"900",` + messaging(`"message":{"mid":"a","text":"hi"}`) + `},{"id":"901",` + messaging(`"message":{"mid":"b","text":"hej"}`) + `}]}`
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Hub-Signature-256", meta.Sign(secret, []byte(body)))
	f.app.ServeHTTP(httptest.NewRecorder(), r)
	if len(f.inbox.events) != 1 || f.inbox.events[0].Delivery != "a" || len(second.events) != 1 || second.events[0].Delivery != "b" {
		t.Errorf("%+v and %+v", f.inbox.events, second.events)
	}
}

func TestFB10TextsAreShorterThan2000(t *testing.T) {
	caps := newFixture(t, nil).Capabilities()
	for n, parts := range map[int]int{1999: 1, 2000: 2, 2001: 2} {
		if got := channels.Render(strings.Repeat("a", n), nil, "", caps); len(got) != parts {
			t.Errorf("%d: %d parts", n, len(got))
		}
	}
}

func TestFB11FourteenChoicesAreLinesOfText(t *testing.T) {
	f := newFixture(t, nil)
	out := channels.Outgoing{Key: "k", Thread: "p1", Text: "Which?"}
	for i := range 13 {
		out.Choices = append(out.Choices, channels.Choice{Title: fmt.Sprint("no ", i)})
	}
	if out.Fit("", f.Capabilities()); out.ChoicesAs != channels.AsButtons {
		t.Errorf("13: %d", out.ChoicesAs)
	}
	if _, err := f.Send(t.Context(), out); err != nil || strings.Count(f.calls[0], `"content_type":"text"`) != 13 || !strings.Contains(f.calls[0], `"payload":"no 7"`) {
		t.Errorf("%v %s", err, f.calls)
	}
	out.Choices = append(out.Choices, channels.Choice{Title: "more"})
	if out.Fit("", f.Capabilities()); out.ChoicesAs != channels.AsText {
		t.Errorf("14: %d", out.ChoicesAs)
	}
}

func TestFB13OnlyPeopleUseTheTagForPeople(t *testing.T) {
	for _, tag := range []bool{false, true} {
		f := newFixture(t, func(c *Config) { c.HumanTag = tag })
		for _, human := range []bool{false, true} {
			if _, err := f.Send(t.Context(), channels.Outgoing{Key: "k", Thread: "p1", Parts: []string{"x"}, ByHuman: human}); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Contains(f.calls[0], "HUMAN_AGENT") || strings.Contains(f.calls[1], "HUMAN_AGENT") != tag {
			t.Errorf("tag %t: %q", tag, f.calls)
		}
		if caps := f.Capabilities(); caps.ReplyWindow != 24*time.Hour || (caps.HumanWindow == 7*24*time.Hour) != tag {
			t.Errorf("tag %t: %+v", tag, caps)
		}
	}
}

func TestFB14AThreadIsPassedToTheInboxAndTakenBack(t *testing.T) {
	f := newFixture(t, nil)
	if err := errors.Join(f.PassToInbox(t.Context(), "p1", strings.Repeat("ø", 2000)), f.TakeBack(t.Context(), "p1")); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(f.calls[0], `/900/pass_thread_control {"metadata":"øø`) || !strings.Contains(f.calls[0], `"target_app_id":"263902037430900"`) || strings.Count(f.calls[0], "ø") != 999 {
		t.Errorf("pass %.120s", f.calls[0])
	}
	if f.calls[1] != `/900/take_thread_control {"recipient":{"id":"p1"}}` {
		t.Errorf("take %s", f.calls[1])
	}
	f.answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"success":false}`) }
	if err := f.PassToInbox(t.Context(), "p1", ""); !errors.Is(err, channels.ErrRetryable) {
		t.Errorf("refused: %v", err)
	}
	for owner, kind := range map[string]channels.EventKind{"263902037430900": channels.HumanTookOver, "77": channels.HumanReturned} {
		for _, call := range []string{"pass_thread_control", "take_thread_control"} {
			f.inbox.known = nil
			events := f.receive(t, messaging(`"`+call+`":{"new_owner_app_id":`+owner+`,"previous_owner_app_id":null}`))
			if len(events) != 1 || events[0].Kind != kind || events[0].Thread != "p1" {
				t.Errorf("%s to %s: %+v", call, owner, events)
			}
		}
	}
}

func TestFB15ThePermissionAndTheWindowShareACode(t *testing.T) {
	f := newFixture(t, nil)
	for body, kind := range map[string]error{
		`{"error":{"code":10,"error_subcode":2018278}}`: channels.ErrWindowClosed, `{"error":{"code":10}}`: channels.ErrAuth,
		`{"error":{"code":551}}`: channels.ErrRecipientGone, `{"error":{"code":613}}`: channels.ErrRetryable, `{"error":{"code":10900}}`: channels.ErrPolicy,
	} {
		f.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400); fmt.Fprint(w, body) }
		if _, err := f.Send(t.Context(), channels.Outgoing{Key: "k", Thread: "p1", Parts: []string{"x"}}); !errors.Is(err, kind) {
			t.Errorf("%s: %v", body, err)
		}
	}
	f.answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) }
	if _, err := f.Send(t.Context(), channels.Outgoing{Key: "k", Thread: "p1", Parts: []string{"x"}}); !errors.Is(err, channels.ErrAmbiguous) {
		t.Errorf("no message: %v", err)
	}
	if _, err := f.Send(t.Context(), channels.Outgoing{Thread: "p1", Parts: []string{"x"}}); !errors.Is(err, channels.ErrInvalid) {
		t.Errorf("no key: %v", err)
	}
}

func TestTypingIsACallOfItsOwn(t *testing.T) {
	f := newFixture(t, nil)
	out := channels.Outgoing{Thread: "p1"}
	if err := errors.Join(f.Typing(t.Context(), out, true), f.Typing(t.Context(), out, false)); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(f.calls)
	if len(f.calls) != 2 || !strings.HasSuffix(f.calls[0], `{"recipient":{"id":"p1"},"sender_action":"typing_on"}`) || !strings.HasSuffix(f.calls[1], `"typing_off"}`) {
		t.Errorf("%s", got)
	}
}

func TestPartsGoInOrderAndAFailureInBetweenIsAmbiguous(t *testing.T) {
	f := newFixture(t, nil)
	receipt, err := f.Send(t.Context(), channels.Outgoing{Key: "k", Thread: "p1", Parts: []string{"one", "two"}})
	if err != nil || receipt.ID != "m.out1" || !strings.Contains(f.calls[0], "one") || !strings.Contains(f.calls[1], "two") {
		t.Errorf("%v %v %q", receipt, err, f.calls)
	}
	f.calls = nil
	f.answer = func(w http.ResponseWriter, _ *http.Request) {
		if len(f.calls) > 1 {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error":{"code":613}}`)
			return
		}
		fmt.Fprint(w, `{"message_id":"m1"}`)
	}
	if _, err := f.Send(t.Context(), channels.Outgoing{Key: "k", Thread: "p1", Parts: []string{"one", "two"}}); !errors.Is(err, channels.ErrAmbiguous) {
		t.Errorf("%v", err)
	}
}

func TestBeforeItIsAttachedTheChannelIsNotReady(t *testing.T) {
	f := newFixture(t, nil)
	f.inlet = channels.Inlet{}
	body := `{"object":"page","entry":[{"id":"900",` + messaging(`"message":{"mid":"a","text":"hi"}`) + `}]}`
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Hub-Signature-256", meta.Sign(secret, []byte(body)))
	w := httptest.NewRecorder()
	if f.app.ServeHTTP(w, r); w.Code != http.StatusServiceUnavailable {
		t.Errorf("code %d", w.Code)
	}
	if err := f.Attach(nil); !errors.Is(err, channels.ErrNotAttached) {
		t.Errorf("nil: %v", err)
	}
	if err := errors.Join(f.Attach(f.inbox), f.Attach(f.inbox)); err != nil {
		t.Error(err)
	}
	if err := f.Attach(&inbox{}); !errors.Is(err, channels.ErrAttached) {
		t.Errorf("another: %v", err)
	}
}
