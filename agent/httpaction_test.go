package agent_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

// wire answers requests without a network and keeps them.
type wire struct {
	requests []*http.Request
	bodies   []string
	status   int
	answer   string
	location string
	err      error
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	w.requests = append(w.requests, req)
	body := ""
	if req.Body != nil {
		data, _ := io.ReadAll(req.Body)
		body = string(data)
	}
	w.bodies = append(w.bodies, body)
	if w.err != nil {
		return nil, w.err
	}
	resp := &http.Response{StatusCode: cmp.Or(w.status, 200), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(w.answer)), Request: req}
	if w.location != "" {
		resp.Header.Set("Location", w.location)
	}
	return resp, nil
}

type orderArguments struct {
	Order string   `json:"order"`
	Count int      `json:"count,omitempty"`
	Note  string   `json:"note,omitempty"`
	Gift  bool     `json:"gift,omitempty"`
	Lines []string `json:"lines,omitempty"`
	Email string   `json:"email" identity:"email"`
}

func httpAction(t testing.TB, a agent.Action, h agent.HTTPCall) (agent.Action, error) {
	t.Helper()
	var err error
	if a.Name == "" {
		a.Name = "order"
	}
	if a.Schema == nil {
		if a.Schema, a.Identity, err = agent.SchemaOf[orderArguments](); err != nil {
			t.Fatal(err)
		}
	}
	a.Protection = agent.Anyone
	return agent.NewHTTPAction(a, h)
}

func TestHTTPActionFillsItsTemplates(t *testing.T) {
	for name, c := range map[string]struct {
		call      agent.HTTPCall
		arguments string
		wantURL   string
		wantBody  string
		wantNote  string
	}{
		"path and query": {
			agent.HTTPCall{URL: "https://api.shop.example/v1/orders/{order}/lines?count={count}&who={email}", Result: []agent.ResultField{{Name: "n", Path: "n"}}},
			`{"order":"A 7","count":2}`, "https://api.shop.example/v1/orders/A%207/lines?count=2&who=ida%40shop.example", "", "",
		},
		"optional is empty": {
			agent.HTTPCall{URL: "https://api.shop.example/{order}?note={note}&gift={gift}", Result: []agent.ResultField{{Name: "n", Path: "n"}}},
			`{"order":"7","gift":true}`, "https://api.shop.example/7?note=&gift=true", "", "",
		},
		"no new parts": {
			agent.HTTPCall{URL: "https://api.shop.example:8443/orders/{order}?note={note}", Result: []agent.ResultField{{Name: "n", Path: "n"}}},
			`{"order":"7/cancel?all=1#x","note":"a&admin=1"}`, "https://api.shop.example:8443/orders/7%2Fcancel%3Fall=1%23x?note=a%26admin%3D1", "", "",
		},
		"placeholders in values are text": {
			agent.HTTPCall{URL: "https://api.shop.example/{order}", Method: "POST", Body: json.RawMessage(`{"a":"<{note}>"}`)},
			`{"order":"{email}","note":"{order}"}`, "https://api.shop.example/%7Bemail%7D", `{"a":"\u003c{order}\u003e"}`, "",
		},
		"body with types": {
			agent.HTTPCall{URL: "https://api.shop.example/refunds", Method: "POST", Headers: map[string]string{"x-note": "of {note}"},
				Body: json.RawMessage(`{"id":"{order}","n":"{count}","lines":"{lines}","gone":"{gift}","text":"{note} x {count}","fixed":12345678901234567890,"list":["{count}"]}`)},
			`{"order":"\",\"admin\":\"1","count":3,"lines":["a"],"note":"n"}`, "https://api.shop.example/refunds",
			`{"fixed":12345678901234567890,"id":"\",\"admin\":\"1","lines":["a"],"list":[3],"n":3,"text":"n x 3"}`, "of n",
		},
		"arguments as body": {
			agent.HTTPCall{URL: "https://api.shop.example", Method: "PUT"},
			`{"order":"7","count":3}`, "https://api.shop.example", `{"count":3,"email":"ida@shop.example","order":"7"}`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{answer: `{"n":1}`}
			c.call.Client = &http.Client{Transport: w}
			action, err := httpAction(t, agent.Action{}, c.call)
			if err != nil {
				t.Fatal(err)
			}
			if rec := callOnce(t, action, c.arguments, known); rec.Outcome != agent.ActionPerformed || len(w.requests) != 1 {
				t.Fatalf("%+v in %d requests", rec, len(w.requests))
			}
			req := w.requests[0]
			if got := req.URL.String(); got != c.wantURL || w.bodies[0] != c.wantBody || req.Header.Get("X-Note") != c.wantNote {
				t.Errorf("%s %s, note %q\nwant %s %s, note %q", got, w.bodies[0], req.Header.Get("X-Note"), c.wantURL, c.wantBody, c.wantNote)
			}
			if key := req.Header.Get("Idempotency-Key"); (len(key) == 64) != (req.Method != "GET") || action.Idempotent != (req.Method == "GET") {
				t.Errorf("%s with key %q, idempotent %t", req.Method, key, action.Idempotent)
			}
		})
	}
}

