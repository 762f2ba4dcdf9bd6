package crawl

import (
	"fmt"

	"github.com/kundeagent/kundeagent/knowledge"
)

// verdict is how an address ended that is no document.
type verdict struct {
	outcome Outcome
	detail  string
	err     error
	proof   bool // that no document is there any more
	missing bool // a 404, which is proof if it was one before
	leads   bool // to a document elsewhere
}

// decide finds the outcome of an address that was read, or has it wait for the
// address it hangs on.
func (r *run) decide(x *read) {
	id := x.item.addr.key
	if r.places[id].done {
		return
	}
	switch {
	case x.redirect != nil:
		r.decideRedirect(x)
	case x.outcome != "":
		sound := !r.atFault(x)
		r.finish(x, verdict{outcome: x.outcome, detail: x.detail, err: x.err,
			proof: sound && x.outcome.proof(), missing: sound && x.outcome == NotFound})
	case !x.item.start && x.missing:
		r.finish(x, verdict{outcome: Soft404, detail: "same as the page for addresses that do not exist"})
	default:
		r.decideDocument(x)
	}
	if x.item.start && !r.opened {
		r.judgeStart(x)
	}
}

// judgeStart tells whether a start page stands for a site that can be crawled.
// A page of its own (not a site) may well be proven gone.
func (r *run) judgeStart(x *read) {
	p := r.places[x.item.addr.key]
	if !p.done {
		return
	}
	switch p.outcome {
	case Imported, Unchanged, NoIndex, NoText, Script, Language, Canonical, Duplicate, Excluded, Cap:
		return
	case NotFound, Removed:
		if !r.src.cfg.Related {
			return
		}
	case Redirected:
		if x.redirect != nil && r.places[x.redirect.key] != nil && r.places[x.redirect.key].done {
			return // that page was judged
		}
	}
	r.startFault = &Skip{URL: x.item.addr.String(), Outcome: p.outcome, Detail: x.detail, Err: x.err}
}

// atFault tells answers of a start page that speak of the site and not of the
// page: they prove nothing.
func (r *run) atFault(x *read) bool {
	if !x.item.start || r.opened {
		return false
	}
	return x.outcome == Disallowed || r.src.cfg.Related && (x.outcome == NotFound || x.outcome == Removed)
}

func (r *run) decideRedirect(x *read) {
	to := *x.redirect
	if o, why := r.src.scope.refuse(to); o == OffSite {
		r.finish(x, verdict{outcome: OffSite, detail: "redirects to " + to.String() + why})
		return
	}
	if x.item.hops >= maxHops {
		r.finish(x, verdict{outcome: Redirected, detail: fmt.Sprintf("more than %d hops", maxHops)})
		return
	}
	if !x.item.start && r.fetcher.probe.redirect != "" && to.key == r.fetcher.probe.redirect {
		r.finish(x, verdict{outcome: Soft404, detail: "redirects where addresses that do not exist do: " + to.String()})
		return
	}
	id := x.item.addr.key
	r.meet(to, encounter{class: classOf(to), start: x.item.start && !r.opened, hops: x.item.hops + 1, heir: r.knownDocument(id)})
	p := r.places[to.key]
	switch {
	case p == nil:
		r.finish(x, verdict{outcome: Redirected, detail: "to " + to.String() + ", which is one address too many"})
	case p.done:
		v := verdict{outcome: Redirected, detail: "to " + to.String(), proof: p.leads, leads: p.leads}
		if !p.leads {
			v.detail += ", which ended as " + string(p.outcome)
			v.proof, v.missing = p.outcome == Removed, p.outcome == NotFound
		}
		r.finish(x, v)
	case !r.wait(x, to.key):
		r.finish(x, verdict{outcome: Redirected, detail: "in a circle by way of " + to.String()})
	}
}

// decideDocument imports a page unless it belongs to another address.
func (r *run) decideDocument(x *read) {
	id := x.item.addr.key
	if o, why := r.src.scope.refuse(x.item.addr); o != "" && x.item.start && r.src.cfg.Related {
		r.finish(x, verdict{outcome: Excluded, detail: why, proof: true})
		return
	}
	if !x.item.own && x.canonical != nil && r.src.cfg.Related {
		to := *x.canonical
		r.meet(to, encounter{class: classOf(to), heir: r.knownDocument(id)})
		if p := r.places[to.key]; p != nil && p.done && p.leads {
			r.finish(x, verdict{outcome: Canonical, detail: to.String(), proof: true, leads: true})
			return
		} else if p != nil && !p.done && !p.noFollow && r.wait(x, to.key) {
			return
		}
	}
	if owner := r.owner[x.state.Text]; !x.item.own && owner != "" && owner != id {
		p := r.places[owner]
		if p == nil && r.knownDocument(owner) && r.opened || p != nil && !p.done {
			if r.wait(x, owner) {
				return
			}
		} else if p != nil && p.leads {
			r.finish(x, verdict{outcome: Duplicate, detail: "of " + p.addr.String(), proof: true, leads: true})
			return
		}
	}
	r.admit(x)
}

