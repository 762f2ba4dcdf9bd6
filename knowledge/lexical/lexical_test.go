package lexical

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

func shopEntries() []Entry {
	return []Entry{
		{ID: "ship-1", Parent: "shipping", Group: 1, Title: "Shipping", Text: "We send parcels every weekday. Delivery within Denmark takes one to two days.", Language: "en"},
		{ID: "ship-2", Parent: "shipping", Group: 1, Title: "Shipping", Heading: "Abroad", Text: "Parcels to Norway pass customs and take a week.", Language: "en"},
		{ID: "ret-1", Parent: "returns", Group: 1, Title: "Returns", Text: "You may return what you bought within thirty days. The refund arrives three days after the parcel.", Language: "en"},
		{ID: "hours", Group: 1, Title: "Opening hours", Text: "The shop is open from nine to five, on Saturdays until two.", Language: "en"},
		{ID: "salary", Parent: "staff", Group: 2, Title: "Staff handbook", Text: "Salaries and refunds of travel costs are paid on the last weekday of the month.", Language: "en"},
		{ID: "da-1", Parent: "fragt", Group: 3, Title: "Fragt", Text: "Vi sender pakker hver hverdag. Leveringstiden er en til to dage.", Language: "da"},
		{ID: "th-1", Parent: "th", Group: 4, Title: "การจัดส่ง", Text: "เราจัดส่งพัสดุทุกวันทำการ การจัดส่งใช้เวลาหนึ่งถึงสองวัน", Language: "th"},
		{ID: "zh-1", Parent: "zh", Group: 5, Title: "退货", Text: "您可以在三十天内退货。退款将在收到包裹后三天内到账。", Language: "zh"},
		{ID: "el-1", Parent: "el", Group: 6, Title: "Ωράριο", Text: "Το κατάστημα είναι ανοιχτό από τις εννέα έως τις πέντε.", Language: "el"},
	}
}

func ids(r Result) []string {
	var out []string
	for _, h := range r.Hits {
		out = append(out, h.ID)
	}
	return out
}

func TestSearchFindsOtherFormsOfAWordInEveryKindOfScript(t *testing.T) {
	ix := buildIndex(t, Config{}, shopEntries())
	for _, c := range []struct{ name, text, language, want string }{
		{"inflected", "how are deliveries made in denmark", "en", "ship-1"},
		{"heading path", "sending abroad", "en", "ship-2"},
		{"title", "opening", "en", "hours"},
		{"compound part", "levering", "da", "da-1"},
		{"language of the query unknown", "leveringstid for pakken", "", "da-1"},
		{"Thai has no spaces", "จัดส่งกี่วัน", "th", "th-1"},
		{"Han has no spaces", "退款什么时候到账？", "zh", "zh-1"},
		{"no stemmer, capitals and final sigma", "ΑΝΟΙΧΤΑ ΚΑΤΑΣΤΗΜΑΤΑ", "el", "el-1"},
		{"misspelt", "retrun refnud thirty", "en", "ret-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ix.Search(Query{Text: c.text, Language: c.language})
			if got := ids(r); len(got) == 0 || got[0] != c.want {
				t.Errorf("found %v, want %s first", got, c.want)
			}
		})
	}
}

func TestSearchWithoutWordsOrEntriesFindsNothing(t *testing.T) {
	ix := buildIndex(t, Config{}, shopEntries())
	for name, r := range map[string]Result{
		"empty query":  ix.Search(Query{}),
		"punctuation":  ix.Search(Query{Text: " … ?! "}),
		"nothing held": ix.Search(Query{Text: "qqqq"}),
		"empty index":  New(Config{}).Search(Query{Text: "parcel"}),
	} {
		if len(r.Hits) != 0 || r.Answerability != 0 {
			t.Errorf("%s: %+v, want nothing", name, r)
		}
	}
}