func TestHTTPActionSendsNothingThatLeavesItsPath(t *testing.T) {
	w := &wire{answer: `{"n":1}`}
	call := agent.HTTPCall{
		URL: "https://api.shop.example/orders/{order}/x", Headers: map[string]string{"X-Note": "{note}"},
		Result: []agent.ResultField{{Name: "n", Path: "n"}}, Client: &http.Client{Transport: w},
	}
	action, err := httpAction(t, agent.Action{}, call)
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{"..", ".", "", "../../admin", `..\admin`, "%2e%2e", "%252e%252e", "x/../../admin", "a%2f..%2fb"} {
		data, _ := json.Marshal(map[string]string{"order": order})
		if rec := callOnce(t, action, string(data), known); rec.Outcome != agent.ActionFailed || len(w.requests) > 0 {
			t.Errorf("%q: %+v, sent %v", order, rec, w.requests)
		}
	}
	if rec := callOnce(t, action, `{"order":"7","note":"a\r\nX-Admin: 1"}`, known); rec.Outcome != agent.ActionFailed || len(w.requests) > 0 {
		t.Errorf("line break in a header: %+v", rec)
	}
}

func TestHTTPActionTellsOnlyWhatWasPicked(t *testing.T) {
	w := &wire{answer: `{"secret":"s3cret","order":{"status":"sent\n  today","total":1299.50,"vip":null,"lines":[{"title":"Lamp"},{"title":"Rug"},{}],"track":"https://track.example/7","odd":"javascript:x"},"deep":{"a":[1]}}`}
	action, err := httpAction(t, agent.Action{}, agent.HTTPCall{
		URL: "https://api.shop.example/{order}", Client: &http.Client{Transport: w},
		Result: []agent.ResultField{
			{Name: "status", Path: "order.status"}, {Name: "total", Path: "order.total"}, {Name: "vip", Path: "order.vip"},
			{Name: "lines", Path: "order.lines.*.title"}, {Name: "second", Path: "order.lines.1.title"}, {Name: "none", Path: "order.lines.9.title"},
			{Name: "track", Path: "order.track", URL: true}, {Name: "odd", Path: "order.odd", URL: true}, {Name: "deep", Path: "deep"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	rec := callOnce(t, action, `{"order":"7"}`, known)
	want := "status: sent today\ntotal: 1299.50\nvip: (not given)\nlines: Lamp; Rug\nsecond: Rug\nnone: (not given)\ntrack: https://track.example/7\nodd: javascript:x\ndeep: {\"a\":[1]}"
	if rec.Result.Text != want || fmt.Sprint(rec.Result.URLs) != "[https://track.example/7]" {
		t.Errorf("%s\n%v\nwant %s", rec.Result.Text, rec.Result.URLs, want)
	}
}

func TestHTTPActionJudgesWhatMayHaveHappened(t *testing.T) {
	lost := errors.New("connection reset")
	for name, c := range map[string]struct {
		method string
		wire   wire
		want   agent.ActionOutcome // empty: the outcome is unknown
		text   string
	}{
		"GET done":           {"GET", wire{answer: `{"n":1}`}, agent.ActionPerformed, ""},
		"GET not found":      {"GET", wire{status: 404, answer: "secret"}, agent.ActionFailed, "the service answered 404 Not Found"},
		"GET broken":         {"GET", wire{status: 503}, agent.ActionFailed, "503"},
		"GET lost":           {"GET", wire{err: lost}, agent.ActionFailed, "could not be reached"},
		"GET redirected":     {"GET", wire{status: 302, location: "http://169.254.169.254/"}, agent.ActionFailed, "302"},
		"GET no JSON":        {"GET", wire{answer: `<html>`}, agent.ActionFailed, "could not be read"},
		"GET two values":     {"GET", wire{answer: `{"n":1}{}`}, agent.ActionFailed, "could not be read"},
		"GET too large":      {"GET", wire{answer: `"` + strings.Repeat("x", 2000) + `"`}, agent.ActionFailed, "too large"},
		"POST done":          {"POST", wire{status: 201, answer: `{"n":1}`}, agent.ActionPerformed, ""},
		"POST refused":       {"POST", wire{status: 422}, agent.ActionFailed, "422"},
		"POST broken":        {"POST", wire{status: 500}, "", ""},
		"POST redirected":    {"POST", wire{status: 303, location: "https://api.shop.example/done"}, "", ""},
		"POST lost":          {"POST", wire{err: lost}, "", ""},
		"POST answer unread": {"POST", wire{answer: `<html>`}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			action, err := httpAction(t, agent.Action{}, agent.HTTPCall{
				Method: c.method, URL: "https://api.shop.example/x", Result: []agent.ResultField{{Name: "n", Path: "n"}}, MaxBytes: 1000, Client: &http.Client{Transport: &c.wire},
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				model := agenttest.NewModel(agenttest.Call("order", map[string]string{"order": "7"}))
				a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{action}})
				r, err := a.Reply(t.Context(), agent.Question{Text: parcelQuestion, Contact: known})
				var unknown *agent.OutcomeError
				if !errors.Is(err, agent.ErrOutcomeUnknown) || !errors.As(err, &unknown) || unknown.Action != "order" || r.Text != "" {
					t.Errorf("%+v, %v", r, err)
				}
			} else if rec := callOnce(t, action, `{"order":"7"}`, known); rec.Outcome != c.want || !strings.Contains(rec.Error, c.text) || strings.Contains(rec.Error, "secret") {
				t.Errorf("%+v", rec)
			}
			if len(c.wire.requests) != 1 {
				t.Errorf("%d requests", len(c.wire.requests))
			}
		})
	}
}

func TestP12HTTPActionConnectsToPublicAddressesOnly(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; fmt.Fprint(w, `{"n":1}`) }))
	defer srv.Close()
	call := agent.HTTPCall{Method: "POST", URL: srv.URL + "/x", Result: []agent.ResultField{{Name: "n", Path: "n"}}}
	for _, u := range []string{srv.URL, "http://169.254.169.254", "http://[::1]", "http://2130706433", strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)} {
		call.URL = u + "/{order}"
		action, err := httpAction(t, agent.Action{Timeout: 5 * time.Second}, call)
		if err != nil {
			t.Fatal(err)
		}
		if rec := callOnce(t, action, `{"order":"7"}`, known); rec.Outcome != agent.ActionFailed || !strings.Contains(rec.Error, "not allowed") || asked != 0 {
			t.Errorf("%s: %+v", u, rec)
		}
	}
	call.Client, call.URL = srv.Client(), srv.URL+"/{order}"
	action, err := httpAction(t, agent.Action{}, call)
	if err != nil {
		t.Fatal(err)
	}
	if rec := callOnce(t, action, `{"order":"7"}`, known); rec.Outcome != agent.ActionPerformed || asked != 1 {
		t.Errorf("with the host's own client: %+v", rec)
	}
}

