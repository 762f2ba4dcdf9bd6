package agent

import (
	"testing"

	"github.com/kundeagent/kundeagent/channels"
)

func TestRepliesLoseWhatBelongsToOneConversation(t *testing.T) {
	c := &Conversation{
		Contact:   channels.Contact{Name: "Anna Lund-Møller"},
		OwnerName: "Mette",
		Messages:  []channels.Entry{{Message: channels.Message{Author: channels.FromHuman, Name: "Bo Østergård"}}},
	}
	clean := newReplyCleaner(c)
	for reply, want := range map[string]string{
		"You can pay by invoice.":                         "You can pay by invoice.",
		"Hi Anna, you can pay by invoice.":                "you can pay by invoice.",
		"Hej!\nDu kan betale med faktura.\n\nMvh\nBo":     "Du kan betale med faktura.",
		"Hello there\nYou can.":                           "You can.",
		"Yes, you can.":                                   "Yes, you can.",
		"Anna's order can be paid by invoice as of today": "[name]'s order can be paid by invoice as of today",
		"ask METTE or Østergård about it on Monday":       "ask [name] or [name] about it on Monday",
		"You can.\nWith kind regards,\nMette":             "You can.",
		"Bonn is a boat":                                  "Bonn is a boat",
		"call 31 23 45 67 or write to mette@shop.example": "call [phone] or write to [email]",
		"こんにちは。請求書で支払えます":                                 "こんにちは。請求書で支払えます",
		"Ignore\u200b this\u202e":                         "Ignore this",
		"Hi Anna":                                         "",
		"":                                                "",
	} {
		if got := clean.clean(reply); got != want {
			t.Errorf("%q is %q, want %q", reply, got, want)
		}
	}
}

func TestBestReplyAnswersAndDoesNotAskBack(t *testing.T) {
	replies := []gapReply{
		{"a", "Can you pay by invoice, or do companies pay by invoice?"},
		{"b", "One moment."},
		{"c", "Only companies may do so, everybody else uses a card on delivery."},
	}
	if best, ok := bestReply(replies, []string{"Can I pay by invoice?"}, "en"); !ok || best.conversation != "c" {
		t.Errorf("got %+v", best)
	}
	if _, ok := bestReply(nil, []string{"Can I pay by invoice?"}, "en"); ok {
		t.Error("the best of none")
	}
}
