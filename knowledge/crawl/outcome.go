package crawl

import "fmt"

// Outcome is how one address ended. Every address that a crawl comes upon ends
// with exactly one.
type Outcome string

// Imported and Unchanged addresses are documents.
const (
	Imported  Outcome = "imported"
	Unchanged Outcome = "unchanged"
)

// Addresses that hold no document of their own, by the rules of the site or of
// its owner. A document that was known under such an address is reported Gone,
// except as noted.
const (
	Duplicate  Outcome = "duplicate"    // same text as another document
	Redirected Outcome = "redirected"   // leads to another address; kept if that one is no document
	Canonical  Outcome = "canonical"    // names another address as its proper one
	NoIndex    Outcome = "noindex"      // by meta element or X-Robots-Tag
	NoFollow   Outcome = "nofollow"     // only linked to by links not to be followed
	Disallowed Outcome = "robots"       // robots.txt disallows it
	OffSite    Outcome = "off-site"     // another host
	Excluded   Outcome = "excluded"     // PathPrefix, Include or Exclude
	Language   Outcome = "language"     // not one of Languages
	NotFound   Outcome = "not-found"    // 404
	Removed    Outcome = "gone"         // 410
	Trap       Outcome = "trap"         // address of a kind that has no end
	Type       Outcome = "type"         // content that no parser takes; a known document is kept
	NoText     Outcome = "no-text"      // nothing to read; a known document is kept
	Soft404    Outcome = "soft-404"     // answers 200 with what it says for any address; a known document is kept
	Login      Outcome = "login"        // asks to log in; a known document is kept
	Script     Outcome = "needs-render" // a shell that scripts fill; a known document is kept
	TooLarge   Outcome = "too-large"    // passes a limit; a known document is kept
	Encrypted  Outcome = "encrypted"    // needs a password; a known document is kept
)

// Addresses that could not be read this time. Known documents are kept.
const (
	Unreachable       Outcome = "unreachable"        // no connection, or no answer
	Status            Outcome = "status"             // answers with an error
	RobotsUnreachable Outcome = "robots-unreachable" // robots.txt cannot be had, so nothing may be fetched
	Blocked           Outcome = "blocked-address"    // not a public address
	Malformed         Outcome = "malformed"          // content that is not what it claims to be
)

// Addresses that were not looked at because the crawl ended before.
const (
	Cap      Outcome = "cap"      // MaxDocuments reached
	Budget   Outcome = "budget"   // MaxFetches reached
	Deadline Outcome = "deadline" // Deadline reached
	Aborted  Outcome = "aborted"  // the site failed too often in a row
)

// Skip is why an address is not a document. It is the Err of changes of kind
// Skipped, Failed and Gone.
type Skip struct {
	URL     string
	Outcome Outcome
	Detail  string // more words, may be empty
	Err     error  // the cause, may be nil
}

// Error names the address, the outcome and the reason.
func (s *Skip) Error() string {
	text := fmt.Sprintf("crawl %s: %s", s.URL, s.Outcome)
	if s.Detail != "" {
		text += ": " + s.Detail
	}
	if s.Err != nil {
		text += ": " + s.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (s *Skip) Unwrap() error { return s.Err }

// failure tells outcomes that are the site's or the network's fault at the
// moment, which a later crawl may find cured.
func (o Outcome) failure() bool {
	switch o {
	case Unreachable, Status, RobotsUnreachable, Blocked, Malformed:
		return true
	}
	return false
}

// proof tells outcomes that prove that no document is there any more.
func (o Outcome) proof() bool {
	switch o {
	case Duplicate, Canonical, NoIndex, Disallowed, OffSite, Excluded, Language, NotFound, Removed:
		return true
	}
	return false
}

// cut tells outcomes of addresses that were not looked at.
func (o Outcome) cut() bool {
	switch o {
	case Cap, Budget, Deadline, Aborted:
		return true
	}
	return false
}
