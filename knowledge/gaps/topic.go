package gaps

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kundeagent/kundeagent/internal/text"
)

// Status says what people did about a topic.
type Status string

// The statuses.
const (
	Open            Status = "open"
	StatusResolved  Status = "resolved"
	StatusDismissed Status = "dismissed"
)

// Topic is what several customers asked and the knowledge did not answer.
type Topic struct {
	ID string
	// Title is the question that is most like all of them.
	Title  string
	Status Status
	// ChangedAt, ChangedBy and Reason tell of the last change of status by a
	// person, or by the question that reopened the topic (ChangedBy is empty).
	ChangedAt time.Time
	ChangedBy string
	Reason    string
	// Conversations counts all in which it was asked, Since those after
	// ChangedAt.
	Conversations, Since int
	FirstSeen, LastSeen  time.Time
	// Languages and Channels count the conversations, and so does Reasons by why
	// it is a gap.
	Languages, Channels, Reasons map[string]int
	// Questions are the first [MaxQuestions] different ones word for word, in the
	// order they came; MoreQuestions counts the conversations with others.
	Questions     []Question
	MoreQuestions int
	// Recent are the last [MaxRecent] conversations, the latest first.
	Recent      []Ask
	Suggestions []Suggestion // oldest first, the last [MaxSuggestions]
	// Answer is what it was last resolved with, also after it was reopened.
	Answer *Answer
}

// Question is one wording of a topic. Case and punctuation make no other.
type Question struct {
	Text          string
	Language      string
	Conversations int
	LastSeen      time.Time
}

// Ask is one conversation in which a topic was asked.
type Ask struct {
	Conversation, Channel, Language, Question string
	Seq                                       int64
	At                                        time.Time
}

// topic is a Topic as it is folded. Title is left to readers.
type topic struct {
	Topic
	wordings map[string]int   // folded questions to places in Questions
	centres  map[string]int32 // by language, in its cluster
}

func (t *topic) ask(e Event, reopenAt int) {
	if t.Status == "" {
		t.Status = Open
	}
	if t.Conversations == 0 || e.At.Before(t.FirstSeen) {
		t.FirstSeen = e.At
	}
	if e.At.After(t.LastSeen) {
		t.LastSeen = e.At
	}
	t.Conversations++
	count(&t.Languages, e.Language)
	count(&t.Channels, e.Channel)
	count(&t.Reasons, e.Reason)
	t.word(e)
	t.Recent = append(t.Recent, Ask{e.Conversation, e.Channel, e.Language, e.Question, e.Seq, e.At})
	t.Recent = t.Recent[max(0, len(t.Recent)-MaxRecent):]
	if !e.At.After(t.ChangedAt) {
		return // asked before, told of afterwards
	}
	t.Since++
	if t.Status == StatusResolved || t.Status == StatusDismissed && reopenAt > 0 && t.Since >= reopenAt {
		t.become(Open, Event{At: e.At, Reason: "asked again"})
	}
}

// word counts the wording of a question.
func (t *topic) word(e Event) {
	key := e.Language + text.Phrase(e.Question)
	at, ok := t.wordings[key]
	if !ok {
		if len(t.Questions) == MaxQuestions {
			t.MoreQuestions++
			return
		}
		if t.wordings == nil {
			t.wordings = map[string]int{}
		}
		at = len(t.Questions)
		t.wordings[key] = at
		t.Questions = append(t.Questions, Question{Text: e.Question, Language: e.Language})
	}
	q := &t.Questions[at]
	q.Conversations++
	if e.At.After(q.LastSeen) {
		q.LastSeen = e.At
	}
}

func count(of *map[string]int, what string) {
	if *of == nil {
		*of = map[string]int{}
	}
	(*of)[what]++
}

func (t *topic) become(s Status, e Event) {
	t.Status, t.ChangedAt, t.ChangedBy, t.Reason, t.Since = s, e.At, e.By, e.Reason, 0
}

func (t *topic) suggest(s Suggestion) {
	for i := range t.Suggestions {
		if old := &t.Suggestions[i]; old.Origin == s.Origin && old.Language == s.Language && old.State == Proposed {
			old.State = Superseded
		}
	}
	s.State = Proposed
	t.Suggestions = append(t.Suggestions, s)
	t.Suggestions = t.Suggestions[max(0, len(t.Suggestions)-MaxSuggestions):]
}

func (t *topic) resolve(e Event) {
	t.become(StatusResolved, e)
	t.Answer = e.Answer
	for i := range t.Suggestions {
		s := &t.Suggestions[i]
		switch {
		case s.ID == e.Answer.Suggestion && s.ID != "":
			s.State = Approved
		case s.State == Proposed:
			s.State = Superseded
		}
	}
}

// view returns the topic as readers may keep it.
func (ts *Topics) view(t *topic) Topic {
	out := t.Topic
	out.Title = ts.title(t)
	out.Languages, out.Channels, out.Reasons = maps.Clone(t.Languages), maps.Clone(t.Channels), maps.Clone(t.Reasons)
	out.Questions, out.Suggestions = slices.Clone(t.Questions), slices.Clone(t.Suggestions)
	out.Recent = slices.Clone(t.Recent)
	slices.Reverse(out.Recent)
	return out
}

// title returns the question that is most like all of the topic. In a topic of
// several languages it is of the one that is asked most.
func (ts *Topics) title(t *topic) string {
	if len(t.Questions) == 0 {
		if t.Answer != nil {
			return t.Answer.Question
		}
		return ""
	}
	languages := slices.SortedFunc(maps.Keys(t.Languages), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.Languages[b], t.Languages[a]), cmp.Compare(a, b))
	})
	best, score := t.Questions[0].Text, -1.0
	for _, q := range t.Questions {
		if q.Language != languages[0] {
			continue
		}
		if s := ts.centrality(t, q); s > score {
			best, score = q.Text, s
		}
	}
	return best
}

func (ts *Topics) centrality(t *topic, q Question) float64 {
	language := text.Base(q.Language)
	at, ok := t.centres[language]
	if !ok {
		return 0
	}
	return ts.clusters[language].similarity(at, ts.terms(q.Text, q.Language))
}
