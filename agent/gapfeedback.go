package agent

import (
	"context"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

// logVoteGaps logs the questions whose answers, as customers voted since the
// last report, did not help. A vote that was changed meanwhile does not count.
func (w *work) logVoteGaps(ctx context.Context, c *Conversation) error {
	for _, v := range c.Feedback {
		if v.Helpful || v.Number <= c.Progress.Reported.Votes {
			continue
		}
		question, seq := c.questionOf(v.Message)
		if question == "" {
			continue
		}
		wanted, err := w.agent.shouldKnow(ctx, c, question)
		if err == nil && wanted {
			err = w.agent.logAsked(ctx, gaps.Event{
				Conversation: c.ID, Channel: c.Channel, Language: c.Progress.Language.Language, Question: question, Seq: seq, Reason: GapNotHelpful, At: v.At,
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// questionOf returns what the customer asked before a message of the agent's,
// and its place; empty if there is no such message, if it answered nothing, or if
// it said that a human takes over or has the case.
func (c *Conversation) questionOf(answer string) (question string, seq int64) {
	at := c.saidByAgent(answer)
	if h := c.Progress.Handoff; h != nil {
		told := c.saidByAgent(h.Case.Key)
		if told >= 0 && (at == told || at > told && h.open()) {
			return "", 0
		}
	}
	var asked []string
	for at--; at >= 0 && c.Messages[at].Message.Author == channels.FromCustomer; at-- {
		asked = append(asked, c.Messages[at].Message.Text)
		seq = max(seq, c.Messages[at].Seq)
	}
	slices.Reverse(asked)
	return strings.Join(asked, "\n"), seq
}

// saidByAgent returns where among the messages the agent's of that ID is; -1 if
// there is none.
func (c *Conversation) saidByAgent(id string) int {
	return slices.IndexFunc(c.Messages, func(e channels.Entry) bool {
		return e.Message.ID == id && e.Message.Author == channels.FromAgent
	})
}

// shouldKnow reports whether a question is one for the knowledge, by what is
// published now: no small talk and no topic to avoid.
func (a *Agent) shouldKnow(ctx context.Context, c *Conversation, question string) (bool, error) {
	language := c.Progress.Language
	if smallTalk(phrases.Words(question), language) != "" {
		return false, nil
	}
	l, err := a.lifecycle(ctx)
	if err != nil {
		return false, err
	}
	mind, _, err := a.minds.published(ctx, l)
	if err != nil {
		return false, err
	}
	avoided, _ := mind.guidelines.avoided(ctx, handoff.Situation{
		Text: question, Language: language.Language, LanguageSure: language.settled(), Contact: c.Contact, Channel: c.Channel,
	}, question)
	return avoided == nil, nil
}
