package whatsapp

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
	mu     sync.Mutex
	events []channels.Event
	known  map[string]bool
	err    error
}

func (i *inbox) Deliver(_ context.Context, e channels.Event) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return i.err
	}
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
	now   time.Time

	mu     sync.Mutex
	calls  []map[string]any
	answer http.HandlerFunc // default accepts
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{inbox: &inbox{}, now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(server.Close)
	var err error
	if f.app, err = meta.New(meta.Config{AppSecret: secret, VerifyToken: "word"}); err != nil {
		t.Fatal(err)
	}
	f.Channel, err = New(Config{
		ID: "whatsapp-dk", App: f.app, PhoneNumberID: "100", Token: "tok", BaseURL: server.URL, Client: server.Client(),
		Now: func() time.Time { return f.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Attach(f.inbox); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) serve(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	data, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(data, &body)
	f.mu.Lock()
	f.calls = append(f.calls, body)
	n, answer := len(f.calls), f.answer
	f.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	fmt.Fprintf(w, `{"messaging_product":"whatsapp","messages":[{"id":"wamid.out%d"}]}`, n)
}

// receive posts changes of a field as Meta does and returns the status.
func (f *fixture) receive(field string, values ...string) int {
	changes := make([]string, len(values))
	for i, v := range values {
		changes[i] = fmt.Sprintf(`{"field":%q,"value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"100"},%s}}`, field, v)
	}
	body := `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[` + strings.Join(changes, ",") + `]}]}`
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Hub-Signature-256", meta.Sign(secret, []byte(body)))
	w := httptest.NewRecorder()
	f.app.ServeHTTP(w, r)
	return w.Code
}

// from is a message of a customer with the given fields.
func from(id, fields string) string {
	return fmt.Sprintf(`{"from":"4512345678","id":%q,"timestamp":"1777896000",%s}`, id, fields)
}

func (f *fixture) message(t *testing.T, fields string) []channels.Event {
	t.Helper()
	if code := f.receive("messages", `"contacts":[{"wa_id":"4512345678","profile":{"name":"Mo"}}],"messages":[`+from("wamid.1", fields)+`]`); code != 200 {
		t.Fatalf("%s: code %d", fields, code)
	}
	events := f.inbox.events
	f.inbox.events, f.inbox.known = nil, nil
	return events
}

func ExampleNew() {
	app, err := meta.New(meta.Config{AppSecret: "secret of the app", VerifyToken: "a word of my own"})
	if err != nil {
		fmt.Println(err)
		return
	}
	http.Handle("/webhooks/meta", app)
	number, err := New(Config{ID: "whatsapp-dk", App: app, PhoneNumberID: "100200300", Token: "access token"})
	if err != nil {
		fmt.Println(err)
		return
	}
	// agent.New(agent.Config{Channels: []channels.Channel{number}, …}) attaches it.
	fmt.Println(number.ID(), number.Capabilities().MaxText)
	// Output: whatsapp-dk 4096
}

func TestNewNamesEveryFault(t *testing.T) {
	_, err := New(Config{})
	for _, name := range []string{"ID", "App", "PhoneNumberID", "Token"} {
		if !errors.Is(err, ErrInvalidConfig) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
	f := newFixture(t)
	if _, err := New(Config{ID: "x", App: f.app, PhoneNumberID: "100", Token: "t"}); !errors.Is(err, meta.ErrRegistered) {
		t.Errorf("number twice: %v", err)
	}
}

func TestWA03EachKindOfMessageIsUnderstood(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct{ name, fields, text, choice, attachment string }{
		{"text", `"type":"text","text":{"body":"Hvor er min pakke? 📦"}`, "Hvor er min pakke? 📦", "", ""},
		{"text as a reply", `"type":"text","text":{"body":"yes"},"context":{"from":"45","id":"wamid.0"}`, "yes", "", ""},
		{"forwarded", `"type":"text","text":{"body":"x"},"context":{"forwarded":true}`, "x", "", ""},
		{"from an advertisement", `"type":"text","text":{"body":"x"},"referral":{"source_url":"https://a.example"}`, "x", "", ""},
		{"template button", `"type":"button","button":{"payload":"p1","text":"Track"},"context":{"id":"wamid.0"}`, "Track", "p1", ""},
		{"button reply", `"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Yes, please"}}`, "Yes, please", "yes", ""},
		{"list reply", `"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"r1","title":"Returns","description":"d"}}`, "Returns", "r1", ""},
		{"flow reply", `"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{}"}}`, "flow Sent", "", ""},
		{"image", `"type":"image","image":{"id":"m1","mime_type":"image/jpeg","sha256":"x","caption":"Is this broken?"}`, "Is this broken?", "", "m1 image/jpeg "},
		{"video", `"type":"video","video":{"id":"m2","mime_type":"video/mp4"}`, "", "", "m2 video/mp4 "},
		{"document", `"type":"document","document":{"id":"m3","mime_type":"application/pdf","filename":"../../bill.pdf"}`, "", "", "m3 application/pdf bill.pdf"},
		{"document from Windows", `"type":"document","document":{"id":"m3","mime_type":"application/pdf","filename":"C:\\x\\bill.pdf"}`, "", "", "m3 application/pdf bill.pdf"},
		{"voice", `"type":"audio","audio":{"id":"m4","mime_type":"audio/ogg; codecs=opus","voice":true}`, "", "", "m4 audio/ogg; codecs=opus "},
		{"location", `"type":"location","location":{"latitude":55.5,"longitude":12.25,"name":"Shop","address":"Havn 1"}`, "📍 Shop, Havn 1 (55.50000, 12.25000)", "", ""},
		{"contacts", `"type":"contacts","contacts":[{"name":{"formatted_name":"Kim"},"phones":[{"phone":"+4511"}],"emails":[{"email":"k@a.example"}]}]`, "👤 Kim +4511 k@a.example", "", ""},
		{"order", `"type":"order","order":{"catalog_id":"c","text":"soon, please","product_items":[{"product_retailer_id":"bike-1","quantity":2}]}`, "soon, please\n🛒 2 × bike-1", "", ""},
		{"welcome", `"type":"request_welcome"`, "👋", "", ""},
		{"unsupported", `"type":"unsupported","errors":[{"code":131051,"title":"x"}]`, "", "", "wamid.1 application/octet-stream unsupported"},
		{"a kind of next year", `"type":"hologram","hologram":{"id":"1"}`, "", "", "wamid.1 application/octet-stream hologram"},
		{"interactive without content", `"type":"interactive","errors":[{"code":131000}]`, "", "", "wamid.1 application/octet-stream interactive"},
	} {
		events := f.message(t, test.fields)
		if len(events) != 1 {
			t.Errorf("%s: %d events", test.name, len(events))
			continue
		}
		e, attachment := events[0], ""
		for _, a := range e.Message.Attachments {
			attachment += a.ID + " " + a.Type + " " + a.Name
		}
		if e.Kind != channels.MessageReceived || e.Message.Text != test.text || e.Message.Choice != test.choice || attachment != test.attachment {
			t.Errorf("%s: %+v", test.name, e)
		}
		if e.Delivery != "wamid.1" || e.Thread != "4512345678" || e.Contact.Phone != "+4512345678" || e.Contact.Name != "Mo" || !e.At.Equal(f.now) || e.Message.ID != "wamid.1" {
			t.Errorf("%s: envelope %+v", test.name, e)
		}
	}
	if events := f.message(t, `"type":"sticker","sticker":{"id":"s","animated":true}`); len(events) != 0 {
		t.Errorf("sticker: %+v", events)
	}
}

func TestWA04ACustomerNeedsNoPhoneNumber(t *testing.T) {
	f := newFixture(t)
	f.receive("messages", `"contacts":[{"user_id":"DK.abc","profile":{"username":"mo"}}],"messages":[{"from_user_id":"DK.abc","id":"wamid.1","timestamp":"1777896000","type":"text","text":{"body":"hi"}}]`)
	if len(f.inbox.events) != 1 {
		t.Fatalf("events %+v", f.inbox.events)
	}
	e := f.inbox.events[0]
	if e.Thread != "DK.abc" || e.Contact.ID != "DK.abc" || e.Contact.Phone != "" || e.Contact.Name != "mo" {
		t.Errorf("%+v", e)
	}
	if _, err := f.Send(t.Context(), channels.Outgoing{Key: "k", Thread: "DK.abc", Contact: e.Contact, Parts: []string{"Hello"}}); err != nil {
		t.Fatal(err)
	}
	if call := f.calls[0]; call["recipient"] != "DK.abc" || call["to"] != nil {
		t.Errorf("call %v", call)
	}
}

func TestWA05OneDeliveryFiftyTimesIsOneEvent(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if code := f.receive("messages", `"messages":[`+from("wamid.1", `"type":"text","text":{"body":"hi"}`)+`]`); code != 200 {
				t.Errorf("code %d", code)
			}
		})
	}
	wg.Wait()
	if len(f.inbox.events) != 1 {
		t.Errorf("%d events", len(f.inbox.events))
	}
}

func status(id, state, more string) string {
	return fmt.Sprintf(`"statuses":[{"id":%q,"status":%q,"timestamp":"1777896000","recipient_id":"4512345678"%s}]`, id, state, more)
}

func TestWA06StatusesComeInAnyOrder(t *testing.T) {
	f := newFixture(t)
	f.receive("messages", status("wamid.9", "read", `,"biz_opaque_callback_data":"k"`), status("wamid.9", "sent", `,"biz_opaque_callback_data":"k"`), status("wamid.8", "failed", ""), status("wamid.8", "delivered", ""))
	var got []string
	for _, e := range f.inbox.events {
		got = append(got, fmt.Sprint(e.Kind == channels.StatusChanged, e.Status.Receipt, e.Status.Key, e.Status.State))
	}
	if want := "[truewamid.9k3 truewamid.9k1 truewamid.84 truewamid.82]"; strings.ReplaceAll(fmt.Sprint(got), " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got %v", got)
	}
	if receipt, sent, err := f.Reconcile(t.Context(), channels.Outgoing{Key: "k"}); err != nil || !sent || receipt.ID != "wamid.9" {
		t.Errorf("reconcile %v %t %v", receipt, sent, err)
	}
}

