package report

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Report is how an agent performed. The package comment defines what is counted.
type Report struct {
	From         time.Time     `json:"from,omitzero"`
	To           time.Time     `json:"to,omitzero"`
	Now          time.Time     `json:"now"`
	ResolveAfter time.Duration `json:"resolve_after_ns"`

	Total Counts `json:"total"`
	// Channels, Languages and Weeks are sorted by name; weeks are called by their
	// first day, such as 2026-03-30. Those without conversations are left out. A
	// conversation whose language or channel is not known has the empty name.
	Channels  []Group `json:"channels"`
	Languages []Group `json:"languages"`
	Weeks     []Group `json:"weeks"`
	// Handoffs is why conversations were handed over, each by its first reason,
	// and Refusals why the agent did not take them; the most frequent first. They
	// add up to Total.HandedOff and Total.NotTaken.
	Handoffs []Reason `json:"handoffs"`
	Refusals []Reason `json:"refusals"`
	// Sources are sorted by name. A conversation counts for each source it used.
	Sources []Source `json:"sources"`
}

// Group is a part of the conversations: a channel's, a language's, a week's.
type Group struct {
	Name string `json:"name"`
	Counts
}

// Counts is how many conversations there were of which kind. The package comment
// defines each.
type Counts struct {
	NotDeployed int `json:"not_deployed"` // where the agent does not work; counted nowhere else
	Received    int `json:"received"`     // Pending + Judged
	Pending     int `json:"pending"`
	Judged      int `json:"judged"` // NotTaken + Handled
	NotTaken    int `json:"not_taken"`
	Handled     int `json:"handled"` // HandedOff + Deflected
	HandedOff   int `json:"handed_off"`
	Deflected   int `json:"deflected"` // Resolved + Unresolved + Abandoned + OnlyDeflected
	Resolved    int `json:"resolved"`  // ConfirmedResolved + AssumedResolved
	// ConfirmedResolved to OnlyDeflected are the outcomes of the same name;
	// OnlyDeflected is the outcome [Deflected].
	ConfirmedResolved int `json:"confirmed_resolved"`
	AssumedResolved   int `json:"assumed_resolved"`
	Unresolved        int `json:"unresolved"`
	Abandoned         int `json:"abandoned"`
	OnlyDeflected     int `json:"only_deflected"`
	// Open is how many of those received have not ended.
	Open int `json:"open"`
	// Helpful and NotHelpful are votes in handled conversations.
	Helpful    int `json:"helpful"`
	NotHelpful int `json:"not_helpful"`
	// MeanResolution and MedianResolution are how long it took in resolved
	// conversations, in whole microseconds; of an even number the median is the
	// mean of the middle two. 0 without any.
	MeanResolution   time.Duration `json:"mean_resolution_ns"`
	MedianResolution time.Duration `json:"median_resolution_ns"`
}

// Rate is a share as its two numbers.
type Rate struct {
	Part  int `json:"part"`
	Whole int `json:"whole"`
}

// Value returns Part/Whole in [0,1]; false if there is nothing to have a share of.
func (r Rate) Value() (float64, bool) {
	if r.Whole == 0 {
		return 0, false
	}
	return float64(r.Part) / float64(r.Whole), true
}

// The rates.

// HandleRate is the share of the conversations in which the agent took part.
func (c Counts) HandleRate() Rate { return Rate{c.Handled, c.Judged} }

// HandoffRate is the share of what the agent handled that went to a human.
func (c Counts) HandoffRate() Rate { return Rate{c.HandedOff, c.Handled} }

// DeflectionRate is the share of what it handled that no human had to do with.
func (c Counts) DeflectionRate() Rate { return Rate{c.Deflected, c.Handled} }

// ResolutionRate is the share of what it handled that it resolved.
func (c Counts) ResolutionRate() Rate { return Rate{c.Resolved, c.Handled} }

// FeedbackRate is the share of votes that say that it helped.
func (c Counts) FeedbackRate() Rate { return Rate{c.Helpful, c.Helpful + c.NotHelpful} }

// Reason is how often something was the reason.
type Reason struct {
	Reason        string `json:"reason"`
	Conversations int    `json:"conversations"`
}

// Source is how useful a source of knowledge was.
type Source struct {
	Source string `json:"source"`
	// Answers is how many answers used it, also in pending conversations; 0 for
	// one that was never used.
	Answers int `json:"answers"`
	// Pending and Conversations are those with such an answer: still pending, and
	// handled. Resolved is how many of the latter were resolved.
	Pending       int `json:"pending"`
	Conversations int `json:"conversations"`
	Resolved      int `json:"resolved"`
	// Helpful and NotHelpful are the votes on such answers, in handled
	// conversations.
	Helpful    int `json:"helpful"`
	NotHelpful int `json:"not_helpful"`
}

// ResolvedRate is the share of conversations with the source that were resolved.
func (s Source) ResolvedRate() Rate { return Rate{s.Resolved, s.Conversations} }

// Report makes the report that q asks for; ErrInvalidQuery if it cannot.
func (t *Tally) Report(q Query) (Report, error) {
	if err := q.complete(); err != nil {
		return Report{}, err
	}
	m := newMaking(&q, &t.names)
	for i := range t.conversations {
		if c := &t.conversations[i]; q.covers(c, &t.names) {
			m.count(c)
		}
	}
	return m.report(), nil
}

// making is a report in the making.
type making struct {
	query *Query
	names *labels

	total              gathered
	channels           map[label]*gathered
	languages          map[label]*gathered
	weeks              map[day]*gathered
	handoffs, refusals map[string]int
	sources            map[label]*Source
	used               []label // by the conversation that is being counted
}

// gathered is a group in the making.
type gathered struct {
	Counts
	took []time.Duration
}