func TestHTTPActionKeepsItsSecrets(t *testing.T) {
	const secret = "Bearer s3cr3t-t0ken"
	for _, w := range []*wire{{answer: `{"n":1}`}, {status: 401}, {status: 500}, {err: errors.New("broken")}} {
		var log bytes.Buffer
		model := agenttest.NewModel(agenttest.Call("order", map[string]string{"order": "7"})).Always(agenttest.Say("Your order is on its way."))
		action, err := httpAction(t, agent.Action{}, agent.HTTPCall{
			Method: "POST", URL: "https://api.shop.example/x?key=s3cr3t-t0ken", Headers: map[string]string{"Authorization": secret},
			Result: []agent.ResultField{{Name: "n", Path: "n"}}, Client: &http.Client{Transport: w},
		})
		if err != nil {
			t.Fatal(err)
		}
		h := agenttest.Start(t, agent.Config{
			Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{action}, Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		reply := sayAs(h, t, known, "d1", parcelQuestion)
		if got := w.requests[0].Header.Get("Authorization"); got != secret {
			t.Errorf("sent %q", got)
		}
		for where, s := range map[string]string{
			"log": log.String(), "reply": fmt.Sprintf("%+v", reply), "model": fmt.Sprintf("%+v", model.Requests()), "audit": fmt.Sprintf("%+v", auditEvents(t, h.Agent)), "action": fmt.Sprintf("%+v", action),
		} {
			if strings.Contains(s, "s3cr3t") {
				t.Errorf("the secret is in the %s: %s", where, s)
			}
		}
	}
}

func TestHTTPActionReportsFaults(t *testing.T) {
	ok := agent.HTTPCall{URL: "https://api.shop.example/{order}", Result: []agent.ResultField{{Name: "n", Path: "n"}}}
	for name, c := range map[string]struct {
		change func(*agent.HTTPCall)
		want   string
	}{
		"host from an argument":   {func(h *agent.HTTPCall) { h.URL = "https://{order}.example/" }, "host without placeholders"},
		"part of the host":        {func(h *agent.HTTPCall) { h.URL = "https://api.shop.example{order}/" }, "host without placeholders"},
		"scheme from an argument": {func(h *agent.HTTPCall) { h.URL = "{order}://api.shop.example/" }, "host without placeholders"},
		"other scheme":            {func(h *agent.HTTPCall) { h.URL = "file:///etc/passwd" }, "http or https"},
		"user information":        {func(h *agent.HTTPCall) { h.URL = "https://user:pw@api.shop.example/" }, "host without placeholders"},
		"no host":                 {func(h *agent.HTTPCall) { h.URL = "/orders" }, "http or https"},
		"fragment":                {func(h *agent.HTTPCall) { h.URL += "#x" }, "fragment"},
		"bad escape":              {func(h *agent.HTTPCall) { h.URL += "%zz" }, "cannot be read"},
		"unknown argument":        {func(h *agent.HTTPCall) { h.URL += "?x={other}" }, "{other} is not an argument"},
		"optional in the path":    {func(h *agent.HTTPCall) { h.URL += "/{note}" }, "not a required argument"},
		"list in the query":       {func(h *agent.HTTPCall) { h.URL += "?x={lines}" }, "not a single value"},
		"unknown in a header":     {func(h *agent.HTTPCall) { h.Headers = map[string]string{"X": "{other}"} }, "{other}"},
		"unknown in the body": {func(h *agent.HTTPCall) {
			h.Method, h.Body = "POST", json.RawMessage(`{"a":["{other}"]}`)
		}, "{other}"},
		"method":          {func(h *agent.HTTPCall) { h.Method = "TRACE" }, "TRACE"},
		"GET with a body": {func(h *agent.HTTPCall) { h.Body = json.RawMessage(`{}`) }, "GET"},
		"GET for nothing": {func(h *agent.HTTPCall) { h.Result = nil }, "Result"},
		"nameless result": {func(h *agent.HTTPCall) { h.Result = []agent.ResultField{{Path: "n"}} }, "name"},
		"body no JSON":    {func(h *agent.HTTPCall) { h.Method, h.Body = "POST", json.RawMessage(`{`) }, "JSON"},
		"header name":     {func(h *agent.HTTPCall) { h.Headers = map[string]string{"a b": "x"} }, "header"},
		"header value":    {func(h *agent.HTTPCall) { h.Headers = map[string]string{"A": "x\ny"} }, "header"},
		"host header":     {func(h *agent.HTTPCall) { h.Headers = map[string]string{"host": "x"} }, "header"},
	} {
		t.Run(name, func(t *testing.T) {
			h := ok
			c.change(&h)
			if _, err := httpAction(t, agent.Action{}, h); !errors.Is(err, agent.ErrInvalidConfig) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if _, err := httpAction(t, agent.Action{Name: "a b"}, ok); !errors.Is(err, agent.ErrInvalidConfig) {
		t.Errorf("name: %v", err)
	}
}

func TestHTTPActionEndsWithItsTime(t *testing.T) {
	release := make(chan bool)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer srv.Close()
	defer close(release)
	action, err := httpAction(t, agent.Action{Timeout: 20 * time.Millisecond}, agent.HTTPCall{Method: "POST", URL: srv.URL, Client: srv.Client()})
	if err != nil {
		t.Fatal(err)
	}
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: agenttest.NewModel(agenttest.Call("order", map[string]string{"order": "7"})), Actions: []agent.Action{action}})
	_, err = a.Reply(t.Context(), agent.Question{Text: parcelQuestion, Contact: channels.Contact{Email: "x@y.example"}})
	if !errors.Is(err, agent.ErrOutcomeUnknown) || !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), srv.URL) {
		t.Errorf("%v", err)
	}
}
