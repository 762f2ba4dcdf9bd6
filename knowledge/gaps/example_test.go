package gaps_test

import (
	"context"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

func ExampleNew() {
	topics := gaps.New(gaps.Config{})
	for i, question := range []string{"Do you ship to Iceland?", "Can I pay by invoice?", "How much is shipping to Iceland?"} {
		conversation := fmt.Sprint("conversation-", i)
		topic, _ := topics.Place(context.Background(), conversation, question, "en") // without a Meaning there is no error
		topics.Apply(gaps.Event{
			ID: conversation, Kind: gaps.Asked, Topic: topic, Conversation: conversation, Language: "en", Question: question,
			At: time.Date(2026, 3, 2+i, 9, 0, 0, 0, time.UTC),
		})
	}
	for _, topic := range topics.List(gaps.Query{}).Topics {
		fmt.Printf("%d  %s  %s\n", topic.Conversations, topic.LastSeen.Format(time.DateOnly), topic.Title)
	}
	// Output:
	// 2  2026-03-04  How much is shipping to Iceland?
	// 1  2026-03-03  Can I pay by invoice?
}
