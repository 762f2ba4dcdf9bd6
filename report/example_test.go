package report_test

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/kundeagent/kundeagent/report"
)

// week is what happened in a few invented conversations.
func week() []report.Event {
	begun := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var events []report.Event
	add := func(conversation, channel, language string, minutes int, kind report.Kind, more func(*report.Event)) {
		e := report.Event{Conversation: conversation, Channel: channel, Language: language, Kind: kind, At: begun.Add(time.Duration(minutes) * time.Minute)}
		if more != nil {
			more(&e)
		}
		events = append(events, e)
	}
	from := func(message, source string) func(*report.Event) {
		return func(e *report.Event) { e.Message, e.Sources = message, []string{source} }
	}
	add("1", "chat", "en", 0, report.Received, nil)
	add("1", "chat", "en", 1, report.Answered, from("1/1", "help centre"))
	add("1", "chat", "en", 2, report.FeedbackGiven, func(e *report.Event) { e.Message, e.Helpful = "1/1", true })
	add("2", "chat", "da", 10, report.Received, nil)
	add("2", "chat", "da", 13, report.Answered, from("2/1", "help centre"))
	add("3", "mail", "da", 20, report.Received, nil)
	add("3", "mail", "da", 21, report.HandedOver, func(e *report.Event) { e.Reason = "asked for a human" })
	add("4", "mail", "en", 4*24*60, report.Received, nil)
	add("4", "mail", "en", 4*24*60+1, report.Answered, from("4/1", "help centre"))
	return events
}

func ExampleTally() {
	var tally report.Tally
	for _, e := range week() {
		if err := tally.Add(e); err != nil {
			fmt.Println(err)
		}
	}
	r, err := tally.Report(report.Query{
		Now:     time.Date(2026, 3, 7, 9, 0, 0, 0, time.UTC), // conversation 4 was a day ago
		Sources: []string{"help centre", "price list"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rate := r.Total.ResolutionRate()
	fmt.Printf("%d received, %d pending, %d of %d resolved, median %v\n", r.Total.Received, r.Total.Pending, rate.Part, rate.Whole, r.Total.MedianResolution)
	for _, s := range r.Sources {
		fmt.Println(s.Source, "was used in", s.Answers, "answers")
	}
	// Output:
	// 4 received, 1 pending, 2 of 3 resolved, median 2m0s
	// help centre was used in 3 answers
	// price list was used in 0 answers
}

func ExampleReport_WriteText() {
	r, err := report.Of(slices.Values(week()), report.Query{Now: time.Date(2026, 3, 7, 9, 0, 0, 0, time.UTC)})
	if err == nil {
		err = r.WriteText(os.Stdout)
	}
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// conversations    received  pending  handled   handed off  deflected  resolved  helpful   median time
	// all              4         1        3/3 100%  1/3 33%     2/3 67%    2/3 67%   1/1 100%  2m0s
	// channel chat     2         0        2/2 100%  0/2 0%      2/2 100%   2/2 100%  1/1 100%  2m0s
	// channel mail     2         1        1/1 100%  1/1 100%    0/1 0%     0/1 0%    -         0s
	// language da      2         0        2/2 100%  1/2 50%     1/2 50%    1/2 50%   -         3m0s
	// language en      2         1        1/1 100%  0/1 0%      1/1 100%   1/1 100%  1/1 100%  1m0s
	// week 2026-03-02  4         1        3/3 100%  1/3 33%     2/3 67%    2/3 67%   1/1 100%  2m0s
	//
	// handed off because  conversations
	// asked for a human   1
	//
	// source       answers  conversations  resolved  helpful  not helpful
	// help centre  3        2              2/2 100%  1        0
}

func ExampleJudge() {
	answered := time.Date(2026, 3, 2, 9, 1, 0, 0, time.UTC)
	facts := report.Facts{TookPart: true, Answered: true, LastActivity: answered}
	fmt.Println(report.Judge(facts, answered.Add(71*time.Hour), 0))
	fmt.Println(report.Judge(facts, answered.Add(72*time.Hour), 0))
	facts.Negative = true
	fmt.Println(report.Judge(facts, answered.Add(100*time.Hour), 0))
	// Output:
	// pending
	// assumed resolved
	// unresolved
}
