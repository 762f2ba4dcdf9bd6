package crawl

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// Pages whose fate hangs on another's are held with their text up to this
// number; beyond it they are fetched again when it is known.
const maxHeld = 200

// A crawl whose failed addresses exceed this share of those read is not
// reported as complete.
const maxFailedShare = 0.10

// place is what a crawl knows of one address.
type place struct {
	addr     address
	done     bool
	leads    bool    // to a document, here or elsewhere
	outcome  Outcome // once done
	noFollow bool    // only linked to by links not to be followed
}

// memory is what the last crawl left of one address.
type memory struct {
	state *pageState
	spelt string
}

// run is one crawl. All of it belongs to the goroutine that ranges over the
// sequence; workers only fetch and read.
type run struct {
	src     *Source
	yield   func(knowledge.Change, error) bool
	entries map[string]knowledge.Entry
	states  map[string]memory // entries as read
	fetcher *fetcher

	frontier frontier
	places   map[string]*place
	order    []string
	refused  int
	opened   bool // the start page was read
	flying   int  // new addresses being fetched

	imported   int
	unresolved int               // known documents not decided yet
	site       siteState         // as the last crawl left it
	missing    map[string]bool   // known documents that answer 404 and are kept
	pending    []pendingMiss     // such documents, until the end of the crawl
	settling   bool              // that is now
	listed     map[string]bool   // what the sitemap lists; nil if it was not read in full
	sketches   sketches          // of the documents' texts
	owner      map[string]string // text hash to the document that has it
	waiting    map[string][]*read
	waitsOn    map[string]string
	held       int
	ready      []*read

	read, failed int
	inARow       int
	cut          Outcome // why the crawl ended early
	overflow     bool
	startFault   error
	lastFault    error
	stopped      bool // the receiver wants no more
}

func newRun(src *Source, known knowledge.Manifest, yield func(knowledge.Change, error) bool) *run {
	r := &run{
		src: src, yield: yield, entries: known.Entries, places: map[string]*place{}, states: map[string]memory{},
		owner: map[string]string{}, waiting: map[string][]*read{}, waitsOn: map[string]string{}, missing: map[string]bool{},
		site: decodeSiteState(known.Entries[SiteState]),
	}
	r.fetcher = newFetcher(src, src.cfg.Now(), r.site.Unreachable)
	for _, entry := range known.Entries {
		if entry.Hash != "" {
			r.unresolved++
		}
	}
	return r
}

// knownDocument tells whether the Base has a document of this ID.
func (r *run) knownDocument(id string) bool { return r.entries[id].Hash != "" }

func (r *run) crawl(parent context.Context) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	defer r.fetcher.client.CloseIdle()
	crew := hire(ctx, r.src, r.fetcher)
	defer crew.dismiss(cancel)

	r.begin()
	r.work(ctx, crew)
	if r.over(parent) {
		return
	}
	if r.startFault != nil {
		r.emitSiteState(false)
		r.fail(fmt.Errorf("crawl %s: %w: %w", r.src.start, ErrStart, r.startFault))
		return
	}
	if r.cut == "" {
		r.open(ctx)
		r.work(ctx, crew)
		if r.over(parent) {
			return
		}
		r.settleMissing()
		r.work(ctx, crew)
		if r.over(parent) {
			return
		}
	}
	r.conclude()
}

// over ends a crawl that is wanted no more.
func (r *run) over(parent context.Context) bool {
	if err := parent.Err(); err != nil && !r.stopped {
		r.fail(fmt.Errorf("crawl %s: %w", r.src.start, err))
	}
	return r.stopped
}

func (r *run) fail(err error) {
	if !r.stopped {
		r.stopped = true
		r.yield(knowledge.Change{}, err)
	}
}

func (r *run) emit(c knowledge.Change) {
	if !r.stopped && !r.yield(c, nil) {
		r.stopped = true
	}
}

// begin puts the start page in line.
func (r *run) begin() {
	start := r.src.start
	r.places[start.key] = &place{addr: start}
	r.order = append(r.order, start.key)
	r.frontier.push(fromStart, r.newItem(start, encounter{}, true))
}

func (r *run) newItem(a address, e encounter, start bool) *item {
	it := &item{addr: a, hops: e.hops, start: start, language: e.language}
	it.state, _ = r.remembered(a.key)
	return it
}

// remembered returns what the last crawl left of an address, and how it was
// spelt; nil and "" if nothing.
func (r *run) remembered(id string) (*pageState, string) {
	m, ok := r.states[id]
	if entry, known := r.entries[id]; !ok && known {
		m.state, m.spelt = decodeState(entry, r.src.print)
		r.states[id] = m
	}
	return m.state, m.spelt
}