func TestWA07ABrokenElementLeavesItsNeighbours(t *testing.T) {
	f := newFixture(t)
	text := `"type":"text","text":{"body":"x"}`
	f.receive("messages",
		`"messages":[`+from("a", text)+`,{"id":17},`+from("b", text)+`]`,
		`"messages":[`+from("c", text)+`,"broken",`+from("d", text)+`]`)
	var got []string
	for _, e := range f.inbox.events {
		if e.Kind == channels.MessageReceived {
			got = append(got, e.Delivery)
		}
	}
	if fmt.Sprint(got) != "[a b c d]" || len(f.inbox.events) != 6 {
		t.Errorf("got %v of %d events", got, len(f.inbox.events))
	}
}

func TestWA08OnlyAThumbIsFeedback(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		emoji   string
		want    int
		helpful bool
	}{{`"👍"`, 1, true}, {`"👍🏽"`, 1, true}, {`"👎"`, 1, false}, {`"❤️"`, 0, false}, {`""`, 0, false}} {
		events := f.message(t, `"type":"reaction","reaction":{"message_id":"wamid.out","emoji":`+test.emoji+`}`)
		if len(events) != test.want || test.want == 1 && (events[0].Kind != channels.Feedback || events[0].Helpful != test.helpful || events[0].Message.ID != "wamid.out") {
			t.Errorf("%s: %+v", test.emoji, events)
		}
	}
	if events := f.message(t, `"type":"reaction","reaction":{"message_id":"wamid.out"}`); len(events) != 0 {
		t.Errorf("removed: %+v", events)
	}
}