// wait holds a page until the address it hangs on is decided. It reports false
// when that address hangs on the page itself; whichever of the circle is a
// document is imported then.
func (r *run) wait(x *read, on string) bool {
	id := x.item.addr.key
	for at := on; ; {
		next, ok := r.waitsOn[at]
		if !ok {
			break
		}
		if next == id {
			return r.breakCircle(x, on)
		}
		at = next
	}
	if x.doc != nil && r.held >= maxHeld {
		x.doc = nil
	} else if x.doc != nil {
		r.held++
	}
	r.waitsOn[id] = on
	r.waiting[on] = append(r.waiting[on], x)
	return true
}

// breakCircle imports the first page with a text of its own on the way from an
// address back to x, and has x decided again after it.
func (r *run) breakCircle(x *read, from string) bool {
	id := x.item.addr.key
	for at := from; at != id; at = r.waitsOn[at] {
		on := r.waitsOn[at]
		for i, w := range r.waiting[on] {
			if w.item.addr.key != at || w.redirect != nil {
				continue
			}
			r.waiting[on] = append(r.waiting[on][:i:i], r.waiting[on][i+1:]...)
			delete(r.waitsOn, at)
			w.item.own = true
			r.waitsOn[id] = at
			r.waiting[at] = append(r.waiting[at], x)
			r.ready = append(r.ready, w)
			return true
		}
	}
	return false
}

// admit makes a document of a page if there is room.
func (r *run) admit(x *read) {
	id := x.item.addr.key
	known := r.knownDocument(id)
	if x.doc == nil && !(known && x.notModified) {
		r.again(x)
		return
	}
	if !known && !r.inherits(id) && r.imported+r.unresolved >= r.src.cfg.MaxDocuments {
		r.finish(x, verdict{outcome: Cap})
		return
	}
	r.imported++
	x.state.Listed = r.listed[id]
	r.frontier.yieldOf(x.item.addr).documents++
	c := knowledge.Change{ID: id, Kind: knowledge.Upsert, Document: x.doc, State: x.state.encode()}
	same := x.notModified || x.item.state != nil && x.item.state.Doc == x.state.Doc
	outcome := Imported
	if known && same {
		c.Kind, c.Document, outcome = knowledge.Unchanged, nil, Unchanged
	}
	r.disown(id)
	if x.state.Text != "" {
		r.owner[x.state.Text] = id
	}
	r.close(id, outcome, true)
	r.emit(c)
	r.compare(x)
}

// compare notes that a document nearly has the text of another. It stays all
// the same: the pages of one template differ in a few words that matter.
func (r *run) compare(x *read) {
	if x.state.Sketch == 0 {
		return
	}
	id := x.item.addr.key
	if other, apart := r.sketches.near(id, x.state.Sketch); other != "" {
		r.note(x.item.addr, fmt.Sprintf("nearly the text of %s (%d of 64 bits of their sketches differ)", r.places[other].addr, apart))
	}
}

// inherits tells whether a known document gives its room to this address.
func (r *run) inherits(id string) bool {
	for _, w := range r.waiting[id] {
		if r.knownDocument(w.item.addr.key) {
			return true
		}
	}
	return false
}

// again has a page read anew, without conditions, once.
func (r *run) again(x *read) {
	if x.item.anew {
		r.finish(x, verdict{outcome: Status, detail: "no content to an unconditional request"})
		return
	}
	it := *x.item
	it.anew = true
	r.frontier.pushKnown(&it)
}

// finish reports an address that is no document.
func (r *run) finish(x *read, v verdict) {
	id := x.item.addr.key
	p := r.places[id]
	if p.done {
		return
	}
	known := r.knownDocument(id)
	if known && v.missing && !r.missed(x, &v) {
		return
	}
	skip := &Skip{URL: p.addr.String(), Outcome: v.outcome, Detail: v.detail, Err: v.err}
	c := knowledge.Change{ID: id, Kind: knowledge.Skipped, Err: skip}
	switch {
	case known && v.proof && skip.certain():
		c.Kind = knowledge.Gone
	case known && v.proof:
		c.Kind = knowledge.Missing
	case known || v.outcome.failure():
		c.Kind = knowledge.Failed
	}
	if c.Kind != knowledge.Failed && x.state.Print != "" {
		c.State = x.state.encode()
	}
	if c.Kind == knowledge.Failed {
		r.failed++
	}
	if c.Kind == knowledge.Gone || c.Kind == knowledge.Missing || !known {
		r.disown(id)
	}
	// A known document that was not read this time is still there.
	r.close(id, v.outcome, v.leads || c.Kind == knowledge.Failed && known)
	r.emit(c)
}

// disown forgets which text a document had.
func (r *run) disown(id string) {
	if state, _ := r.remembered(id); state != nil && r.owner[state.Text] == id {
		delete(r.owner, state.Text)
	}
}

// close settles an address, and has those decided that waited for it.
func (r *run) close(id string, o Outcome, leads bool) {
	p := r.places[id]
	p.done, p.leads, p.outcome, p.noFollow = true, leads, o, false
	if r.knownDocument(id) {
		r.unresolved--
	}
	for _, w := range r.waiting[id] {
		delete(r.waitsOn, w.item.addr.key)
		if w.doc != nil {
			r.held--
		}
		r.ready = append(r.ready, w)
	}
	delete(r.waiting, id)
}
