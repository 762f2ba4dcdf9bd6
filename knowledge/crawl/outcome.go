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
// its owner. A document that was known under such an address is reported Missing,
// or Gone where Removed, Excluded or OffSite says that it was meant, except as
// noted.
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
	NotFound   Outcome = "not-found"    // 404; a known document is kept until that was seen twice, or the sitemap dropped it too
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
// Skipped, Failed, Gone and Missing.
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

// certain tells whether a document was removed for this reason on purpose: its
// address answers 410, or the rules of the source's owner leave it out. A site
// may by mistake answer 404, or ask not to be indexed, for all of its pages.
func (s *Skip) certain() bool {
	switch s.Outcome {
	case Removed, Excluded, OffSite:
		return true
	}
	return false
}

// Note is something odd about a site that is no address's outcome: documents
// with nearly the same text, a sitemap that cannot be read, a canonical address
// on another host. It is the Err of a change of kind Progress.
type Note struct {
	URL  string
	Text string
}

// Error names the address and what is odd about it.
func (n *Note) Error() string { return fmt.Sprintf("crawl %s: note: %s", n.URL, n.Text) }

// failure tells outcomes that are the site's or the network's fault at the
// moment, which a later crawl may find cured.
func (o Outcome) failure() bool {
	switch o {
	case Unreachable, Status, RobotsUnreachable, Blocked, Malformed:
		return true
	}
	return false
}

// proof tells outcomes that prove that no document is there any more. A 404 is
// not among them: see run.missed.
func (o Outcome) proof() bool {
	switch o {
	case Duplicate, Canonical, NoIndex, Disallowed, OffSite, Excluded, Language, Removed:
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
