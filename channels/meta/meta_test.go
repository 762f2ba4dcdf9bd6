package meta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

const secret = "app-secret"

func newApp(t *testing.T, unknown *[]string) *App {
	t.Helper()
	a, err := New(Config{AppSecret: secret, VerifyToken: "word", OnUnknown: func(_ context.Context, object string, raw json.RawMessage) {
		if unknown != nil {
			*unknown = append(*unknown, object+" "+string(raw))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func post(a *App, body, signature string) int {
	r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	if signature != "" {
		r.Header.Set("X-Hub-Signature-256", signature)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Code
}

func ExampleApp() {
	app, err := New(Config{AppSecret: "secret of the app", VerifyToken: "a word of my own"})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = app.OnNumber("1234", func(_ context.Context, c Change) error {
		fmt.Println(c.Field)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	body := `{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1234"}}}]}]}`
	r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	r.Header.Set("X-Hub-Signature-256", Sign("secret of the app", []byte(body)))
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// messages
	// 200
}

func TestAppRefusesToStartWithoutSecrets(t *testing.T) {
	if _, err := New(Config{}); !errors.Is(err, ErrInvalidConfig) || !strings.Contains(err.Error(), "AppSecret") || !strings.Contains(err.Error(), "VerifyToken") {
		t.Errorf("error %v", err)
	}
}

func TestWA01TheEndpointIsVerifiedByItsToken(t *testing.T) {
	a := newApp(t, nil)
	for _, test := range []struct {
		query string
		code  int
		body  string
	}{
		{"hub.mode=subscribe&hub.verify_token=word&hub.challenge=12<b>", 200, "12<b>"},
		{"hub.mode=subscribe&hub.verify_token=other&hub.challenge=12", 403, ""},
		{"hub.mode=unsubscribe&hub.verify_token=word&hub.challenge=12", 403, ""},
		{"hub.mode=subscribe&hub.verify_token=word", 403, ""},
		{"hub.mode=subscribe&hub.challenge=12", 403, ""},
		{"", 403, ""},
	} {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/hook?"+strings.ReplaceAll(test.query, "<b>", "%3Cb%3E"), nil))
		if w.Code != test.code || test.code == 200 && (w.Body.String() != test.body || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain")) {
			t.Errorf("%q: %d %q", test.query, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(http.MethodPut, "/hook", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", w.Code)
	}
}

func TestWA02SignaturesAreCheckedOverTheBytesReceived(t *testing.T) {
	a := newApp(t, nil)
	escaped, raw := `{"object":"page","x":"\u00f8"}`, `{"object":"page","x":"ø"}`
	good := Sign(secret, []byte(escaped))
	for _, test := range []struct {
		name, body, signature string
		code                  int
	}{
		{"good", escaped, good, 200},
		{"raw UTF-8 over its own bytes", raw, Sign(secret, []byte(raw)), 200},
		{"the same JSON in other bytes", raw, good, 401},
		{"body changed", escaped + " ", good, 401},
		{"no header", escaped, "", 401},
		{"sha1 only", escaped, "sha1=" + good[7:47], 401},
		{"uppercase hex", escaped, "sha256=" + strings.ToUpper(good[7:]), 200},
		{"no prefix", escaped, good[7:], 401},
		{"truncated", escaped, good[:len(good)-2], 401},
		{"odd hex", escaped, good[:len(good)-1], 401},
		{"another secret", escaped, Sign("other", []byte(escaped)), 401},
		{"empty key", escaped, Sign("", []byte(escaped)), 401},
	} {
		if got := post(a, test.body, test.signature); got != test.code {
			t.Errorf("%s: %d, want %d", test.name, got, test.code)
		}
	}
}

func TestAnOverlongDeliveryIsRefused(t *testing.T) {
	a, err := New(Config{AppSecret: secret, VerifyToken: "word", MaxBody: 10})
	if err != nil {
		t.Fatal(err)
	}
	body := `{"object":"page"}`
	if got := post(a, body, Sign(secret, []byte(body))); got != http.StatusRequestEntityTooLarge {
		t.Errorf("code %d", got)
	}
}

func TestWA07EveryChangeReachesItsChannel(t *testing.T) {
	var unknown []string
	a := newApp(t, &unknown)
	var got []string
	for _, id := range []string{"1", "2"} {
		if err := a.OnNumber(id, func(_ context.Context, c Change) error {
			got = append(got, id+" "+c.Field)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.OnPage("p", func(_ context.Context, raw json.RawMessage) error {
		got = append(got, "page")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	change := func(field, id string) string {
		return fmt.Sprintf(`{"field":%q,"value":{"metadata":{"phone_number_id":%q}}}`, field, id)
	}
	body := `{"object":"whatsapp_business_account","entry":[{"changes":[` + change("messages", "1") + `,17,` + change("calls", "2") + `]},"broken",{"changes":[` +
		change("messages", "3") + `,` + change("messages", "2") + `]}]}`
	if code := post(a, body, Sign(secret, []byte(body))); code != 200 {
		t.Errorf("code %d", code)
	}
	if want := "1 messages,2 calls,2 messages"; strings.Join(got, ",") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if len(unknown) != 3 {
		t.Errorf("unknown: %q", unknown)
	}
	got, unknown = nil, nil
	for _, body := range []string{`{"object":"page","entry":[{"id":"q"},{"id":"p"},null]}`, `{"object":"instagram","entry":[{}]}`, `no JSON`} {
		if code := post(a, body, Sign(secret, []byte(body))); code != 200 {
			t.Errorf("%s: code %d", body, code)
		}
	}
	if len(got) != 1 || len(unknown) != 4 {
		t.Errorf("got %v, unknown %q", got, unknown)
	}
}

func TestADeliveryThatWasNotAcceptedIsNotAcknowledged(t *testing.T) {
	for _, test := range []struct {
		err  error
		code int
	}{{nil, 200}, {errors.New("store is down"), 500}, {fmt.Errorf("x: %w", channels.ErrNotAttached), 503}} {
		a := newApp(t, nil)
		if err := a.OnPage("p", func(context.Context, json.RawMessage) error { return test.err }); err != nil {
			t.Fatal(err)
		}
		body := `{"object":"page","entry":[{"id":"p"}]}`
		if code := post(a, body, Sign(secret, []byte(body))); code != test.code {
			t.Errorf("%v: code %d", test.err, code)
		}
	}
}

func TestANumberHasOneChannel(t *testing.T) {
	a := newApp(t, nil)
	nothing := func(context.Context, Change) error { return nil }
	if err := a.OnNumber("1", nothing); err != nil {
		t.Fatal(err)
	}
	if err := a.OnNumber("1", nothing); !errors.Is(err, ErrRegistered) {
		t.Errorf("error %v", err)
	}
	page := func(context.Context, json.RawMessage) error { return nil }
	if err := errors.Join(a.OnPage("1", page), a.OnPage("1", page)); !errors.Is(err, ErrRegistered) {
		t.Errorf("error %v", err)
	}
}

func graphFor(t *testing.T, h http.HandlerFunc) *Graph {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	g, err := NewGraph(GraphConfig{Token: "tok", BaseURL: s.URL + "/", Client: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGraphSendsItsTokenInAHeaderOnly(t *testing.T) {
	g := graphFor(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer tok" || strings.Contains(r.URL.String()+string(body), "tok") || r.URL.Path != "/v24.0/1/messages" {
			t.Errorf("%s %s %s", r.URL, r.Header, body)
		}
		fmt.Fprint(w, `{"id":"7"}`)
	})
	var answer struct{ ID string }
	if err := g.Post(t.Context(), "/1/messages", map[string]string{"a": "b"}, &answer); err != nil || answer.ID != "7" {
		t.Errorf("%v %v", answer, err)
	}
	if _, err := NewGraph(GraphConfig{}); !errors.Is(err, ErrInvalidConfig) {
		t.Errorf("error %v", err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		kind   error
		after  time.Duration
	}{
		{401, `{"error":{"code":190,"message":"expired"}}`, channels.ErrAuth, 0},
		{400, `{"error":{"code":0}}`, channels.ErrAuth, 0},
		{403, `{"error":{"code":10}}`, channels.ErrAuth, 0},
		{403, `{"error":{"code":10,"error_subcode":2018278}}`, channels.ErrWindowClosed, 0},
		{403, `{"error":{"code":230}}`, channels.ErrAuth, 0},
		{400, `{"error":{"code":4}}`, channels.ErrRetryable, 5 * time.Minute},
		{429, `{"error":{"code":130429}}`, channels.ErrRetryable, 2 * time.Second},
		{400, `{"error":{"code":131056,"error_data":{"details":"pair"}}}`, channels.ErrRetryable, 6 * time.Second},
		{400, `{"error":{"code":131047,"error_data":"plain"}}`, channels.ErrWindowClosed, 0},
		{400, `{"error":{"code":131026}}`, channels.ErrRecipientGone, 0},
		{400, `{"error":{"code":551}}`, channels.ErrRecipientGone, 0},
		{400, `{"error":{"code":131048}}`, channels.ErrPolicy, 0},
		{400, `{"error":{"code":131051}}`, channels.ErrInvalid, 0},
		{400, `{"error":{"code":100}}`, channels.ErrInvalid, 0},
		{400, `{"error":{"code":999999}}`, channels.ErrInvalid, 0},
		{400, `{"error":{"code":999999,"is_transient":true}}`, channels.ErrRetryable, 0},
		{500, `{"error":{"code":131000}}`, channels.ErrRetryable, 0},
		{502, `<html>bad gateway</html>`, channels.ErrAmbiguous, 0},
		{503, ``, channels.ErrRetryable, 30 * time.Second},
		{401, ``, channels.ErrAuth, 0},
		{404, `not here`, channels.ErrInvalid, 0},
		{200, `not JSON`, channels.ErrAmbiguous, 0},
	} {
		g := graphFor(t, func(w http.ResponseWriter, r *http.Request) {
			if test.after == 30*time.Second {
				w.Header().Set("Retry-After", "30")
			}
			w.WriteHeader(test.status)
			fmt.Fprint(w, test.body)
		})
		var answer struct{}
		err := g.Post(t.Context(), "/x", nil, &answer)
		var failure *channels.SendError
		if !errors.As(err, &failure) || !errors.Is(err, test.kind) || failure.After != test.after {
			t.Errorf("%d %s: %v (%v), want %v after %s", test.status, test.body, err, failure, test.kind, test.after)
		}
		if strings.Contains(fmt.Sprint(err), "tok") {
			t.Errorf("the token is in %v", err)
		}
	}
}

func TestACallWithoutAnAnswerIsAmbiguousUnlessItNeverLeft(t *testing.T) {
	g := graphFor(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	if err := g.Post(t.Context(), "/x", nil, nil); !errors.Is(err, channels.ErrAmbiguous) {
		t.Errorf("lost connection: %v", err)
	}
	s := httptest.NewServer(nil)
	s.Close()
	gone, err := NewGraph(GraphConfig{Token: "tok", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Post(t.Context(), "/x", nil, nil); !errors.Is(err, channels.ErrRetryable) {
		t.Errorf("nobody listens: %v", err)
	}
	if err := gone.Post(t.Context(), "/x", func() {}, nil); !errors.Is(err, channels.ErrInvalid) {
		t.Errorf("no JSON: %v", err)
	}
}

func FuzzDeliveriesDoNotPanic(f *testing.F) {
	f.Add([]byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"}}}]}]}`))
	a, err := New(Config{AppSecret: secret, VerifyToken: "word"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if code := post(a, string(body), Sign(secret, body)); code != 200 {
			t.Errorf("code %d", code)
		}
	})
}
