package agent

import (
	"net/url"
	"strings"
	"testing"
)

// Whatever the arguments, the request goes to the template's origin, below its
// path, with its parameters and no others.
func FuzzURLTemplateKeepsItsShape(f *testing.F) {
	f.Add("7", "x")
	f.Add("../..", "a&b=c")
	f.Add("@evil.example", "#x")
	f.Add("%2e%2e%2f", "%26")
	f.Add(`\\evil.example`, "\x00")
	t, err := parseURLTemplate("https://api.shop.example:8443/v1/orders/{order}/lines?note={note}&fixed=1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(tt *testing.T, order, note string) {
		u, err := t.with(map[string]any{"order": order, "note": note})
		if err != nil {
			return
		}
		again, err := url.Parse(u.String())
		if err != nil {
			tt.Fatal(err)
		}
		parts := strings.Split(again.EscapedPath(), "/")
		query := again.Query()
		if again.Scheme != "https" || again.Host != "api.shop.example:8443" || again.User != nil || again.Fragment != "" || len(parts) != 5 || parts[1] != "v1" || parts[4] != "lines" || isDots(parts[3]) {
			tt.Errorf("%q makes %s", order, again)
		}
		if len(query) != 2 || len(query["note"]) != 1 || query.Get("note") != note || query.Get("fixed") != "1" {
			tt.Errorf("%q makes the query %v", note, query)
		}
	})
}
