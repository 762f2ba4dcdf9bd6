package handoff

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

func ExampleNotify() {
	told := NotifierFunc(func(_ context.Context, n Notice) error {
		fmt.Println("told of", n.Case.Key, "in", n.Assignment.Queue)
		return nil
	})
	router := Notify(&Inbox{Queue: "support"}, told)
	for range 2 { // the second is a retry
		fmt.Println(router.Route(context.Background(), Case{Key: "case/1"}))
	}
	// Output:
	// told of case/1 in support
	// {support } <nil>
	// {support } <nil>
}

// A case is routed whatever becomes of the notices, and those who were told are
// not told again.
func TestNotifyLosesNoCaseAndTellsThoseWhoAreLeft(t *testing.T) {
	down := errors.New("mail is down")
	var first, second int
	failing := true
	inbox := &Inbox{Queue: "support"}
	router := Notify(inbox,
		NotifierFunc(func(context.Context, Notice) error { first++; return nil }),
		NotifierFunc(func(context.Context, Notice) error {
			second++
			if failing {
				return down
			}
			return nil
		}))
	var untold *NotifyError
	a, err := router.Route(t.Context(), one("1"))
	if !errors.As(err, &untold) || !errors.Is(err, down) || a != (Assignment{}) || untold.Assignment.Queue != "support" || len(inbox.Cases()) != 1 {
		t.Fatalf("got %+v, %v, %d cases", a, err, len(inbox.Cases()))
	}
	// A fallback does not take what is routed.
	other := &Inbox{}
	if _, err := (Fallback{router, other}).Route(t.Context(), one("1")); !errors.As(err, &untold) || len(other.Cases()) != 0 {
		t.Errorf("the fallback has %d cases: %v", len(other.Cases()), err)
	}
	failing = false
	if a, err := router.Route(t.Context(), one("1")); err != nil || a.Queue != "support" {
		t.Errorf("got %+v, %v", a, err)
	}
	if first != 1 || second != 3 || len(inbox.Cases()) != 1 {
		t.Errorf("told %d and %d times, %d cases", first, second, len(inbox.Cases()))
	}
	for i := range toldKept + 1 {
		if _, err := router.Route(t.Context(), one(fmt.Sprint("many ", i))); err != nil {
			t.Fatal(err)
		}
	}
	if len(router.told) != toldKept || len(router.keys) != toldKept {
		t.Errorf("%d cases are remembered", len(router.told))
	}
	if _, err := Notify(nil).Route(t.Context(), one("1")); !errors.Is(err, ErrNoRoute) {
		t.Errorf("nothing to route with: %v", err)
	}
}

var testSecret = secretPrefix + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes !!!"))

