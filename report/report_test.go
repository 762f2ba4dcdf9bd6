package report_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/report"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// at is an event so many minutes after monday.
func at(minutes int, kind report.Kind, reason string) report.Event {
	return report.Event{Conversation: "c", Channel: "chat", Language: "en", Kind: kind, At: monday.Add(time.Duration(minutes) * time.Minute), Reason: reason}
}

func vote(minutes int, message string, helpful bool) report.Event {
	e := at(minutes, report.FeedbackGiven, "")
	e.Message, e.Helpful = message, helpful
	return e
}

func answered(minutes int, message string, sources ...string) report.Event {
	e := at(minutes, report.Answered, "")
	e.Message, e.Sources = message, sources
	return e
}

func tally(t testing.TB, events ...report.Event) *report.Tally {
	t.Helper()
	var tally report.Tally
	for _, e := range events {
		if err := tally.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return &tally
}

func reportOf(t testing.TB, q report.Query, events ...report.Event) report.Report {
	t.Helper()
	r, err := tally(t, events...).Report(q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const days = 24 * 60

func TestA18Outcomes(t *testing.T) {
	got := func(o report.Outcome) func(report.Counts) int {
		return map[report.Outcome]func(report.Counts) int{
			report.Pending:           func(c report.Counts) int { return c.Pending },
			report.NotTaken:          func(c report.Counts) int { return c.NotTaken },
			report.HandedOff:         func(c report.Counts) int { return c.HandedOff },
			report.ConfirmedResolved: func(c report.Counts) int { return c.ConfirmedResolved },
			report.AssumedResolved:   func(c report.Counts) int { return c.AssumedResolved },
			report.Deflected:         func(c report.Counts) int { return c.OnlyDeflected },
			report.Abandoned:         func(c report.Counts) int { return c.Abandoned },
			report.Unresolved:        func(c report.Counts) int { return c.Unresolved },
		}[o]
	}
	asked := at(0, report.Received, "")
	answer := answered(1, "m1")
	reopened := at(2*days, report.Reopened, "")
	for _, c := range []struct {
		name   string
		after  time.Duration // when it is judged, after monday
		want   report.Outcome
		events []report.Event
	}{
		{"answered", 10 * days, report.AssumedResolved, []report.Event{asked, answer}},
		{"almost 72 hours of silence", 3 * days, report.Pending, []report.Event{asked, answer}},
		{"72 hours of silence", 3*days + 1, report.AssumedResolved, []report.Event{asked, answer}},
		{"a vote is no activity", 3*days + 1, report.ConfirmedResolved, []report.Event{asked, answer, vote(2, "m1", true)}},
		{"answered, unhappy", 10 * days, report.Unresolved, []report.Event{asked, answer, vote(2, "m1", false)}},
		{"the vote was changed", 10 * days, report.ConfirmedResolved, []report.Event{asked, answer, vote(2, "m1", false), vote(3, "m1", true)}},
		{"the vote was changed to no", 10 * days, report.Unresolved, []report.Event{asked, answer, vote(2, "m1", true), vote(3, "m1", false)}},
		{"one answer of two helped", 10 * days, report.Unresolved, []report.Event{asked, answer, vote(2, "m1", false), answered(3, "m2"), vote(4, "m2", true)}},
		{"a negative vote after the judgement", 10 * days, report.Unresolved, []report.Event{asked, answer, vote(9*days, "m1", false)}},
		{"a greeting alone", 10 * days, report.Deflected, []report.Event{asked, at(1, report.Replied, "")}},
		{"asked back, and the customer left", 10 * days, report.Abandoned, []report.Event{asked, at(1, report.AskedBack, "")}},
		{"asked back, then answered", 10 * days, report.AssumedResolved, []report.Event{asked, at(1, report.AskedBack, ""), at(2, report.Received, ""), answered(3, "m2")}},
		{"asked for a human who never came", 10 * days, report.Unresolved, []report.Event{asked, answer, at(2, report.HumanAsked, "")}},
		{"handed over at once", 10 * days, report.HandedOff, []report.Event{asked, at(0, report.HumanAsked, ""), at(1, report.HandedOver, "asked for a human")}},
		{"handed over is pending as long", 2 * days, report.Pending, []report.Event{asked, at(1, report.HandedOver, "loop")}},
		{"answered, then handed over", 10 * days, report.HandedOff, []report.Event{asked, answer, vote(2, "m1", true), at(3, report.HandedOver, "loop")}},
		{"a human spoke unasked", 10 * days, report.HandedOff, []report.Event{asked, answer, at(3, report.HumanReplied, "")}},
		{"a human took it and said nothing", 10 * days, report.HandedOff, []report.Event{asked, answer, at(3, report.TakenOver, "")}},
		{"a human was first", 10 * days, report.NotTaken, []report.Event{asked, at(3, report.HumanReplied, "")}},
		{"refused", 10 * days, report.NotTaken, []report.Event{asked, at(1, report.Refused, "paused"), at(9, report.HumanReplied, "")}},
		{"refused, taken later", 10 * days, report.AssumedResolved, []report.Event{asked, at(1, report.Refused, "paused"), at(2, report.Received, ""), answered(3, "m1")}},
		{"nobody said anything", 10 * days, report.NotTaken, []report.Event{asked}},
		{"reopened and pending again", 4 * days, report.Pending, []report.Event{asked, answer, at(days, report.Closed, ""), reopened}},
		{"reopened, asked back", 10 * days, report.Abandoned, []report.Event{asked, answer, reopened, at(2*days, report.AskedBack, "")}},
		{"reopened, and nobody said anything", 10 * days, report.Unresolved, []report.Event{asked, answer, reopened}},
		{"reopened to say thanks", 10 * days, report.AssumedResolved, []report.Event{asked, answer, reopened, at(2*days+1, report.Replied, "")}},
		{"reopened to say hello, then a question asked back", 10 * days, report.Abandoned, []report.Event{asked, answer, reopened, at(2*days+1, report.Replied, ""), at(2*days+2, report.AskedBack, "")}},
		{"reopened and answered", 10 * days, report.AssumedResolved, []report.Event{asked, answer, vote(2, "m1", true), reopened, answered(2*days+1, "m2")}},
		{"reopened and confirmed", 10 * days, report.ConfirmedResolved, []report.Event{asked, answer, reopened, answered(2*days+1, "m2"), vote(2*days+2, "m2", true)}},
		{"reopened, unhappy before", 10 * days, report.Unresolved, []report.Event{asked, answer, vote(2, "m1", false), reopened, answered(2*days+1, "m2")}},
		{"reopened and handed over", 10 * days, report.HandedOff, []report.Event{asked, answer, reopened, at(2*days+1, report.HandedOver, "loop")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := monday.Add(c.after * time.Minute)
			r := reportOf(t, report.Query{Now: now}, c.events...)
			if got(c.want)(r.Total) != 1 || r.Total.Received != 1 {
				t.Errorf("want %s, got %+v", c.want, r.Total)
			}
		})
	}
}

func TestVotesInPendingConversationsAreInNoRate(t *testing.T) {
	events := []report.Event{at(0, report.Received, ""), answered(1, "m1", "help"), vote(2, "m1", true), vote(3, "m2", false)}
	for days, want := range map[int]int{2: 0, 4: 1} {
		r := reportOf(t, report.Query{Now: monday.AddDate(0, 0, days)}, events...)
		if r.Total.Helpful != want || r.Total.NotHelpful != want || r.Sources[0].Helpful != want || r.Total.FeedbackRate().Whole != 2*want {
			t.Errorf("after %d days: %+v, %+v", days, r.Total, r.Sources)
		}
	}
}

func TestNotDeployedIsNotReceived(t *testing.T) {
	r := reportOf(t, report.Query{Now: monday.AddDate(0, 1, 0)}, at(0, report.Received, ""), at(0, report.Refused, report.NotDeployed), at(3, report.HumanReplied, ""))
	want := report.Counts{NotDeployed: 1}
	if r.Total != want || len(r.Refusals) != 0 || len(r.Handoffs) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestReasonsAreTheFirstOfEachConversation(t *testing.T) {
	other := at(5, report.Refused, "paused")
	other.Conversation = "d"
	r := reportOf(t, report.Query{Now: monday.AddDate(0, 1, 0)},
		at(9, report.HandedOver, "loop"), at(1, report.HandedOver, "guard"), at(0, report.Received, ""), other,
		report.Event{Conversation: "e", Kind: report.Replied, At: monday}, report.Event{Conversation: "e", Kind: report.HumanReplied, At: monday})
	if want := []report.Reason{{"guard", 1}, {report.HumanTook, 1}}; !slices.Equal(r.Handoffs, want) {
		t.Errorf("handoffs %v, want %v", r.Handoffs, want)
	}
	if want := []report.Reason{{"paused", 1}}; !slices.Equal(r.Refusals, want) {
		t.Errorf("refusals %v, want %v", r.Refusals, want)
	}
}

func TestResolutionTime(t *testing.T) {
	conversation := func(id string, minutes ...int) []report.Event {
		events := []report.Event{at(0, report.Received, "")}
		for i, m := range minutes {
			events = append(events, answered(m, fmt.Sprint(i)))
		}
		for i := range events {
			events[i].Conversation = id
		}
		return events
	}
	q := report.Query{Now: monday.AddDate(0, 1, 0)}
	three := slices.Concat(conversation("a", 1), conversation("b", 2, 4), conversation("c", 13))
	for _, c := range []struct {
		name         string
		mean, median time.Duration
		events       []report.Event
	}{
		{"none", 0, 0, nil},
		{"until the last answer", 4 * time.Minute, 4 * time.Minute, conversation("b", 2, 4)},
		{"odd", 6 * time.Minute, 4 * time.Minute, three},
		{"even", 5 * time.Minute, 3 * time.Minute, append(slices.Clip(three), conversation("d", 2)...)},
		{"from the return", 3 * time.Minute, 3 * time.Minute, append(conversation("c", 5), at(days, report.Reopened, ""), answered(days+3, "x"))},
		{"to the answer before the return", 5 * time.Minute, 5 * time.Minute, append(conversation("c", 5), at(days, report.Reopened, ""), at(days, report.Replied, ""))},
		{"not of the unresolved", 0, 0, append(conversation("c", 5), vote(6, "0", false))},
	} {
		r := reportOf(t, q, c.events...)
		if r.Total.MeanResolution != c.mean || r.Total.MedianResolution != c.median {
			t.Errorf("%s: mean %v, median %v, want %v and %v", c.name, r.Total.MeanResolution, r.Total.MedianResolution, c.mean, c.median)
		}
	}
}

func TestSourcesAreJudgedByTheAnswersThatUsedThem(t *testing.T) {
	young := answered(9*days, "m9", "help")
	young.Conversation = "young"
	r := reportOf(t, report.Query{Now: monday.AddDate(0, 0, 10), Sources: []string{"never", "help"}},
		at(0, report.Received, ""), answered(1, "m1", "help", "site", "help"), answered(2, "m2", "help"), vote(3, "m1", false), vote(4, "m2", true), young)
	want := []report.Source{
		{Source: "help", Answers: 3, Pending: 1, Conversations: 1, Helpful: 1, NotHelpful: 1},
		{Source: "never"},
		{Source: "site", Answers: 1, Conversations: 1, NotHelpful: 1},
	}
	if !slices.Equal(r.Sources, want) {
		t.Errorf("got  %+v\nwant %+v", r.Sources, want)
	}
}

func TestWeeksAreThoseOfTheCalendar(t *testing.T) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Skip(err)
	}
	santiago, err := time.LoadLocation("America/Santiago") // the clocks change at midnight
	if err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		name  string
		query report.Query
		at    string
		want  string
	}{
		{"monday", report.Query{}, "2026-03-02T00:00:00Z", "2026-03-02"},
		{"sunday", report.Query{}, "2026-03-01T23:59:59Z", "2026-02-23"},
		{"sunday begins a week", report.Query{WeekStart: report.FromSunday}, "2026-03-01T00:00:00Z", "2026-03-01"},
		{"saturday does not", report.Query{WeekStart: report.FromSunday}, "2026-02-28T23:59:59Z", "2026-02-22"},
		{"saturday begins a week", report.Query{WeekStart: report.FromSaturday}, "2026-02-28T23:59:59Z", "2026-02-28"},
		{"over new year", report.Query{}, "2027-01-01T12:00:00Z", "2026-12-28"},
		{"monday there, sunday in UTC", report.Query{Location: copenhagen}, "2026-03-01T23:30:00Z", "2026-03-02"},
		{"an hour less before the clocks go forward", report.Query{Location: copenhagen}, "2026-03-29T21:59:59Z", "2026-03-23"},
		{"and after", report.Query{Location: copenhagen}, "2026-03-29T22:00:00Z", "2026-03-30"},
		{"an hour more before they go back", report.Query{Location: copenhagen}, "2026-10-25T22:59:59Z", "2026-10-19"},
		{"and after that", report.Query{Location: copenhagen}, "2026-10-25T23:00:00Z", "2026-10-26"},
		{"a week that begins at one", report.Query{Location: santiago, WeekStart: report.FromSunday}, "2026-09-06T04:30:00Z", "2026-09-06"},
	} {
		when, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		r := reportOf(t, c.query, report.Event{Conversation: "c", Kind: report.Received, At: when})
		if len(r.Weeks) != 1 || r.Weeks[0].Name != c.want {
			t.Errorf("%s: %+v, want %s", c.name, r.Weeks, c.want)
		}
	}
}

func TestQueryLimitsTheReport(t *testing.T) {
	var events []report.Event
	for i, lang := range []string{"en", "da", "da", "de"} {
		events = append(events, report.Event{
			Conversation: fmt.Sprint(i), Channel: fmt.Sprint("ch", i%2), Language: lang, Kind: report.Received, At: monday.AddDate(0, 0, i),
		})
	}
	for _, c := range []struct {
		name  string
		query report.Query
		want  int
	}{
		{"all", report.Query{}, 4},
		{"from is included", report.Query{From: monday.AddDate(0, 0, 1)}, 3},
		{"to is not", report.Query{To: monday.AddDate(0, 0, 1)}, 1},
		{"channel", report.Query{Channels: []string{"ch0", "none"}}, 2},
		{"languages", report.Query{Languages: []string{"da", "de"}}, 3},
		{"both", report.Query{Languages: []string{"da"}, Channels: []string{"ch1"}}, 1},
		{"nothing", report.Query{Channels: []string{"none"}}, 0},
	} {
		if r := reportOf(t, c.query, events...); r.Total.Received != c.want {
			t.Errorf("%s: %d conversations, want %d", c.name, r.Total.Received, c.want)
		}
	}
	for _, q := range []report.Query{{From: monday, To: monday.Add(-1)}, {ResolveAfter: -1}, {WeekStart: 3}} {
		if r, err := tally(t, events...).Report(q); !errors.Is(err, report.ErrInvalidQuery) || r.Total.Received != 0 {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestInvalidEventsAreRefused(t *testing.T) {
	valid := at(0, report.Received, "")
	for name, spoil := range map[string]func(*report.Event){
		"no conversation": func(e *report.Event) { e.Conversation = "" },
		"no time":         func(e *report.Event) { e.At = time.Time{} },
		"no kind":         func(e *report.Event) { e.Kind = "" },
		"unknown kind":    func(e *report.Event) { e.Kind = "previewed" },
	} {
		e := valid
		spoil(&e)
		var tally report.Tally
		if err := tally.Add(e); !errors.Is(err, report.ErrInvalidEvent) || tally.Len() != 0 {
			t.Errorf("%s: %v, %d conversations", name, err, tally.Len())
		}
		if _, err := report.Of(slices.Values([]report.Event{valid, e}), report.Query{}); !errors.Is(err, report.ErrInvalidEvent) {
			t.Errorf("%s in Of: %v", name, err)
		}
	}
}

func TestForgetDropsWhatIsOld(t *testing.T) {
	var events []report.Event
	for i := range 100 {
		events = append(events, report.Event{Conversation: fmt.Sprint(i), Kind: report.Received, At: monday.AddDate(0, 0, i)})
	}
	all := tally(t, events...)
	if n := all.Forget(monday.AddDate(0, 0, 40)); n != 40 || all.Len() != 60 {
		t.Errorf("%d dropped, %d left", n, all.Len())
	}
	q := report.Query{Now: monday.AddDate(1, 0, 0)}
	if err := all.Add(report.Event{Conversation: "3", Kind: report.FeedbackGiven, At: monday.AddDate(0, 0, 41)}); err != nil {
		t.Fatal(err)
	}
	got, err := all.Report(q)
	if err != nil {
		t.Fatal(err)
	}
	if want := reportOf(t, q, events[40:]...); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestTrimKeepsTheLatest(t *testing.T) {
	var events []report.Event
	for i := range 100 {
		events = append(events, report.Event{Conversation: fmt.Sprint(i), Kind: report.Received, At: monday.AddDate(0, 0, i*37%100)})
	}
	all := tally(t, events...)
	if n := all.Trim(100); n != 0 {
		t.Errorf("%d dropped of as many as may be kept", n)
	}
	if n := all.Trim(50); n < 50 || n > 60 || all.Len() != 100-n {
		t.Errorf("%d dropped, %d left", n, all.Len())
	}
	r, err := all.Report(report.Query{From: monday.AddDate(0, 0, 60)})
	if err != nil || r.Total.Received != 40 {
		t.Errorf("%d of the latest 40 are left, %v", r.Total.Received, err)
	}
}

func TestNamesAreBounded(t *testing.T) {
	long := strings.Repeat("å", 500)
	e := at(0, report.HandedOver, long)
	e.Channel, e.Language = long, long
	a := answered(0, "m", long, long+"x", "")
	r := reportOf(t, report.Query{Now: monday.AddDate(1, 0, 0), Sources: []string{long}}, e, e, a, a)
	want := strings.Repeat("å", 128)
	if r.Channels[0].Name != "chat" || r.Handoffs[0].Reason != want || len(r.Sources) != 1 || r.Sources[0].Source != want || r.Sources[0].Answers != 1 {
		t.Errorf("%+v", r)
	}
}
