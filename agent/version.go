package agent

import (
	"encoding/json"
	"errors"
	"time"
)

// Version is one state of an agent's [Settings]. Versions are numbered from 1
// without holes and never change; 0 is what Config says.
type Version struct {
	Number   int64
	Settings json.RawMessage // as JSON, so that any release of the library can keep any other's
	// Based is the version that was edited.
	Based int64
	By    Actor
	At    time.Time
	Note  string
}

// ErrNoVersion: there is no version of that number.
var ErrNoVersion = errors.New("agent: no such version")