func TestAcceptIsAskedOncePerGroupAndNothingElseIsFound(t *testing.T) {
	entries := shopEntries()
	for i := range 300 {
		entries = append(entries, Entry{ID: fmt.Sprint("x", i), Parent: fmt.Sprint("p", i/7), Group: uint32(i % 3), Text: fmt.Sprint("refund parcel number ", i), Language: "en"})
	}
	ix := buildIndex(t, Config{}, entries)
	group := map[string]uint32{}
	for _, e := range entries {
		group[e.ID] = e.Group
	}
	for _, least := range []int{tailLeast, 0} {
		ix.tailLeast = least
		asked := map[uint32]int{}
		r := ix.Search(Query{Text: "when are refunds paid", Language: "en", K: 500, Accept: func(g uint32) bool {
			asked[g]++
			return g == 2
		}})
		if len(r.Hits) == 0 {
			t.Fatal("nothing found in the accepted group")
		}
		for _, h := range r.Hits {
			if group[h.ID] != 2 {
				t.Errorf("found %s of group %d, only 2 is accepted", h.ID, group[h.ID])
			}
		}
		for g, n := range asked {
			if n != 1 {
				t.Errorf("group %d asked %d times", g, n)
			}
		}
		if len(asked) != 7 {
			t.Errorf("asked for %d groups, want 7", len(asked))
		}
	}
}

func TestEntriesOfOtherGroupsDoNotRaiseTheirParentsScore(t *testing.T) {
	// Rarity is global; whose document a hidden entry belongs to must not matter.
	result := func(hiddenParent string) Result {
		ix := buildIndex(t, Config{}, []Entry{
			{ID: "a", Parent: "d", Group: 1, Text: "general terms apply to the device"},
			{ID: "b", Parent: hiddenParent, Group: 2, Text: "the warranty covers the battery"},
		})
		return ix.Search(Query{Text: "device warranty battery", Accept: func(g uint32) bool { return g == 1 }})
	}
	if same, other := result("d"), result("e"); len(same.Hits) != 1 || !reflect.DeepEqual(same, other) {
		t.Errorf("with a hidden entry of the same document %+v, of another %+v", same, other)
	}
}

func TestParentScorePrefersThePassageOfTheRightDocument(t *testing.T) {
	ix := buildIndex(t, Config{}, []Entry{
		{ID: "kettle-1", Parent: "kettle", Text: "The kettle boils a litre of water."},
		{ID: "kettle-2", Parent: "kettle", Text: "The guarantee lasts two years."},
		{ID: "lamp-1", Parent: "lamp", Text: "The lamp takes a common bulb."},
		{ID: "lamp-2", Parent: "lamp", Text: "The guarantee lasts two years."},
	})
	for _, c := range [][2]string{{"guarantee of the kettle", "kettle-2"}, {"guarantee of the lamp", "lamp-2"}} {
		r := ix.Search(Query{Text: c[0], Language: "en"})
		if r.Hits[0].ID != c[1] && r.Hits[1].ID != c[1] {
			t.Errorf("%s: found %v", c[0], ids(r))
		}
		if a, b := slices.Index(ids(r), "kettle-2"), slices.Index(ids(r), "lamp-2"); (c[1] == "kettle-2") != (a < b) {
			t.Errorf("%s: found %v", c[0], ids(r))
		}
	}
}

