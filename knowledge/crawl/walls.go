package crawl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"regexp"
	"strings"
)

const (
	// A page with a password field and less text than this is a form to log in;
	// with more it is a page that has such a form in its frame.
	loginTextBelow = 900
	// A page that says that there is no such page says little else.
	missingTextBelow = 600
	// Pages with more text are not compared with the page for missing ones.
	probeTextBelow = 6000
)

var passwordField = regexp.MustCompile(`(?i)<input\b[^>]{0,400}\btype\s*=\s*["']?password\b`)

// loginPath tells addresses that exist to log people in.
func loginPath(u *url.URL) bool {
	for _, s := range strings.Split(strings.ToLower(strings.Trim(u.Path, "/")), "/") {
		s = strings.TrimSuffix(s, path.Ext(s))
		switch s {
		case "login", "log-in", "log_in", "logon", "signin", "sign-in", "sign_in", "signon", "sso", "saml", "saml2", "oauth",
			"oauth2", "oidc", "adfs", "wp-login", "user-login", "userlogin", "authenticate", "authorize", "password_protected":
			return true
		}
	}
	return false
}

// loginWall tells a page that stands in front of content rather than being it.
func loginWall(body []byte, text string) bool {
	return len(text) < loginTextBelow && passwordField.Match(body)
}

// missingTitle knows how sites title the page that says there is no such page.
var missingTitle = regexp.MustCompile(`(?i)^(?:error\s*)?404\b|\b404\s*(?:error|not found|[-–—|:])|^(?:page|seite|side[nt]?|sida[n]?|página|pagina|page) (?:was |were |er |är |non |nicht |ikke |inte |niet |no )?(?:not found|cannot be found|introuvable|nicht gefunden|gefunden|fundet|findes ikke|hittades inte|funnet|niet gevonden|gevonden|no encontrada|encontrada|não encontrada|non trovata|trovata)`)

func saysMissing(title, text string) bool {
	return len(text) < missingTextBelow && missingTitle.MatchString(strings.TrimSpace(title))
}

// probe is how a site answers for a page that cannot exist.
type probe struct {
	likeness string // of the page it shows, when it claims success
	redirect string // key of where it leads
}

// askForMissing finds out how the site answers for pages that it does not have.
func (f *fetcher) askForMissing(ctx context.Context, start address) probe {
	sum := sha256.Sum256([]byte(start.key))
	missing, err := resolve(start.url, "/"+hex.EncodeToString(sum[:7])+"-no-such-page")
	if err != nil {
		return probe{}
	}
	got := f.fetch(ctx, missing, nil)
	switch {
	case got.redirect != nil:
		return probe{redirect: got.redirect.key}
	case got.outcome != "" || !got.html:
		return probe{}
	}
	page, err := f.src.parseHTML(ctx, got)
	if err != nil {
		return probe{}
	}
	return probe{likeness: likeness(page.Document.PlainText(), got.addr)}
}

// shows tells whether a page is the one for addresses that do not exist.
func (p probe) shows(text string, addr address) bool {
	return p.likeness != "" && likeness(text, addr) == p.likeness
}

// likeness is a hash of a short page's text that is the same for two addresses
// if the pages differ only in naming their address. Empty for long pages and
// for those without text.
func likeness(text string, addr address) string {
	if len(text) > probeTextBelow || strings.TrimSpace(text) == "" {
		return ""
	}
	for _, own := range []string{addr.String(), addr.url.Path, path.Base(addr.url.Path)} {
		if len(own) > 3 {
			text = strings.ReplaceAll(text, own, "")
		}
	}
	sum := sha256.Sum256(bytes.Join(bytes.Fields([]byte(text)), []byte(" ")))
	return hex.EncodeToString(sum[:])
}
