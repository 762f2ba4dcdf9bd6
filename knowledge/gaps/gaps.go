// Package gaps tells which questions the knowledge had no answer to: it folds
// a log of events, one question of each conversation among them, into topics
// with their number of conversations, and with what people did about them.
//
// Questions are one topic when their words are alike: their stems and character
// n-grams, weighed by how few topics hold them. Which topic a question belongs to
// is decided once, by [Topics.Place], when the question is logged, and stands in
// its event. So a topic keeps its ID whatever becomes of its first question, and
// every fold of the same log comes to the same topics.
package gaps

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/kundeagent/kundeagent/internal/text"
)

// Config tunes [Topics]. The zero value of a field is its default. Folds of one
// log need the same.
type Config struct {
	// SameAt is the similarity in [0,1] from which two questions are one topic;
	// default .4 (see TestQualityTopics).
	SameAt float64
	// Meaning, if set, compares questions that are not alike by their words, also
	// of different languages. [ByMeaning] makes one of an embedder.
	Meaning Meaning
	// SameMeaningAt is the similarity of Meaning from which two questions are one
	// topic; what it is to be depends on the model; default .85.
	SameMeaningAt float64
	// ReopenAt is how many further conversations reopen a dismissed topic;
	// default 10, negative is never. A resolved topic is reopened by the first.
	ReopenAt int
}

// Meaning returns how similar a question is to each of the others, in [0,1]. It
// must be safe for concurrent use. Its error leaves the words to decide.
type Meaning func(ctx context.Context, question string, others []string) ([]float64, error)

// Bounds of what is kept of a topic; its counts are exact.
const (
	MaxQuestions   = 50 // different questions: the first ones
	MaxRecent      = 20 // conversations: the last ones
	MaxSuggestions = 10 // the last ones
)

// Topics are the gaps of one log so far. They are for one goroutine at a time.
type Topics struct {
	cfg      Config
	termer   termer
	clusters map[string]*cluster // by base language
	topics   map[string]*topic
	order    []*topic          // as they began
	same     map[string]string // IDs of topics that were begun twice
	seen     map[string]bool   // events, and conversations
}

// New returns no topics.
func New(cfg Config) *Topics {
	if cfg.SameAt == 0 {
		cfg.SameAt = .4
	}
	if cfg.SameMeaningAt == 0 {
		cfg.SameMeaningAt = .85
	}
	if cfg.ReopenAt == 0 {
		cfg.ReopenAt = 10
	}
	return &Topics{
		cfg: cfg, clusters: map[string]*cluster{}, topics: map[string]*topic{}, same: map[string]string{}, seen: map[string]bool{},
	}
}

// Askable reports whether a question holds anything to tell topics by.
func Askable(question string) bool { return len(text.Words(question)) > 0 }

// Place returns the topic that a question belongs to, or the ID of a new one,
// which depends on the conversation alone. It changes nothing: the event that
// tells of the question does. The error is that of Config.Meaning; the topic is
// then the one that the words tell.
func (ts *Topics) Place(ctx context.Context, conversation, question, language string) (topic string, err error) {
	t := ts.termer.terms(question, language)
	if found := ts.byWords(t, language); found != nil {
		return found.ID, nil
	}
	found, err := ts.byMeaning(ctx, question)
	if found != nil {
		return found.ID, nil
	}
	return newID(conversation), err
}

// Knows reports whether a question of the conversation was applied.
func (ts *Topics) Knows(conversation string) bool { return ts.seen["asked "+conversation] }

// byWords returns the topic that is most like a question, if it is enough so.
func (ts *Topics) byWords(t terms, language string) *topic {
	c := ts.clusters[text.Base(language)]
	if c == nil {
		return nil
	}
	if best := c.nearest(t); len(best) > 0 && best[0].similarity >= ts.cfg.SameAt {
		return best[0].centre.topic
	}
	return nil
}

func newID(conversation string) string {
	sum := sha256.Sum256([]byte("topic " + conversation))
	return "gap-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

// Apply folds one more event, in the order of the log. An event that was
// applied before, and a second question of a conversation, count for nothing.
func (ts *Topics) Apply(e Event) {
	id := e.ID
	if e.Kind == Asked {
		id = "asked " + e.Conversation
	}
	if ts.seen[id] || e.Topic == "" || e.Kind == Asked && e.Conversation == "" {
		return
	}
	ts.seen[id] = true
	switch e.Kind {
	case Asked:
		ts.ask(e)
	case Suggested:
		if e.Suggestion != nil {
			ts.topicOf(e.Topic).suggest(*e.Suggestion)
		}
	case Resolved:
		if e.Answer != nil {
			t := ts.topicOf(e.Topic)
			t.resolve(e)
			ts.learnAnswer(t, *e.Answer)
		}
	case Dismissed:
		ts.topicOf(e.Topic).become(StatusDismissed, e)
	case Reopened:
		ts.topicOf(e.Topic).become(Open, e)
	}
}

// ask adds a question to its topic. Two replicas that begin a topic at the same
// time name it differently: the second name is one more of the first.
func (ts *Topics) ask(e Event) {
	found := ts.terms(e.Question, e.Language)
	if ts.topics[e.Topic] == nil && ts.same[e.Topic] == "" {
		if first := ts.byWords(found, e.Language); first != nil {
			ts.same[e.Topic] = first.ID
		}
	}
	t := ts.topicOf(e.Topic)
	t.ask(e, ts.cfg.ReopenAt)
	ts.learn(t, found, e.Language)
}

func (ts *Topics) terms(question, language string) terms { return ts.termer.terms(question, language) }

// topicOf returns the topic of an ID, one without questions if there is none.
func (ts *Topics) topicOf(id string) *topic {
	if first := ts.same[id]; first != "" {
		id = first
	}
	t := ts.topics[id]
	if t == nil {
		t = &topic{Topic: Topic{ID: id}}
		ts.topics[id] = t
		ts.order = append(ts.order, t)
	}
	return t
}

// learn lets later questions find the topic by this one.
func (ts *Topics) learn(t *topic, found terms, language string) {
	if found.empty() {
		return
	}
	language = text.Base(language)
	c := ts.clusters[language]
	if c == nil {
		c = newCluster()
		ts.clusters[language] = c
	}
	at, ok := t.centres[language]
	if !ok {
		if t.centres == nil {
			t.centres = map[string]int32{}
		}
		at = int32(len(c.centres))
		t.centres[language] = at
		c.add(t)
	}
	c.learn(at, found)
}

// learnAnswer lets later questions find a topic whose own questions are gone
// from the log.
func (ts *Topics) learnAnswer(t *topic, a Answer) {
	if len(t.centres) > 0 || len(a.Texts) != 1 {
		return
	}
	for language := range a.Texts {
		for _, q := range append([]string{a.Question}, a.Variants...) {
			ts.learn(t, ts.terms(q, language), language)
		}
	}
}
