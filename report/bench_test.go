package report_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/report"
)

// aMillion makes a million events of 200,000 conversations, as a year of a busy
// company has them: asked, answered, asked again, answered again, voted.
func aMillion() []report.Event {
	channels, languages := []string{"chat", "whatsapp-dk", "mail"}, []string{"da", "en", "de", "sv"}
	sources := []string{"help", "site", "terms", "prices", "stores"}
	const conversations = 200_000
	events := make([]report.Event, 0, 5*conversations)
	for i := range conversations {
		begun := monday.Add(time.Duration(i) * 2 * time.Minute)
		e := report.Event{Conversation: fmt.Sprint("conversation-", i), Channel: channels[i%3], Language: languages[i%4]}
		for j, kind := range []report.Kind{report.Received, report.Answered, report.Received, report.Answered, report.FeedbackGiven} {
			if i%5 == 0 && j == 3 {
				kind = report.HandedOver
			}
			e.Kind, e.At = kind, begun.Add(time.Duration(j)*time.Minute)
			e.Message, e.Sources, e.Reason, e.Helpful = "", nil, "", i%7 > 0
			switch kind {
			case report.Answered:
				e.Message, e.Sources = fmt.Sprint("turn-", i, "-", j), sources[i%3:i%3+2]
			case report.HandedOver:
				e.Reason = "asked for a human"
			case report.FeedbackGiven:
				e.Message = fmt.Sprint("turn-", i, "-1")
			}
			events = append(events, e)
		}
	}
	return events
}

// What it takes to take in a million events and to make a report of them.
func BenchmarkMillionEvents(b *testing.B) {
	events := aMillion()
	b.ReportAllocs()
	for b.Loop() {
		var tally report.Tally
		for i := range events {
			if err := tally.Add(events[i]); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := tally.Report(report.Query{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(events))*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// What a report costs when the events are in.
func BenchmarkReportOfAMillionEvents(b *testing.B) {
	all := tally(b, aMillion()...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := all.Report(report.Query{}); err != nil {
			b.Fatal(err)
		}
	}
}
