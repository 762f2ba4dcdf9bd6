package report

import (
	"cmp"
	"slices"
	"time"
)

// moment is a time in microseconds since 1970; 0 is never. Moments are compared
// and kept by the million, which times are too large for.
type moment int64

func momentOf(t time.Time) moment {
	m := moment(t.UnixMicro())
	if m == 0 {
		return 1 // the one microsecond that means never
	}
	return m
}

func (m moment) time() time.Time { return time.UnixMicro(int64(m)) }

// earlier and later keep the first and the last of two moments.
func (m *moment) earlier(n moment) {
	if *m == 0 || n < *m {
		*m = n
	}
}

func (m *moment) later(n moment) {
	if *m == 0 || n > *m {
		*m = n
	}
}

// since reports whether m happened, at n or after.
func (m moment) since(n moment) bool { return m != 0 && (n == 0 || m >= n) }

// conversation is what events have told of one conversation. Every field is the
// first, the last or the union of what was seen, never a count, so that neither
// the order of events nor their repetition matters.
type conversation struct {
	channel    label
	language   label
	languageAt moment

	begun, active moment // the first and the last message
	answered      moment // the last of each
	replied       moment
	askedBack     moment
	closed        moment
	reopened      moment

	refused, handedOver       moment // the first of each
	refusedFor, handedOverFor label
	humanAsked, humanTook     bool

	answers []answer // by key
}

// answer is one message of the agent: what it rests on, and the vote on it.
type answer struct {
	key     uint64 // hash of the message's name
	given   bool   // there is an Answered, not a vote alone
	helpful bool
	voted   moment
	sources []label
}

// Bounds of what one conversation may hold.
const (
	maxAnswers = 64
	maxSources = 16
)

// see takes note of an event. It is called with the names of the tally that
// holds the conversation.
func (c *conversation) see(e *Event, at moment, names *labels) {
	if e.Channel != "" {
		// A conversation has one channel; should events disagree, the first name in
		// the alphabet is as good as any, and the same in any order.
		c.channel = names.smaller(c.channel, e.Channel)
	}
	if e.Language != "" && at >= c.languageAt {
		if at > c.languageAt {
			c.language = 0
		}
		c.language, c.languageAt = names.smaller(c.language, e.Language), at
	}
	switch e.Kind {
	case Received:
		c.said(at)
	case Reopened:
		c.said(at)
		c.reopened.later(at)
	case Refused:
		c.said(at)
		names.first(&c.refused, &c.refusedFor, at, e.Reason)
	case Answered:
		c.said(at)
		c.answered.later(at)
		if a := c.answer(e.Message); a != nil {
			a.given = true
			a.restsOn(e.Sources, names)
		}
	case Replied:
		c.said(at)
		c.replied.later(at)
	case AskedBack:
		c.said(at)
		c.askedBack.later(at)
	case HandedOver:
		c.said(at)
		names.first(&c.handedOver, &c.handedOverFor, at, e.Reason)
	case HumanReplied:
		c.said(at)
		c.humanTook = true
	case TakenOver:
		c.humanTook = true
	case HumanAsked:
		c.humanAsked = true
	case FeedbackGiven:
		if a := c.answer(e.Message); a != nil {
			a.vote(at, e.Helpful)
		}
	case Closed:
		c.closed.later(at)
	}
}

// said takes note of a message.
func (c *conversation) said(at moment) {
	c.begun.earlier(at)
	c.active.later(at)
}

// answer returns the entry of a message, nil if it has no place. Of too many the
// smallest keys are kept: the same ones in whatever order they come.
func (c *conversation) answer(message string) *answer {
	key := hashOf(message)
	i, found := slices.BinarySearchFunc(c.answers, key, func(a answer, k uint64) int { return cmp.Compare(a.key, k) })
	if found {
		return &c.answers[i]
	}
	if i == maxAnswers {
		return nil
	}
	if len(c.answers) == maxAnswers {
		c.answers = c.answers[:maxAnswers-1]
	}
	c.answers = slices.Insert(c.answers, i, answer{key: key})
	return &c.answers[i]
}

// hashOf is FNV-1a: the same in every process.
func hashOf(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// restsOn adds sources, in the order of their names; of too many the first.
func (a *answer) restsOn(sources []string, names *labels) {
	for _, s := range sources {
		s = shortened(s)
		i, found := slices.BinarySearchFunc(a.sources, s, func(l label, s string) int { return cmp.Compare(names.name(l), s) })
		if s == "" || found || i == maxSources {
			continue
		}
		if len(a.sources) == maxSources {
			a.sources = a.sources[:maxSources-1]
		}
		a.sources = slices.Insert(a.sources, i, names.of(s))
	}
}

// vote keeps the last vote; of two at once the one against.
func (a *answer) vote(at moment, helpful bool) {
	switch {
	case a.voted == 0 || at > a.voted:
		a.voted, a.helpful = at, helpful
	case at == a.voted:
		a.helpful = a.helpful && helpful
	}
}

// tookPart reports whether the agent said something.
func (c *conversation) tookPart() bool {
	return c.answered != 0 || c.replied != 0 || c.askedBack != 0 || c.handedOver != 0
}

// facts is the conversation as Judge sees it.
func (c *conversation) facts() Facts {
	f := Facts{
		TookPart: c.tookPart(), AskedBack: c.askedBack != 0, HandedOff: c.handedOver != 0 || c.humanTook,
		HumanAsked: c.humanAsked, LastActivity: c.active.time(),
	}
	f.Silent = !c.answered.since(c.reopened) && !c.replied.since(c.reopened) && !c.askedBack.since(c.reopened)
	smallTalk := c.replied.since(c.reopened) && !c.askedBack.since(c.reopened)
	f.Answered = c.answered.since(c.reopened) || c.answered != 0 && smallTalk
	for i := range c.answers {
		if a := &c.answers[i]; a.voted != 0 {
			f.Negative = f.Negative || !a.helpful
			f.Helpful = f.Helpful || a.helpful && a.voted.since(c.reopened)
		}
	}
	return f
}

// notTakenFor is why the agent took no part.
func (c *conversation) notTakenFor(names *labels) string {
	switch {
	case c.refused != 0:
		return names.name(c.refusedFor)
	case c.humanTook:
		return HumanFirst
	}
	return NoReply
}

// handedOffFor is why a human got the conversation.
func (c *conversation) handedOffFor(names *labels) string {
	if c.handedOver != 0 {
		return names.name(c.handedOverFor)
	}
	return HumanTook
}

// took is how long it took until the last answer.
func (c *conversation) took() time.Duration {
	from := c.begun
	if c.reopened != 0 && c.answered >= c.reopened {
		from = c.reopened
	}
	return time.Duration(max(0, c.answered-from)) * time.Microsecond
}

// last is when anything was said or ended.
func (c *conversation) last() moment { return max(c.active, c.closed) }

// open reports whether the conversation has not ended.
func (c *conversation) open() bool { return c.closed == 0 || c.active > c.closed }