func newMaking(q *Query, names *labels) *making {
	return &making{
		query: q, names: names, channels: map[label]*gathered{}, languages: map[label]*gathered{}, weeks: map[day]*gathered{},
		handoffs: map[string]int{}, refusals: map[string]int{}, sources: map[label]*Source{},
	}
}

func (m *making) count(c *conversation) {
	outcome := Judge(c.facts(), m.query.Now, m.query.ResolveAfter)
	deployed := c.tookPart() || m.names.name(c.refusedFor) != NotDeployed
	helpful, notHelpful := c.votes()
	for _, g := range [...]*gathered{
		&m.total, groupOf(m.channels, c.channel), groupOf(m.languages, c.language), groupOf(m.weeks, m.query.weekOf(c.begun)),
	} {
		if !deployed {
			g.NotDeployed++
			continue
		}
		g.count(outcome)
		if c.open() {
			g.Open++
		}
		if outcome != Pending && outcome != NotTaken {
			g.Helpful += helpful
			g.NotHelpful += notHelpful
		}
		if outcome.Resolved() {
			g.took = append(g.took, c.took())
		}
	}
	if !deployed {
		return
	}
	switch outcome {
	case HandedOff:
		m.handoffs[c.handedOffFor(m.names)]++
	case NotTaken:
		m.refusals[c.notTakenFor(m.names)]++
	}
	m.countSources(c, outcome)
}

func groupOf[K comparable](groups map[K]*gathered, key K) *gathered {
	g := groups[key]
	if g == nil {
		g = &gathered{}
		groups[key] = g
	}
	return g
}

func (c *Counts) count(o Outcome) {
	c.Received++
	switch o {
	case Pending:
		c.Pending++
	case NotTaken:
		c.NotTaken++
	case HandedOff:
		c.HandedOff++
	case ConfirmedResolved:
		c.ConfirmedResolved++
	case AssumedResolved:
		c.AssumedResolved++
	case Deflected:
		c.OnlyDeflected++
	case Abandoned:
		c.Abandoned++
	case Unresolved:
		c.Unresolved++
	}
}

// votes counts the votes on a conversation.
func (c *conversation) votes() (helpful, notHelpful int) {
	for i := range c.answers {
		switch a := &c.answers[i]; {
		case a.voted == 0:
		case a.helpful:
			helpful++
		default:
			notHelpful++
		}
	}
	return helpful, notHelpful
}

func (m *making) countSources(c *conversation, o Outcome) {
	m.used = m.used[:0]
	for i := range c.answers {
		a := &c.answers[i]
		for _, name := range a.sources {
			s := m.source(name)
			s.Answers++
			if o != Pending && a.voted != 0 {
				if a.helpful {
					s.Helpful++
				} else {
					s.NotHelpful++
				}
			}
			if slices.Contains(m.used, name) {
				continue
			}
			m.used = append(m.used, name)
			if o == Pending {
				s.Pending++
				continue
			}
			s.Conversations++
			if o.Resolved() {
				s.Resolved++
			}
		}
	}
}

func (m *making) source(name label) *Source {
	s := m.sources[name]
	if s == nil {
		s = &Source{Source: m.names.name(name)}
		m.sources[name] = s
	}
	return s
}

func (m *making) report() Report {
	q := m.query
	r := Report{
		From: q.From, To: q.To, Now: q.Now, ResolveAfter: q.ResolveAfter, Total: m.total.finish(),
		Channels:  groups(m.channels, m.names.name),
		Languages: groups(m.languages, m.names.name),
		Weeks:     groups(m.weeks, day.String),
		Handoffs:  reasons(m.handoffs),
		Refusals:  reasons(m.refusals),
		Sources:   []Source{},
	}
	seen := map[string]bool{}
	for _, s := range m.sources {
		r.Sources = append(r.Sources, *s)
		seen[s.Source] = true
	}
	for _, name := range q.Sources {
		if name = shortened(name); !seen[name] {
			r.Sources = append(r.Sources, Source{Source: name})
			seen[name] = true
		}
	}
	slices.SortFunc(r.Sources, func(a, b Source) int { return cmp.Compare(a.Source, b.Source) })
	return r
}

// finish adds up what was counted.
func (g *gathered) finish() Counts {
	c := g.Counts
	c.Resolved = c.ConfirmedResolved + c.AssumedResolved
	c.Deflected = c.Resolved + c.Unresolved + c.Abandoned + c.OnlyDeflected
	c.Handled = c.HandedOff + c.Deflected
	c.Judged = c.NotTaken + c.Handled
	c.MeanResolution, c.MedianResolution = mean(g.took), median(g.took)
	return c
}

func groups[K comparable](of map[K]*gathered, name func(K) string) []Group {
	out := make([]Group, 0, len(of))
	for key, g := range of {
		out = append(out, Group{Name: name(key), Counts: g.finish()})
	}
	slices.SortFunc(out, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func reasons(of map[string]int) []Reason {
	out := make([]Reason, 0, len(of))
	for _, name := range slices.Sorted(maps.Keys(of)) {
		out = append(out, Reason{name, of[name]})
	}
	slices.SortStableFunc(out, func(a, b Reason) int { return cmp.Compare(b.Conversations, a.Conversations) })
	return out
}

// mean is rounded down to microseconds. It cannot overflow.
func mean(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	n := time.Duration(len(all))
	var whole, rest time.Duration
	for _, d := range all {
		d /= time.Microsecond
		whole, rest = whole+d/n, rest+d%n
	}
	return (whole + rest/n) * time.Microsecond
}

// median sorts all.
func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	high := all[len(all)/2]
	if len(all)%2 == 1 {
		return high
	}
	low := all[len(all)/2-1]
	return (low + (high-low)/2).Truncate(time.Microsecond)
}