func TestWA09EditsAndRevocationsNameTheMessage(t *testing.T) {
	f := newFixture(t)
	edit := f.message(t, `"type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":"new"}}}`)
	if len(edit) != 1 || edit[0].Kind != channels.MessageEdited || edit[0].Message.ID != "wamid.0" || edit[0].Message.Text != "new" {
		t.Errorf("edit %+v", edit)
	}
	revoke := f.message(t, `"type":"revoke","revoke":{"original_message_id":"wamid.0"}`)
	if len(revoke) != 1 || revoke[0].Kind != channels.MessageRevoked || revoke[0].Message.ID != "wamid.0" {
		t.Errorf("revoke %+v", revoke)
	}
	for _, broken := range []string{`"type":"edit"`, `"type":"revoke","revoke":{}`} {
		if got := f.message(t, broken); len(got) != 1 || got[0].Kind != channels.Unknown {
			t.Errorf("%s: %+v", broken, got)
		}
	}
}

func TestWA10AButtonNeedsNoContext(t *testing.T) {
	got := newFixture(t).message(t, `"type":"button","button":{"text":"Stop"}`)
	if len(got) != 1 || got[0].Message.Text != "Stop" {
		t.Errorf("%+v", got)
	}
}

func TestWA11ErrorsOfAChangeAreKept(t *testing.T) {
	f := newFixture(t)
	if code := f.receive("messages", `"errors":[{"code":130429,"title":"limit"}]`); code != 200 {
		t.Errorf("code %d", code)
	}
	if len(f.inbox.events) != 1 || f.inbox.events[0].Kind != channels.Unknown || !strings.Contains(string(f.inbox.events[0].Raw), "130429") {
		t.Errorf("%+v", f.inbox.events)
	}
}

