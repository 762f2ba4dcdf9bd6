package agent

import (
	"slices"
	"testing"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

func TestAReplyGoesOnWhereTheCustomerSawItBegin(t *testing.T) {
	refunds := channels.Citation{Number: 1, Title: "Refunds", URL: "https://shop.example/refunds"}
	hours := channels.Citation{Number: 2, Title: "Hours", URL: "https://shop.example/hours"}
	numbered := func(c channels.Citation, n int) channels.Citation { c.Number = n; return c }
	shown := &StreamProgress{Key: "k", Segments: []string{"Within 14 days [1].", " So it is."}, Citations: []channels.Citation{refunds}}
	for _, c := range []struct {
		name      string
		reply     Reply
		text      string
		citations []channels.Citation
		last      string // segment
	}{
		{"the answer", Reply{Text: "Within 14 days [1]. So it is. On weekdays [2].", Citations: []channels.Citation{refunds, hours}},
			"Within 14 days [1]. So it is. On weekdays [2].", []channels.Citation{refunds, hours}, " On weekdays [2]."},
		{"nothing more", Reply{Text: "Within 14 days [1]. So it is.", Citations: []channels.Citation{refunds}},
			"Within 14 days [1]. So it is.", []channels.Citation{refunds}, " So it is."},
		{"a quotation with numbers of its own", Reply{Text: "Found: open [1]. Refunds [2][1].", Citations: []channels.Citation{numbered(hours, 1), numbered(refunds, 2)}},
			"Within 14 days [1]. So it is.\n\nFound: open [2]. Refunds [1][2].", []channels.Citation{refunds, hours}, "\n\nFound: open [2]. Refunds [1][2]."},
		{"the same words from another source", Reply{Text: "Within 14 days [1]. So it is. Yes.", Citations: []channels.Citation{numbered(hours, 1)}},
			"Within 14 days [1]. So it is.\n\nWithin 14 days [2]. So it is. Yes.", []channels.Citation{refunds, hours}, "\n\nWithin 14 days [2]. So it is. Yes."},
		{"a handoff", Reply{Text: "A colleague comes.", Case: &handoff.Case{}},
			"Within 14 days [1]. So it is.\n\nA colleague comes.", []channels.Citation{refunds}, "\n\nA colleague comes."},
	} {
		t.Run(c.name, func(t *testing.T) {
			given := c.reply.Case
			r := shown.complete(c.reply)
			if r.Text != c.text || !slices.Equal(r.Citations, c.citations) {
				t.Errorf("%q %+v", r.Text, r.Citations)
			}
			segments := shown.segmentsOf(r.Text)
			if segments[0] != shown.Segments[0] || segments[len(segments)-1] != c.last {
				t.Errorf("%q", segments)
			}
			if given != nil && (len(given.Transcript) != 0 || len(r.Case.Transcript) != 1 || r.Case.Transcript[0].Text != shown.Text()) {
				t.Errorf("transcript %+v, the one given %+v", r.Case.Transcript, given.Transcript)
			}
		})
	}
	var none *StreamProgress
	if r := none.complete(Reply{Text: "x"}); r.Text != "x" || none.segmentsOf("x") != nil {
		t.Errorf("%+v", r)
	}
}