// open puts everything in line that is known before the first link: documents
// of the last crawl, and the sitemap.
func (r *run) open(ctx context.Context) {
	r.opened = true
	if r.src.cfg.Related {
		r.fetcher.probe = r.fetcher.askForMissing(ctx, r.src.start)
	}
	ids := make([]string, 0, len(r.entries))
	for id, entry := range r.entries {
		if entry.Hash != "" {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	for _, id := range ids {
		r.reopen(id)
	}
	r.decideReady()
	if !r.src.cfg.Related {
		return
	}
	found := r.fetcher.sitemapPages(ctx, r.src.start)
	r.note(r.src.start, found.notes...)
	r.note(r.src.start, r.fetcher.rules(ctx, r.src.start).note)
	if found.whole {
		r.listed = make(map[string]bool, len(found.pages))
	}
	for _, entry := range found.pages {
		if a, err := resolve(r.src.start.url, entry.loc); err == nil {
			if r.listed != nil {
				r.listed[a.key] = true
			}
			r.meet(a, encounter{class: fromSitemap, language: entry.language})
		}
	}
	r.decideReady()
}

func (r *run) note(at address, notes ...string) {
	for _, n := range notes {
		if n != "" {
			r.emit(knowledge.Change{Kind: knowledge.Progress, ID: at.key, Found: r.found(), Err: &Note{URL: at.String(), Text: n}})
		}
	}
}

// found counts the addresses of the site that are known by now.
func (r *run) found() int { return len(r.places) - r.refused }

// reopen puts a document of the last crawl in line.
func (r *run) reopen(id string) {
	state, raw := r.remembered(id)
	if state != nil && state.Text != "" && r.owner[state.Text] == "" {
		r.owner[state.Text] = id
	}
	if r.places[id] != nil {
		return
	}
	if raw == "" {
		start := r.src.start.url
		host, rest, _ := strings.Cut(id, "/")
		if host == r.src.scope.host {
			host = start.Host
		}
		raw = start.Scheme + "://" + host + "/" + rest
	}
	a, err := resolve(r.src.start.url, raw)
	if err != nil || a.key != id {
		lost := address{r.src.start.url, id}
		r.places[id] = &place{addr: lost}
		r.order = append(r.order, id)
		r.finish(&read{item: &item{addr: lost}}, verdict{outcome: Malformed, detail: "address of document " + id, err: err})
		return
	}
	r.meet(a, encounter{known: true})
}

// encounter is how an address was come upon.
type encounter struct {
	class    int
	language string // as the sitemap declares it
	known    bool
	noFollow bool
	start    bool
	hops     int
	heir     bool // a known document leads here
}

// meet takes note of an address, and puts it in line unless it is known to hold
// nothing.
func (r *run) meet(a address, e encounter) {
	if r.knownDocument(a.key) {
		e.known, e.noFollow = true, false // looked at however it was met
	}
	p := r.places[a.key]
	if p != nil && (!p.noFollow || e.noFollow) {
		return
	}
	refusal, why := r.refusal(a, e)
	if p == nil {
		if len(r.places) >= maxPlaces {
			r.overflow = true
			return
		}
		if refusal == OffSite {
			if r.refused++; r.refused > maxRefused {
				return
			}
		}
		p = &place{addr: a}
		r.places[a.key] = p
		r.order = append(r.order, a.key)
	}
	p.noFollow = e.noFollow && refusal == ""
	switch {
	case refusal != "":
		r.finish(&read{item: &item{addr: a}}, verdict{outcome: refusal, detail: why, proof: refusal.proof()})
	case p.noFollow:
	case e.start:
		r.frontier.push(fromStart, r.newItem(a, e, true))
	case e.known || e.heir:
		r.frontier.pushKnown(r.newItem(a, e, false))
	default:
		r.frontier.push(e.class, r.newItem(a, e, false))
	}
}

// refusal tells why an address is not even asked for.
func (r *run) refusal(a address, e encounter) (Outcome, string) {
	if e.start {
		return "", "" // judged once its links were read
	}
	if !r.src.cfg.Related && e.known {
		return Excluded, "the source is a single page"
	}
	if o, why := r.src.scope.refuse(a); o != "" {
		return o, why
	}
	if mediaPath(a) {
		return Type, "by its ending"
	}
	if !e.known && !r.src.wanted(e.language) {
		return Language, e.language + " by the sitemap"
	}
	if e.known || e.class == fromSitemap && !e.heir {
		if why := trap(a); why != "" && !e.known {
			return Trap, why
		}
		return "", ""
	}
	if e.noFollow {
		return "", ""
	}
	if why := r.frontier.endless(a, r.src.cfg.MaxDocuments); why != "" {
		return Trap, why
	}
	return "", ""
}

// work has the addresses in line looked at until none is left that may be.
func (r *run) work(ctx context.Context, crew *crew) {
	busy := 0
	for {
		for busy < r.src.cfg.Concurrency && r.cut == "" && ctx.Err() == nil && !r.stopped {
			it, isNew := r.next()
			if it == nil {
				break
			}
			if isNew {
				r.flying++
			}
			busy++
			crew.jobs <- job{it, isNew}
		}
		if busy == 0 {
			return
		}
		done := <-crew.results
		busy--
		if done.isNew {
			r.flying--
		}
		if ctx.Err() != nil || r.stopped {
			continue
		}
		r.handle(done.read)
	}
}

func (r *run) next() (*item, bool) {
	if !r.opened {
		q := r.frontier.fresh[fromStart]
		if len(q) == 0 {
			return nil, false
		}
		r.frontier.fresh[fromStart] = q[1:]
		return q[0], false
	}
	return r.frontier.next(r.imported+r.unresolved+r.flying < r.src.cfg.MaxDocuments)
}

// handle takes in what a worker found.
func (r *run) handle(x *read) {
	r.emit(knowledge.Change{Kind: knowledge.Progress, ID: x.item.addr.key, Found: r.found()})
	r.note(x.item.addr, x.notes...)
	if x.outcome.cut() && x.outcome != Cap {
		// Put back: it is reported with everything else that was not reached.
		r.cut = x.outcome
		return
	}
	r.read++
	r.frontier.yieldOf(x.item.addr).read++
	r.strike(x)
	if x.outcome != Login && x.outcome != Soft404 && r.src.cfg.Related {
		for _, l := range x.links {
			r.meet(l.to, encounter{class: classOf(l.to), noFollow: l.noFollow})
		}
	}
	r.ready = append(r.ready, x)
	r.decideReady()
}

func (r *run) decideReady() {
	for len(r.ready) > 0 && !r.stopped {
		x := r.ready[0]
		r.ready = r.ready[1:]
		r.decide(x)
	}
}

func (r *run) strike(x *read) {
	switch {
	case x.strike && keyHost(x.addr.url.Host) == r.src.scope.host:
		r.inARow++
		r.lastFault = &Skip{URL: x.item.addr.String(), Outcome: x.outcome, Detail: x.detail, Err: x.err}
		if r.inARow >= r.src.cfg.MaxFailures {
			r.cut = Aborted
		}
	case !x.strike && x.outcome != Disallowed && x.outcome != Blocked:
		r.inARow = 0
	}
}

// conclude reports what was not reached, and how the crawl ended.
func (r *run) conclude() {
	left := r.cut
	if left == "" {
		left = Cap
	}
	r.giveUpWaiting(left)
	reached := true
	for i := 0; i < len(r.order) && !r.stopped; i++ {
		p := r.places[r.order[i]]
		switch {
		case p.done:
		case p.noFollow:
			r.finish(&read{item: &item{addr: p.addr}}, verdict{outcome: NoFollow})
		default:
			reached = false
			r.finish(&read{item: &item{addr: p.addr}}, verdict{outcome: left})
		}
	}
	complete := reached && r.cut == "" && !r.overflow && float64(r.failed) <= maxFailedShare*float64(r.read)
	r.emitSiteState(complete)
	switch {
	case r.stopped:
	case r.cut == Aborted:
		r.fail(fmt.Errorf("crawl %s: %w: %w", r.src.start, ErrSiteDown, r.lastFault))
	case complete:
		r.emit(knowledge.Change{Kind: knowledge.Complete, Found: r.imported})
	}
}

// giveUpWaiting decides the pages whose fate still hangs on an address that was
// not reached.
func (r *run) giveUpWaiting(left Outcome) {
	targets := make([]string, 0, len(r.waiting))
	for id := range r.waiting {
		targets = append(targets, id)
	}
	slices.Sort(targets)
	for _, id := range targets {
		for _, x := range r.waiting[id] {
			if !r.places[x.item.addr.key].done {
				r.finish(x, verdict{outcome: left, detail: "leads to an address that was not reached"})
			}
		}
	}
	r.waiting, r.ready = map[string][]*read{}, nil
}