func TestNotifiersRefuseWhatCannotWork(t *testing.T) {
	short := secretPrefix + base64.StdEncoding.EncodeToString(make([]byte, minSecret-1))
	for name, cfg := range map[string]WebhookConfig{
		"no secret":       {URL: "https://desk.example/hook"},
		"an empty secret": {URL: "https://desk.example/hook", Secret: secretPrefix},
		"a short one":     {URL: "https://desk.example/hook", Secret: short},
		"no prefix":       {URL: "https://desk.example/hook", Secret: strings.TrimPrefix(testSecret, secretPrefix)},
		"no URL":          {Secret: testSecret},
		"a file":          {URL: "file:///etc/hosts", Secret: testSecret},
		"no host":         {URL: "https://", Secret: testSecret},
		"attempts":        {URL: "https://desk.example/hook", Secret: testSecret, Attempts: 11},
	} {
		if _, err := NewWebhook(cfg); !errors.Is(err, ErrNotifier) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	send := func(context.Context, string, []string, []byte) error { return nil }
	for name, cfg := range map[string]EmailConfig{
		"no send":       {From: "a@desk.example", To: []string{"b@desk.example"}},
		"no from":       {To: []string{"b@desk.example"}, Send: send},
		"no to":         {From: "a@desk.example", Send: send},
		"a header":      {From: "a@desk.example", To: []string{"b@desk.example\r\nBcc: c@desk.example"}, Send: send},
		"a header from": {From: "a@desk.example\r\nBcc: c@desk.example", To: []string{"b@desk.example"}, Send: send},
		"a language":    {From: "a@desk.example", To: []string{"b@desk.example"}, Language: "en\r\nBcc: c@desk.example", Send: send},
	} {
		if _, err := NewEmail(cfg); !errors.Is(err, ErrNotifier) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The vector of the Standard Webhooks libraries.
func TestWebhookSignatureIsThatOfStandardWebhooks(t *testing.T) {
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := signWebhook(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("got %s", got)
	}
}

// transport answers as a test wants, without a network.
type transport func(*http.Request) (int, http.Header)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	status, header := f(r)
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Header: header, Body: io.NopCloser(strings.NewReader("answer")), Request: r}, nil
}

func TestWebhookSendsASignedNotice(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var got *http.Request
	var body []byte
	w, err := NewWebhook(WebhookConfig{URL: "https://desk.example/hook?token=s3cret", Secret: testSecret, Now: func() time.Time { return at }, Client: &http.Client{
		Transport: transport(func(r *http.Request) (int, http.Header) {
			got = r
			body, _ = io.ReadAll(r.Body)
			return 204, nil
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := one("a.key with.dots\r\n")
	c.Transcript = []channels.Message{{Text: "my words"}}
	if err := w.Notify(t.Context(), Notice{c, Assignment{"support", "anna"}}); err != nil {
		t.Fatal(err)
	}
	id := got.Header.Get("webhook-id")
	if want := signWebhook(w.key, id, "1772442000", body); got.Header.Get("webhook-signature") != want || got.Header.Get("webhook-timestamp") != "1772442000" || strings.ContainsAny(id, ". \r\n") {
		t.Errorf("headers %v, want %s", got.Header, want)
	}
	var sent struct {
		Type string
		Data CaseData
	}
	if err := json.Unmarshal(body, &sent); err != nil || sent.Type != CaseOpened || sent.Data.Key != c.Key || sent.Data.Assignee != "anna" || !sent.Data.WaitingSince.Equal(c.WaitingSince) || strings.Contains(string(body), "my words") {
		t.Errorf("body %s, %v", body, err)
	}
}

func TestWebhookTriesAgainButNotForEver(t *testing.T) {
	for name, test := range map[string]struct {
		statuses []int // 0 is no connection
		after    string
		took     time.Duration
		want     error
	}{
		"at once":            {[]int{200}, "", 0, nil},
		"the second time":    {[]int{500, 202}, "", time.Second, nil},
		"no connection":      {[]int{0, 0, 204}, "", 3 * time.Second, nil},
		"asked to wait":      {[]int{429, 200}, "7", 7 * time.Second, nil},
		"asked for too long": {[]int{503, 200}, "86400", 10 * time.Second, nil},
		"never":              {[]int{500, 404, 502}, "", 3 * time.Second, ErrNotAccepted},
		"gone":               {[]int{410}, "", 0, ErrNotAccepted},
		"no redirect":        {[]int{302, 307, 301}, "", 3 * time.Second, ErrNotAccepted},
	} {
		synctest.Test(t, func(t *testing.T) {
			calls, ids := 0, map[string]bool{}
			w, err := NewWebhook(WebhookConfig{URL: "https://desk.example/hook?token=s3cret", Secret: testSecret, Client: &http.Client{
				Transport: transport(func(r *http.Request) (int, http.Header) {
					calls++
					ids[r.Header.Get("webhook-id")] = true
					return test.statuses[calls-1], http.Header{"Retry-After": {test.after}, "Location": {"http://127.0.0.1/"}}
				}),
			}})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			err = w.Notify(t.Context(), Notice{Case: one("1")})
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) || calls != len(test.statuses) || time.Since(began) != test.took || len(ids) != 1 {
				t.Errorf("%s: %v after %d calls and %s, IDs %v", name, err, calls, time.Since(began), ids)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s: the error tells the address: %v", name, err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		w, err := NewWebhook(WebhookConfig{URL: "https://desk.example", Secret: testSecret, Client: &http.Client{Transport: transport(func(*http.Request) (int, http.Header) { return 500, nil })}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Notify(ctx, Notice{Case: one("1")}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWebhookDoesNotFollowRedirectsOfARealServer(t *testing.T) {
	var second atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { second.Add(1) }))
	defer target.Close()
	server := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	w, err := NewWebhook(WebhookConfig{URL: server.URL, Secret: testSecret, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Notify(t.Context(), Notice{Case: one("1")}); !errors.Is(err, ErrNotAccepted) || second.Load() != 0 {
		t.Errorf("got %v, %d requests elsewhere", err, second.Load())
	}
}

func TestEmailCannotBeGivenHeaders(t *testing.T) {
	var sent []byte
	e, err := NewEmail(EmailConfig{
		From: "Kundeagent <agent@desk.example>", To: []string{"Bo <bo@desk.example>", "cleo@desk.example"},
		Send: func(_ context.Context, from string, to []string, msg []byte) error {
			if from != "agent@desk.example" || strings.Join(to, " ") != "bo@desk.example cleo@desk.example" {
				t.Errorf("from %s to %s", from, to)
			}
			sent = msg
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := one("1")
	c.Contact.Name = "Ann\r\nBcc: eve@elsewhere.example\r\n\r\nbody"
	c.Summary = "Rücksendung\r\n.\r\nMAIL FROM:<eve@elsewhere.example>\n" + strings.Repeat("long ", 100)
	c.Reason = Reason("Grund\x00\u2028\r\nX-Evil: 1")
	if err := e.Notify(t.Context(), Notice{c, Assignment{"support\r\n", ""}}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(sent), "\r\n"), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n\x00") {
			t.Errorf("line %q", line)
		}
	}
	msg, err := mail.ReadMessage(strings.NewReader(string(sent)))
	if err != nil {
		t.Fatal(err)
	}
	if len(msg.Header) != 10 || msg.Header.Get("Bcc") != "" || msg.Header.Get("X-Evil") != "" || msg.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers %v", msg.Header)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "Ann Bcc: eve@elsewhere.example body is waiting: Grund") {
		t.Errorf("subject %q, %v", subject, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if err != nil || !strings.Contains(string(body), "Rücksendung") {
		t.Errorf("body %q, %v", body, err)
	}
	if id := msg.Header.Get("Message-ID"); id != "<"+noticeID("1")+"@desk.example>" {
		t.Errorf("ID %s", id)
	}
}

// mailServer accepts one message and returns what it was told.
func mailServer(t *testing.T, answers map[string]string) (address string, heard func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var log strings.Builder
	wg.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		say := func(s string) { _, _ = io.WriteString(conn, s+"\r\n") }
		say("220 desk.example")
		lines, data := bufio.NewScanner(conn), false
		for lines.Scan() {
			line := lines.Text()
			log.WriteString(line + "\n")
			verb, _, _ := strings.Cut(line, " ")
			switch {
			case data && line != ".":
			case data:
				data = false
				say("250 ok")
			case answers[verb] != "":
				say(answers[verb])
			case verb == "DATA":
				data = true
				say("354 go on")
			case verb == "QUIT":
				say("221 bye")
				return
			default:
				say("250 ok")
			}
		}
	})
	return l.Addr().String(), func() string { _ = l.Close(); wg.Wait(); return log.String() }
}

func TestSMTPHandsOverAMessageOrTellsWhyNot(t *testing.T) {
	address, heard := mailServer(t, nil)
	if err := SMTP(address, nil)(t.Context(), "a@desk.example", []string{"b@desk.example", "c@desk.example"}, []byte("Subject: x\r\n\r\n.hidden\r\n")); err != nil {
		t.Error(err)
	}
	if log := heard(); !strings.Contains(log, "RCPT TO:<c@desk.example>") || !strings.Contains(log, "\n..hidden\n.\n") {
		t.Errorf("the server heard %q", log)
	}
	address, heard = mailServer(t, map[string]string{"RCPT": "550 no such user"})
	if err := SMTP(address, nil)(t.Context(), "a@desk.example", []string{"b@desk.example"}, nil); err == nil || !strings.Contains(err.Error(), "no such user") {
		t.Errorf("got %v", err)
	}
	heard()
	if err := SMTP(address, nil)(t.Context(), "a@desk.example", nil, nil); err == nil {
		t.Error("nobody listens, and no error")
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := silent.Accept()
		if err == nil {
			defer func() { _ = conn.Close() }()
		}
		cancel()
		<-ctx.Done()
	}()
	if err := SMTP(silent.Addr().String(), nil)(ctx, "a@desk.example", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
