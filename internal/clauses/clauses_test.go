package clauses

import (
	"slices"
	"testing"
)

func TestUnexpectedNamesWhatShouldHaveFailedAndWhatShouldNot(t *testing.T) {
	for _, test := range []struct {
		got, want []string
		exactly   bool
		wrong     string
	}{
		{nil, nil, true, ""},
		{[]string{"a"}, []string{"a"}, true, ""},
		{[]string{"a", "b"}, []string{"a"}, false, ""},
		{[]string{"a", "b"}, []string{"a"}, true, "must not fail b"},
		{[]string{"a", "b"}, []string{"a", "b?"}, true, ""},
		{[]string{"a"}, []string{"a", "b?"}, true, ""},
		{[]string{"b"}, []string{"a"}, false, "passes a"},
		{[]string{"b"}, []string{"a"}, true, "passes a, must not fail b"},
	} {
		if wrong := unexpected(test.got, test.want, test.exactly); wrong != test.wrong {
			t.Errorf("%q where %q is wanted, exactly %t: %q, want %q", test.got, test.want, test.exactly, wrong, test.wrong)
		}
	}
}

// subject is what a clause of this test is about.
type subject struct {
	Reporter
	n int
}

func TestFailingNamesTheClausesThatApplyAndFail(t *testing.T) {
	list := []Clause[subject]{
		{Name: "stops", Check: func(s subject) { s.Fatalf("n is %d", s.n); panic("goes on") }},
		{Name: "passes", Check: func(subject) {}},
		{Name: "panics", Check: func(s subject) { _ = []int{}[s.n] }},
		{Name: "applies", Applies: func(s subject) bool { return s.n == 7 }, Check: func(s subject) { s.Errorf("applies") }},
		{Name: "does not apply", Applies: func(s subject) bool { return s.n != 7 }, Check: func(s subject) { s.Errorf("applies") }},
	}
	got, why := Failing(t, list, func(r Reporter) subject { return subject{r, 7} })
	if want := []string{"applies", "panics", "stops"}; !slices.Equal(got, want) {
		t.Errorf("fails %q, want %q%s", got, want, why)
	}
}