func TestWA12APersonInTheAppTakesOver(t *testing.T) {
	f := newFixture(t)
	f.receive("smb_message_echoes", `"message_echoes":[{"from":"4570000000","to":"4512345678","id":"wamid.e","timestamp":"1777896000","type":"text","text":{"body":"Kim here"}}]`)
	if len(f.inbox.events) != 1 {
		t.Fatalf("%+v", f.inbox.events)
	}
	if e := f.inbox.events[0]; e.Kind != channels.HumanReplied || e.Thread != "4512345678" || e.Message.Text != "Kim here" {
		t.Errorf("%+v", e)
	}
}

func TestWA13TextsAreCountedAsWhatsAppCounts(t *testing.T) {
	caps := newFixture(t).Capabilities()
	for _, test := range []struct {
		text  string
		parts int
	}{
		{strings.Repeat("a", 4096), 1}, {strings.Repeat("a", 4097), 2},
		{strings.Repeat("🚲", 2048), 1}, {strings.Repeat("🚲", 2049), 2},
		{strings.Repeat("e\u0301", 2048), 1}, {strings.Repeat("ש", 4096), 1},
	} {
		if got := channels.Render(test.text, nil, "", caps); len(got) != test.parts {
			t.Errorf("%d bytes: %d parts, want %d", len(test.text), len(got), test.parts)
		}
	}
}

func TestWA14ChoicesAreButtonsOrAList(t *testing.T) {
	f := newFixture(t)
	out := channels.Outgoing{Key: "k", Thread: "4512345678", Text: "Which **one**?", Choices: []channels.Choice{{ID: "a", Title: "A"}, {ID: "b", Title: "B"}}}
	out.Fit("", f.Capabilities())
	if _, err := f.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(f.calls[0])
	const buttons = `"interactive":{"action":{"buttons":[{"reply":{"id":"a","title":"A"},"type":"reply"},{"reply":{"id":"b","title":"B"},"type":"reply"}]},"body":{"text":"Which *one*?"},"type":"button"}`
	if !strings.Contains(string(got), buttons) {
		t.Errorf("buttons: %s", got)
	}
	out.Choices = append(out.Choices, channels.Choice{Title: "C"}, channels.Choice{ID: "d", Title: "D", Description: "more"})
	out.Fit("", f.Capabilities())
	if _, err := f.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	got, _ = json.Marshal(f.calls[1])
	const list = `"action":{"button":"☰","sections":[{"rows":[{"id":"a","title":"A"},{"id":"b","title":"B"},{"id":"C","title":"C"},{"description":"more","id":"d","title":"D"}]}]}`
	if !strings.Contains(string(got), list) {
		t.Errorf("list: %s", got)
	}
}

