package crawl

// A document whose address answers 404 is not gone yet: sites answer so for
// all of their pages while they are being changed. It is gone when it answered
// so in two crawls running, when the sitemap has dropped it as well, or when
// its text has moved to another address.

// pendingMiss is a known document that answered 404 for the first time.
type pendingMiss struct {
	read    *read
	verdict verdict
}

// missed tells whether a known document that answers 404 is to be decided now,
// and completes the verdict.
func (r *run) missed(x *read, v *verdict) bool {
	id := x.item.addr.key
	switch {
	case r.site.wasMissing(id):
		v.proof, v.detail = true, join(v.detail, "for the second time")
	case r.delisted(id):
		v.proof, v.detail = true, join(v.detail, "and no longer in the sitemap")
	case !r.settling:
		r.pending = append(r.pending, pendingMiss{x, *v})
		return false
	default:
		r.missing[id] = true
		v.detail = join(v.detail, "for the first time")
	}
	v.missing = false
	return true
}

// delisted tells whether a document was in the sitemap and is no longer.
func (r *run) delisted(id string) bool {
	state, _ := r.remembered(id)
	return state != nil && state.Listed && r.listed != nil && !r.listed[id]
}

// settleMissing decides the documents that answer 404, now that all else was
// read.
func (r *run) settleMissing() {
	r.settling = true
	for _, p := range r.pending {
		if r.movedAway(p.read.item.addr.key) {
			p.verdict.proof, p.verdict.missing = true, false
			p.verdict.detail = join(p.verdict.detail, "and its text has moved")
		}
		r.finish(p.read, p.verdict)
		r.decideReady()
	}
	r.pending = nil
}

// movedAway tells whether another page that has the text of a document waits for
// its end.
func (r *run) movedAway(id string) bool {
	state, _ := r.remembered(id)
	for _, w := range r.waiting[id] {
		if state != nil && state.Text != "" && w.state.Text == state.Text {
			return true
		}
	}
	return false
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}
