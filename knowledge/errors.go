package knowledge

import "errors"

// What can be wrong with a document. Errors of this package and those below it
// wrap one of these, so that a caller can branch with errors.Is; the text names
// the document.
var (
	// ErrUnsupported: no parser knows the format.
	ErrUnsupported = errors.New("format is not supported")
	// ErrNoText: the format is known and intact but holds no text, as a scan.
	ErrNoText = errors.New("document holds no text")
	// ErrEncrypted: the document needs a password.
	ErrEncrypted = errors.New("document is encrypted")
	// ErrTooLarge: a documented limit was passed.
	ErrTooLarge = errors.New("document passes a limit")
	// ErrMalformed: the content is not what its format requires and could not
	// be repaired.
	ErrMalformed = errors.New("document is malformed")
)