func TestAnswerabilityIsAProbabilityAndFallsWithoutTheAnswer(t *testing.T) {
	ix := buildIndex(t, Config{}, shopEntries())
	q := Query{Text: "How long does delivery within Denmark take?", Language: "en"}
	with := ix.Search(q).Answerability
	less, err := ix.With(context.Background(), []string{"ship-1", "ship-2"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	without := less.Search(q).Answerability
	if with <= without || with > 1 || without < 0 {
		t.Errorf("answerability %.3f with the answer, %.3f without", with, without)
	}
}

func TestSameIDReplacesAndLastOfTwoCounts(t *testing.T) {
	ctx := context.Background()
	ix := buildIndex(t, Config{}, shopEntries())
	next, err := ix.With(ctx, nil, []Entry{
		{ID: "hours", Text: "never"},
		{ID: "hours", Group: 1, Text: "Open around the clock.", Language: "en"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if next.Len() != ix.Len() {
		t.Errorf("Len %d, want %d", next.Len(), ix.Len())
	}
	if got := ids(next.Search(Query{Text: "around the clock", Language: "en"})); len(got) == 0 || got[0] != "hours" {
		t.Errorf("found %v, want the new text", got)
	}
	if got := ids(ix.Search(Query{Text: "around the clock", Language: "en", K: 1})); slices.Contains(got, "hours") && ix.Search(Query{Text: "around the clock"}).Hits[0].Coverage > .9 {
		t.Error("the older index changed")
	}
}

func TestWithRefusesAnEntryWithoutIDAndHonoursItsContext(t *testing.T) {
	if _, err := New(Config{}).With(context.Background(), nil, []Entry{{Text: "x"}}); err == nil {
		t.Error("an entry without an ID was taken")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if ix, err := New(Config{}).With(ctx, nil, shopEntries()); !errors.Is(err, context.Canceled) || ix != nil {
		t.Errorf("With after cancel: %v, %v", ix, err)
	}
}

// randomEntry makes texts of few words, so that terms, ties and parents abound.
func randomEntry(rng *rand.Rand, id int) Entry {
	words := []string{"parcel", "parcels", "refund", "Erstattung", "shop", "open", "Öffnungszeiten", "levering", "pakke", "退货", "จัดส่ง", "no", "42"}
	e := Entry{ID: fmt.Sprintf("e%03d", id), Group: uint32(rng.IntN(3)), Language: []string{"en", "de", "da", "", "th"}[rng.IntN(5)]}
	if rng.IntN(4) > 0 {
		e.Parent = fmt.Sprint("d", rng.IntN(12))
	}
	for range rng.IntN(14) {
		e.Text += words[rng.IntN(len(words))] + " "
	}
	if rng.IntN(3) == 0 {
		e.Title, e.Heading = words[rng.IntN(len(words))], words[rng.IntN(len(words))]
	}
	return e
}

func TestAnySequenceOfChangesEqualsAFreshBuild(t *testing.T) {
	queries := []Query{
		{Text: "parcel refund open", Language: "en", K: 30}, {Text: "Öffnungszeiten der Pakete", Language: "de", K: 30},
		{Text: "退货 จัดส่ง 42", K: 30}, {Text: "levering af pakker", Language: "da", K: 30, Accept: func(g uint32) bool { return g != 1 }},
	}
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 1))
		ix := New(Config{})
		if seed%2 == 1 {
			ix.tailLeast = 0 // the tail must not depend on the segments either
		}
		live := map[string]Entry{}
		for step := range 25 {
			var remove []string
			var add []Entry
			for range rng.IntN(8) {
				remove = append(remove, fmt.Sprintf("e%03d", rng.IntN(120)))
			}
			for range rng.IntN(20) {
				add = append(add, randomEntry(rng, rng.IntN(120)))
			}
			next, err := ix.With(context.Background(), remove, add)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range remove {
				delete(live, id)
			}
			for _, e := range add {
				live[e.ID] = e
			}
			var all []Entry
			for _, e := range live {
				all = append(all, e)
			}
			slices.SortFunc(all, func(a, b Entry) int { return int(a.ID[3]) - int(b.ID[3]) })
			fresh := New(Config{})
			fresh.tailLeast = ix.tailLeast
			if fresh, err = fresh.With(context.Background(), nil, all); err != nil {
				t.Fatal(err)
			}
			if next.Len() != len(live) || fresh.Len() != len(live) {
				t.Fatalf("seed %d step %d: Len %d, fresh %d, want %d", seed, step, next.Len(), fresh.Len(), len(live))
			}
			for _, q := range queries {
				got, want := next.Search(q), fresh.Search(q)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d step %d %q:\n got %+v\nwant %+v", seed, step, q.Text, got, want)
				}
				for _, h := range got.Hits {
					if _, ok := live[h.ID]; !ok {
						t.Fatalf("found %s, which was removed", h.ID)
					}
				}
			}
			ix = next
		}
	}
}

func TestManySmallChangesKeepTheSegmentsFew(t *testing.T) {
	ix := New(Config{})
	for i := range 400 {
		next, err := ix.With(context.Background(), nil, []Entry{{ID: fmt.Sprint(i), Text: fmt.Sprint("text number ", i)}})
		if err != nil {
			t.Fatal(err)
		}
		ix = next
	}
	if len(ix.parts) > 8 {
		t.Errorf("%d segments after 400 changes", len(ix.parts))
	}
	if ix.Len() != 400 || ix.Bytes() <= 0 {
		t.Errorf("Len %d, Bytes %d", ix.Len(), ix.Bytes())
	}
}

func ExampleNew() {
	ix, err := New(Config{}).With(context.Background(), nil, []Entry{
		{ID: "hours", Title: "Opening hours", Text: "We are open from nine to five.", Language: "en"},
		{ID: "returns", Title: "Returns", Text: "Return the item within thirty days and we refund you.", Language: "en"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, hit := range ix.Search(Query{Text: "How do I get refunds when returning items?", Language: "en", K: 1}).Hits {
		fmt.Println(hit.ID)
	}
	// Output: returns
}
