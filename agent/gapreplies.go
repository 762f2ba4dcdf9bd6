package agent

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/internal/text"
	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

// gapReply is what a human replied to a question of a topic, without personal
// data.
type gapReply struct {
	conversation string
	text         string
}

const (
	// repliesOfConversation bounds the replies that are read of one conversation.
	repliesOfConversation = 10
	// greetingWords is up to how many words are a greeting or a signature.
	greetingWords = 4
)

// humanReplies returns what people replied in a topic's last conversations, by
// the language of the question. Conversations that are gone have none.
func (a *Agent) humanReplies(ctx context.Context, topic gaps.Topic) (map[string][]gapReply, error) {
	out := map[string][]gapReply{}
	for _, ask := range topic.Recent {
		c, err := a.cfg.Store.Load(ctx, a.cfg.ID, ask.Conversation)
		if errors.Is(err, ErrNoConversation) {
			continue
		}
		if err != nil {
			return nil, err
		}
		clean := newReplyCleaner(&c)
		left := repliesOfConversation
		for _, e := range c.Messages {
			if e.Seq <= ask.Seq || e.Message.Author != channels.FromHuman {
				continue
			}
			if left--; left < 0 {
				break
			}
			if said := clean.clean(e.Message.Text); said != "" {
				out[ask.Language] = append(out[ask.Language], gapReply{c.ID, said})
			}
		}
	}
	return out, nil
}

// nameMark stands for a name that was taken out.
const nameMark = "[name]"

// replyCleaner takes out of replies what belongs to one conversation: what
// [NewRedactor] finds, names that the conversation knows, and the greetings and
// signatures they are in.
type replyCleaner struct {
	redactor Redactor
	names    map[string]bool // folded
}

func newReplyCleaner(c *Conversation) replyCleaner {
	r := replyCleaner{NewRedactor(RedactorConfig{}), map[string]bool{}}
	r.know(c.Contact.Name)
	r.know(c.OwnerName)
	for _, e := range c.Messages {
		if e.Message.Author == channels.FromHuman {
			r.know(e.Message.Name)
		}
	}
	return r
}

func (r *replyCleaner) know(name string) {
	for _, w := range text.Words(name) {
		if utf8.RuneCountInString(w) > 1 {
			r.names[w] = true
		}
	}
}

func (r *replyCleaner) clean(reply string) string {
	var kept []string
	for line := range strings.Lines(reply) {
		line = r.withoutNames(oneLine(visible(r.redactor.Redact(line))))
		if head, tail, ok := strings.Cut(line, ","); ok && isAside(head) {
			line = strings.TrimSpace(tail)
		}
		switch {
		case line == "":
		case !isAside(line):
			kept = append(kept, line)
		case len(kept) > 0 && isRegards(kept[len(kept)-1]):
			kept = kept[:len(kept)-1]
		}
	}
	return cutRunes(strings.Join(kept, "\n"), maxSuggestionRunes)
}

// isAside reports a greeting or a signature: a few words around a name, or that
// begin with a greeting.
func isAside(s string) bool {
	words := phrases.Words(s)
	if len(phrases.SaidIn(phrases.Greetings, words)) > 0 {
		return true
	}
	few := len(strings.Fields(s)) <= greetingWords && !strings.ContainsFunc(s, isUnspaced)
	return few && (strings.Contains(s, nameMark) || len(phrases.BegunIn(phrases.Greetings, words)) > 0)
}

// isRegards reports the line before a signature: a few words without a full
// stop.
func isRegards(s string) bool {
	return len(strings.Fields(s)) <= greetingWords && !strings.ContainsAny(s, ".!?:") && !strings.ContainsFunc(s, isUnspaced)
}

// withoutNames replaces the names that are words of their own.
func (r *replyCleaner) withoutNames(s string) string {
	var sb strings.Builder
	rest := s
	for rest != "" {
		end := strings.IndexFunc(rest, func(c rune) bool { return !unicode.In(c, unicode.L, unicode.M, unicode.Nd) })
		switch {
		case end < 0:
			end = len(rest)
		case end == 0:
			_, end = utf8.DecodeRuneInString(rest)
		}
		word := rest[:end]
		if folded := text.Fold(word); r.names[folded] || r.names[strings.TrimSuffix(folded, "s")] && len(folded) > 3 {
			word = nameMark
		}
		sb.WriteString(word)
		rest = rest[end:]
	}
	return strings.ReplaceAll(sb.String(), nameMark+" "+nameMark, nameMark)
}