func TestWA15AClosedWindowIsToldBySendAndByStatus(t *testing.T) {
	f := newFixture(t)
	f.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		fmt.Fprint(w, `{"error":{"code":131047,"message":"Re-engagement message"}}`)
	}
	if _, err := f.Send(t.Context(), channels.Outgoing{Key: "k", Thread: "4512345678", Parts: []string{"x"}}); !errors.Is(err, channels.ErrWindowClosed) {
		t.Errorf("send: %v", err)
	}
	f.receive("messages", status("wamid.9", "failed", `,"errors":[{"code":131047,"title":"x","error_data":{"details":"24 hours"}}]`))
	if e := f.inbox.events[0]; e.Status.State != channels.DeliveryFailed || !errors.Is(e.Status.Err, channels.ErrWindowClosed) {
		t.Errorf("status: %+v", e)
	}
	f.receive("messages", status("wamid.7", "failed", ""))
	if e := f.inbox.events[1]; e.Status.Err == nil {
		t.Errorf("status without errors: %+v", e)
	}
}

func TestWA16MessagesToOneCustomerArePaced(t *testing.T) {
	f := newFixture(t)
	send := func() (time.Duration, error) {
		_, err := f.Send(t.Context(), channels.Outgoing{Key: "k", Thread: "4512345678", Parts: []string{"x"}})
		var failure *channels.SendError
		if errors.As(err, &failure) {
			return failure.After, err
		}
		return 0, err
	}
	for range 10 {
		if _, err := send(); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := send(); !errors.Is(err, channels.ErrRetryable) || after != 6*time.Second {
		t.Errorf("%v after %s", err, after)
	}
	f.now = f.now.Add(6 * time.Second)
	if _, err := send(); err != nil {
		t.Error(err)
	}
}

func TestWA17ALostAnswerIsNotTakenForNotSent(t *testing.T) {
	f := newFixture(t)
	f.answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	out := channels.Outgoing{Key: "agent/c/1", Thread: "4512345678", Parts: []string{"x"}}
	if _, err := f.Send(t.Context(), out); !errors.Is(err, channels.ErrAmbiguous) {
		t.Errorf("send: %v", err)
	}
	if _, _, err := f.Reconcile(t.Context(), out); !errors.Is(err, ErrNoStatus) {
		t.Errorf("reconcile before the status: %v", err)
	}
	f.receive("messages", status("wamid.9", "sent", `,"biz_opaque_callback_data":"agent/c/1"`))
	if receipt, sent, err := f.Reconcile(t.Context(), out); err != nil || !sent || receipt.ID != "wamid.9" {
		t.Errorf("reconcile: %v %t %v", receipt, sent, err)
	}
	f.mu.Lock() // the lost call may still be in its handler
	f.answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"messages":[]}`) }
	f.mu.Unlock()
	if _, err := f.Send(t.Context(), out); !errors.Is(err, channels.ErrAmbiguous) {
		t.Errorf("an answer without a message: %v", err)
	}
}

func TestPartsThatFollowAFailureAreNotSentAgain(t *testing.T) {
	f := newFixture(t)
	f.answer = func(w http.ResponseWriter, _ *http.Request) {
		if len(f.calls) == 2 {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error":{"code":131056}}`)
			return
		}
		fmt.Fprint(w, `{"messages":[{"id":"wamid.1"}]}`)
	}
	_, err := f.Send(t.Context(), channels.Outgoing{Key: "k", Thread: "4512345678", Parts: []string{"one", "two", "three"}})
	if !errors.Is(err, channels.ErrAmbiguous) || len(f.calls) != 2 {
		t.Errorf("%v after %d calls", err, len(f.calls))
	}
}

func TestWA19WhatIsUnknownIsKeptAndAcknowledged(t *testing.T) {
	f := newFixture(t)
	if code := f.receive("group_lifecycle_update", `"groups":[{"id":"g"}]`); code != 200 {
		t.Errorf("code %d", code)
	}
	if len(f.inbox.events) != 1 || f.inbox.events[0].Kind != channels.Unknown {
		t.Errorf("%+v", f.inbox.events)
	}
}

