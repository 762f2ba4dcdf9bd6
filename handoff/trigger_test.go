package handoff

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/channels"
)

func ExampleWords() {
	trigger := Words(Now, "refund", "lost my key")
	for _, text := range []string{"I want a REFUND!", "Is it refundable?", "Help, I’ve lost my key."} {
		fmt.Println(trigger.Check(context.Background(), Situation{Text: text}).Detail)
	}
	// Output:
	// refund
	//
	// lost my key
}

func TestWordsMatchWholeWords(t *testing.T) {
	for _, test := range []struct {
		word, text string
		want       bool
	}{
		{"refund", "refund", true},
		{"refund", "Refund!", true},
		{"refund", "(refund)", true},
		{"refund", "my refund,please", true},
		{"refund", "refundable", false},
		{"refund", "prerefund", false},
		{"refund", "refunds", false},
		{"Refund", "a REFUND", true},
		{"  lost   key ", "I lost\nkey", false}, // over a line break
		{"  lost   key ", "I lost key", true},
		{"lost key", "I lost, key", true},
		{"lost key", "I lost. Key?", false},
		{"lost key", "lost my key", false},
		{"don't", "I dont", true},
		{"don't", "I don’t", true},
		{"e-bike", "my E-Bike", true},
		{"e-bike", "my e bike", true},
		{"Rücksendung", "rücksendung", true},
		{"Rücksendung", "RUECKSENDUNG", true},
		{"Rücksendung", "ru\u0308cksendung", true},
		{"Straße", "STRASSE", true},
		{"køb", "KØB", true},
		{"køb", "koeb", true},
		{"køb", "købe", false},
		{"возврат", "Нужен ВОЗВРАТ", true},
		{"возврат", "возвраты", false},
		{"退款", "我要退款吗", true},
		{"退款", "退一下款", false},
		{"คืนเงิน", "ขอคืนเงินหน่อย", true},
		{"返金", "ABC返金DEF", true},
		{"cancel", "", false},
		{"", "anything", false},
		{"!?", "what!?", false},
	} {
		got := Words(Offer, test.word).Check(t.Context(), Situation{Text: test.text})
		want := Signal{}
		if test.want {
			want = Signal{Urgency: Offer, Reason: CustomWords, Detail: test.word}
		}
		if got != want {
			t.Errorf("%q in %q: got %+v", test.word, test.text, got)
		}
	}
}

func TestWordsWithoutWordsNeverSetOff(t *testing.T) {
	if got := Words(Now).Check(t.Context(), Situation{Text: "refund"}); got != (Signal{}) {
		t.Errorf("got %+v", got)
	}
}

func said(messages ...string) []channels.Message {
	var out []channels.Message
	for _, m := range messages {
		author := channels.FromCustomer
		if text, ok := strings.CutPrefix(m, "agent: "); ok {
			m, author = text, channels.FromAgent
		}
		out = append(out, channels.Message{Author: author, Text: m})
	}
	return out
}

func TestRepetitionSetsOffAtTheThirdTime(t *testing.T) {
	for _, test := range []struct {
		name    string
		n       int
		history []channels.Message
		text    string
		want    bool
	}{
		{"first", 3, nil, "Where is it?", false},
		{"second", 3, said("Where is it?", "agent: Here."), "Where is it?", false},
		{"third", 3, said("Where is it?", "agent: Here.", "Where is it?", "agent: Here."), "Where is it?", true},
		{"third in other dress", 3, said("where is it", "agent: Here.", "WHERE is it??"), " Where, is it! ", true},
		{"third, but not in a row", 3, said("Where is it?", "Where is it?", "And the price?"), "Where is it?", false},
		{"what the agent repeats does not count", 3, said("agent: Where is it?", "agent: Where is it?"), "Where is it?", false},
		{"second where two are enough", 2, said("Where is it?"), "Where is it?", true},
		{"no number means three", 0, said("Where is it?", "Where is it?"), "Where is it?", true},
		{"no number is not one", 0, nil, "Where is it?", false},
		{"three unanswered in one", 3, nil, "Where is it?\nwhere is it\nWhere is it", true},
		{"two unanswered and one before", 3, said("Where is it?", "agent: Here."), "Where is it?\nWhere is it?", true},
		{"different lines", 3, nil, "Where is it?\nHello?\nWhere is it?", false},
		{"the same lines again", 3, said("Where is it?\nHello?", "Where is it?\nHello?"), "Where is it?\nHello?", true},
		{"nothing", 3, said("", "?"), "!", false},
		{"yes to three questions", 3, said("Yes", "agent: And this?", "yes"), "Yes!", false},
		{"no to three questions", 3, said("nej tak", "agent: Og det?", "nej tak"), "nej tak", false},
	} {
		got := Repetition(test.n).Check(t.Context(), Situation{Text: test.text, History: test.history})
		want := Signal{}
		if test.want {
			want = Signal{Urgency: Now, Reason: Loop, Detail: "the same message again"}
		}
		if got != want {
			t.Errorf("%s: got %+v", test.name, got)
		}
	}
}

