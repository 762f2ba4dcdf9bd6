// Package channeltest tests that an implementation of [channels.Channel], with
// whatever other abilities it has, keeps what the interfaces promise, as
// [testing/fstest] does for file systems.
//
// Each promise is a subtest of its own, so that a failure names it. In a test of
// one's own:
//
//	func TestChannel(t *testing.T) {
//		channeltest.TestChannel(t, func(t *testing.T) channeltest.Subject {
//			vendor := newFakeVendor(t)
//			return channeltest.Subject{Channel: newChannel(vendor), Sent: vendor.texts}
//		})
//	}
//
// The suite is worth most under the race detector.
package channeltest

import (
	"context"
	"testing"

	"github.com/kundeagent/kundeagent/channels"
)

// Subject is a channel with what a test must know of it. Each promise is tested
// on a fresh one.
type Subject struct {
	Channel channels.Channel
	// Sent returns the text of each message that customers have got, oldest
	// first, as Outgoing.Text was. Without it only answers and errors are
	// tested.
	Sent func() []string
	// Shown returns what customers see of a streamed message, by its key.
	// Without it what streams show is not tested.
	Shown func(key string) string
	// Reopen returns the channel as another process has it, for the same
	// customers; it is not attached. Nil for a channel that lives in one process.
	Reopen func() channels.Channel
	// Refused is a message that the medium cannot send. Nil if there is none.
	Refused *channels.Outgoing
}

// TestChannel tests a channel, and its abilities as [channels.Streamer],
// [channels.Typist], [channels.Runner] and [channels.Reconciler] if it has them.
func TestChannel(t *testing.T, subject func(t *testing.T) Subject) {
	t.Helper()
	abilities := subject(t)
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			if !c.applies(abilities) {
				t.Skip("not among the abilities of what is tested")
			}
			c.check(t, subject(t))
		})
	}
}

// reporter is what a clause reports to: a [testing.T], or a recorder in tests of
// the suite itself.
type reporter interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// clause is one promise, and how it is tested.
type clause struct {
	name    string
	applies func(s Subject) bool
	check   func(r reporter, s Subject)
}

func always(Subject) bool { return true }

func seen(s Subject) bool { return s.Sent != nil }

func idempotent(s Subject) bool { return seen(s) && s.Channel.Capabilities().Idempotent }

func streams(s Subject) bool {
	_, ok := s.Channel.(channels.Streamer)
	return ok && s.Channel.Capabilities().Streams && s.Shown != nil
}

func is[A any](s Subject) bool {
	_, ok := s.Channel.(A)
	return ok
}

var clauses = []clause{
	{"the ID stays", always, checkID},
	{"the capabilities stay", always, checkCapabilities},
	{"no inbox is no inbox", always, checkAttachNil},
	{"the same inbox may come again", always, checkAttachSame},
	{"another inbox is refused", always, checkAttachOther},
	{"a message arrives", seen, checkSend},
	{"a key is sent once", idempotent, checkSendTwice},
	{"a key is sent once at the same time", idempotent, checkSendTwiceAtOnce},
	{"messages at the same time all arrive", seen, checkSendAtOnce},
	{"a context that ended is an error of its kind", always, checkSendEnded},
	{"failures say what they are", func(s Subject) bool { return s.Refused != nil }, checkRefused},
	{"typing can be shown and withdrawn at any time", is[channels.Typist], checkTyping},
	{"running ends with its context", is[channels.Runner], checkRun},
	{"what was not sent is not reconciled", is[channels.Reconciler], checkReconcileUnsent},
	{"what was sent is reconciled", is[channels.Reconciler], checkReconcileSent},
	{"a stream that is only opened shows nothing", streams, checkStreamOpened},
	{"segments are shown as they are", streams, checkStreamText},
	{"a segment again has no effect", streams, checkStreamRepeated},
	{"a segment after a hole is not shown", streams, checkStreamHole},
	{"a finished stream stays as it is", streams, checkStreamFinished},
	{"an aborted stream keeps what was shown", streams, checkStreamAborted},
	{"an end again has no effect", streams, checkStreamEndedTwice},
	{"a stream opened again goes on", streams, checkStreamReopened},
	{"a stream goes on in another process", func(s Subject) bool { return streams(s) && s.Reopen != nil }, checkStreamElsewhere},
	{"streams do not mix", streams, checkStreamsAtOnce},
}