func TestWA20ANewNumberOrIDMovesTheThread(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct{ name, value, from, to string }{
		{"ID seen beside the number", `"messages":[{"from":"4512345678","from_user_id":"DK.abc","id":"a","timestamp":1777896000,"type":"text","text":{"body":"x"}}]`, "4512345678", "DK.abc"},
		{"new number", `"messages":[` + from("b", `"type":"system","system":{"type":"user_changed_number","wa_id":"4599999999"}`) + `]`, "4512345678", "4599999999"},
		{"new ID", `"messages":[` + from("c", `"type":"system","system":{"type":"user_changed_user_id","user_id":"DK.new","previous_user_id":"DK.abc"}`) + `]`, "DK.abc", "DK.new"},
	} {
		f.inbox.events = nil
		f.receive("messages", test.value)
		if len(f.inbox.events) == 0 {
			t.Errorf("%s: no event", test.name)
			continue
		}
		if e := f.inbox.events[0]; e.Kind != channels.ThreadMoved || e.PreviousThread != test.from || e.Thread != test.to {
			t.Errorf("%s: %+v", test.name, e)
		}
	}
}

func TestWA22TypingIsShownForTheMessageAnswered(t *testing.T) {
	f := newFixture(t)
	out := channels.Outgoing{Thread: "4512345678", InReplyTo: "wamid.1"}
	if err := errors.Join(f.Typing(t.Context(), out, true), f.Typing(t.Context(), out, false), f.Typing(t.Context(), channels.Outgoing{}, true)); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(f.calls)
	if string(got) != `[{"message_id":"wamid.1","messaging_product":"whatsapp","status":"read","typing_indicator":{"type":"text"}}]` {
		t.Errorf("calls %s", got)
	}
}

func TestASendIsAddressedAndQuotes(t *testing.T) {
	f := newFixture(t)
	f.cfg.Quote = true
	out := channels.Outgoing{Key: "k", Thread: "DK.abc", Contact: channels.Contact{Phone: "+4512345678"}, InReplyTo: "wamid.1", Parts: []string{"one", "two"}}
	receipt, err := f.Send(t.Context(), out)
	if err != nil || receipt.ID != "wamid.out1" {
		t.Fatal(receipt, err)
	}
	got, _ := json.Marshal(f.calls)
	const want = `[{"biz_opaque_callback_data":"k","context":{"message_id":"wamid.1"},"messaging_product":"whatsapp","recipient_type":"individual","text":{"body":"one","preview_url":false},"to":"4512345678","type":"text"},` +
		`{"biz_opaque_callback_data":"k","messaging_product":"whatsapp","recipient_type":"individual","text":{"body":"two","preview_url":false},"to":"4512345678","type":"text"}]`
	if string(got) != want {
		t.Errorf("calls\n%s\nwant\n%s", got, want)
	}
	for _, bad := range []channels.Outgoing{{Thread: "1", Parts: []string{"x"}}, {Key: "k", Parts: []string{"x"}}, {Key: "k", Thread: "1"}} {
		if _, err := f.Send(t.Context(), bad); !errors.Is(err, channels.ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestBeforeItIsAttachedTheChannelIsNotReady(t *testing.T) {
	f := newFixture(t)
	f.inbox = nil
	f.inlet = channels.Inlet{}
	if code := f.receive("messages", `"messages":[`+from("a", `"type":"text","text":{"body":"x"}`)+`]`); code != http.StatusServiceUnavailable {
		t.Errorf("code %d", code)
	}
	if err := f.Attach(nil); !errors.Is(err, channels.ErrNotAttached) {
		t.Errorf("nil: %v", err)
	}
	first := &inbox{err: errors.New("store is down")}
	if err := f.Attach(first); err != nil {
		t.Fatal(err)
	}
	if err := f.Attach(&inbox{}); !errors.Is(err, channels.ErrAttached) {
		t.Errorf("another: %v", err)
	}
	if code := f.receive("messages", `"messages":[`+from("a", `"type":"text","text":{"body":"x"}`)+`]`); code != http.StatusInternalServerError {
		t.Errorf("store is down: code %d", code)
	}
}
