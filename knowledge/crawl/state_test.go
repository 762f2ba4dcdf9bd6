package crawl

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestStateReturnsAsItWas(t *testing.T) {
	s := pageState{Print: "p", URL: "https://example.com/a", ETag: `W/"x"`, LastModified: "Mon, 02 Mar 2026 00:00:00 GMT", Text: "t", Doc: "d",
		Links: []string{"https://example.com/b?x=1", "https://example.com:8443/c", "https://help.example.com/d", "http://example.com/e"}}
	data := s.encode()
	got, addr := decodeState(knowledge.Entry{State: data}, "p")
	if got == nil || !reflect.DeepEqual(*got, s) || addr != s.URL {
		t.Errorf("%+v at %s from %s", got, addr, data)
	}
	if got, addr := decodeState(knowledge.Entry{State: data}, "other"); got != nil || addr != s.URL {
		t.Errorf("state written under other rules: %+v at %s", got, addr)
	}
	for _, bad := range []string{"", "{", "null", "[]", `{"p":"p","u":":"}`} {
		decodeState(knowledge.Entry{State: []byte(bad)}, "p")
	}
}

func TestStateTooLargeForgetsItsValidators(t *testing.T) {
	s := pageState{Print: "p", URL: "https://example.com/a", ETag: `"x"`, Text: "t"}
	for i := range 3000 {
		s.Links = append(s.Links, fmt.Sprintf("https://example.com/%s/%d", strings.Repeat("long", 10), i))
	}
	data := s.encode()
	got, _ := decodeState(knowledge.Entry{State: data}, "p")
	if len(data) > maxState || got == nil || got.validator() || got.Text != "t" {
		t.Errorf("%d bytes: %+v", len(data), got)
	}
}