func TestCheckReturnsTheMostUrgentAndTheFirstAmongEquals(t *testing.T) {
	asked := 0
	signal := func(u Urgency, detail string) Trigger {
		return TriggerFunc(func(context.Context, Situation) Signal {
			asked++
			return Signal{Urgency: u, Detail: detail}
		})
	}
	for _, test := range []struct {
		name     string
		triggers []Trigger
		want     string
		asked    int
	}{
		{"none", nil, "", 0},
		{"a nil among them", []Trigger{nil, signal(Offer, "a")}, "a", 1},
		{"none urgent", []Trigger{signal(None, "a")}, "", 1},
		{"first of two offers", []Trigger{signal(Offer, "a"), signal(Offer, "b")}, "a", 2},
		{"now after an offer", []Trigger{signal(Offer, "a"), signal(None, "b"), signal(Now, "c"), signal(Now, "d")}, "c", 3},
		{"nothing is asked after now", []Trigger{signal(Now, "a"), signal(Offer, "b")}, "a", 1},
	} {
		asked = 0
		if got := Check(t.Context(), test.triggers, Situation{}); got.Detail != test.want || asked != test.asked {
			t.Errorf("%s: got %+v after asking %d", test.name, got, asked)
		}
	}
}

func TestDefaultTriggersHearRequestsAndLoops(t *testing.T) {
	for text, want := range map[string]Reason{"I want a human": AskedForHuman, "Where is it?": Loop} {
		s := Situation{Text: text, History: said("Where is it?", "Where is it?")}
		if got := Check(t.Context(), DefaultTriggers(), s); got.Reason != want || got.Urgency != Now {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

func FuzzTriggers(f *testing.F) {
	for _, seed := range []string{"", "Can I talk to a human?", "ja 👍", "退款\u0e49\u0301", "a\nb\na", "mit einem sprechen'’", "\xff\u200d"} {
		f.Add(seed, seed)
	}
	triggers := DefaultTriggers()
	f.Fuzz(func(t *testing.T, text, word string) {
		s := Situation{Text: text, History: said(text, word), Offered: true}
		Check(t.Context(), triggers, s)
		// A word is found in itself, and beside others.
		trigger := Words(Now, word)
		alone := trigger.Check(t.Context(), Situation{Text: word}).Urgency
		if strings.ContainsAny(word, ".!?\n…。！？؟।") {
			return
		}
		if beside := trigger.Check(t.Context(), Situation{Text: "x " + word + " y"}).Urgency; alone != beside {
			t.Errorf("%q alone is %d, beside others %d", word, alone, beside)
		}
	})
}

func BenchmarkWords(b *testing.B) {
	var list []string
	for i := range 200 {
		list = append(list, fmt.Sprintf("word%d and more", i))
	}
	trigger := Words(Now, list...)
	text := strings.Repeat("Where is my parcel? I ordered it on the 3rd and it still has not come. ", 4)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		trigger.Check(b.Context(), Situation{Text: text})
	}
}
