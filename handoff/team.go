package handoff

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kundeagent/kundeagent/internal/phrases"
)

// Team is who answers the cases of a [Queue]. It must not be changed once in
// use.
type Team struct {
	// Name is what customers may be told, see [Messages]; may be empty.
	Name    string
	Members []Member
	// Hours is when members without hours of their own work; nil is always.
	Hours *Schedule
}

// Member is one person of a team.
type Member struct {
	ID   string // unique in the team, and the same as in whatever the person signs in to
	Name string
	// Capacity is how many cases the member has at once, those on offer
	// included; 0 is no limit.
	Capacity int
	Skills   []string
	// Languages are BCP 47 tags; "pt-BR" is "pt". None is every language.
	Languages []string
	// Hours is when the member works; nil is as the team does. People also set
	// themselves away, see [Queue.SetAway].
	Hours *Schedule
}

// ErrTeam: a team cannot work. The text lists every fault.
var ErrTeam = errors.New("handoff: team is invalid")

// Validate reports every fault of the team, as ErrTeam.
func (t *Team) Validate() error {
	var errs []error
	seen := map[string]bool{}
	for i, m := range t.Members {
		if m.ID == "" || seen[m.ID] {
			errs = append(errs, fmt.Errorf("%w: member %d: ID %q is empty or used twice", ErrTeam, i+1, m.ID))
		}
		seen[m.ID] = true
		if m.Capacity < 0 {
			errs = append(errs, fmt.Errorf("%w: member %q has the capacity %d", ErrTeam, m.ID, m.Capacity))
		}
		if err := m.Hours.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("%w: member %q: %w", ErrTeam, m.ID, err))
		}
	}
	if err := t.Hours.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("%w: %w", ErrTeam, err))
	}
	return errors.Join(errs...)
}

func (t *Team) member(id string) (Member, bool) {
	i := slices.IndexFunc(t.Members, func(m Member) bool { return m.ID == id })
	if i < 0 {
		return Member{ID: id}, false
	}
	return t.Members[i], true
}

// hours returns when a member works.
func (t *Team) hours(m Member) *Schedule {
	if m.Hours != nil {
		return m.Hours
	}
	return t.Hours
}

// opening returns the first instant from at on at which somebody works, in the
// zone of their schedule.
func (t *Team) opening(at time.Time) (first time.Time, ok bool) {
	for _, m := range t.Members {
		hours := t.hours(m)
		next, opens := hours.NextOpen(at)
		if opens && (!ok || next.Before(first)) {
			first, ok = next, true
			if hours != nil {
				first = hours.local(next)
			}
		}
	}
	return first, ok
}

// suits reports whether a member has the skills and the language of a case.
func (m Member) suits(language string, skills []string) bool {
	for _, s := range skills {
		if !slices.Contains(m.Skills, s) {
			return false
		}
	}
	return language == "" || len(m.Languages) == 0 || slices.ContainsFunc(m.Languages, func(l string) bool {
		return phrases.Base(l) == phrases.Base(language)
	})
}

// Candidate is a member with what they have to do.
type Candidate struct {
	Member
	Busy        int       // cases accepted by or on offer to the member
	LastOffered time.Time // zero for never
	Away        bool      // as people set it
	Open        bool      // within the member's hours
}

// Free reports whether the member can be offered a case.
func (c Candidate) Free() bool {
	return c.Open && !c.Away && (c.Capacity == 0 || c.Busy < c.Capacity)
}

// Order compares two candidates: negative if a is to be asked first. Equal ones
// are asked in the order of the team.
type Order func(a, b Candidate) int

// RoundRobin asks whoever has been asked the longest time ago.
func RoundRobin(a, b Candidate) int { return a.LastOffered.Compare(b.LastOffered) }

// LeastBusy asks whoever has the smallest part of their capacity in use, or,
// where one of two has no limit, the fewest cases; among equals as [RoundRobin]
// does.
func LeastBusy(a, b Candidate) int {
	if a.Capacity > 0 && b.Capacity > 0 {
		return cmp.Or(cmp.Compare(a.Busy*b.Capacity, b.Busy*a.Capacity), RoundRobin(a, b))
	}
	return cmp.Or(cmp.Compare(a.Busy, b.Busy), RoundRobin(a, b))
}
