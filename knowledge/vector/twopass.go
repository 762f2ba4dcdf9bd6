package vector

import (
	"math"
	"math/bits"
)

const (
	// classes of estimated similarity that the first pass tells apart.
	classes = 4096
	// skipped is the class of rows that are removed or not admitted.
	skipped = math.MaxUint16
	// missShare of the K best may be missed, as far as the estimates tell.
	missShare = 0.005
)

// searchSigns ranks a part's rows in sc.ranges: it estimates all similarities from
// the signs, then compares exactly in the order of the estimates, until no row
// that is left is likely to be among the best. It returns how many it compared.
func (sc *scratch) searchSigns(ix *Index, number int) int {
	p := &ix.parts[number]
	sc.estimate(p)
	var fit regression
	want := max(minCandidates, ix.cfg.Oversample*sc.best.k)
	for high := classes; high > 0; {
		low, n := high, 0
		for low > 0 && n < want {
			low--
			n += int(sc.count[low])
		}
		if n > 0 {
			sc.rescore(p, number, low, high, &fit)
		}
		high = low
		if len(sc.best.heap) == sc.best.k && fit.above(sc.count[:low], float64(sc.best.least)) < missShare*float64(sc.best.k) {
			break
		}
		want = fit.rows()
	}
	return fit.rows()
}

// estimate puts the rows of sc.ranges into classes by the similarity that their
// signs let expect, the most similar into the highest.
//
// With x and q at distances r and s from the centre m and the angle φ between
// them there, x·q = m·q + m·(x-m) + rs cos φ, and as x has length 1, m·(x-m) is
// (1-m²-r²)/2: but for what all rows have in common, rs cos φ - r²/2.
func (sc *scratch) estimate(p *part) {
	s := p.signs
	sc.class = sized(sc.class, len(p.rows))
	clear(sc.count[:])
	sc.words = sized(sc.words, s.perRow)
	sc.turned = sized(sc.turned, p.dimensions)
	radius := s.encode(sc.words, sc.turned, sc.query)
	sc.cosine = sized(sc.cosine, len(s.cosine))
	for h, c := range s.cosine {
		sc.cosine[h] = radius * c
	}
	most := s.maxRadius * radius
	least := -most - s.maxRadius*s.maxRadius/2
	scale := float32(0)
	if most > least {
		scale = (classes - 0.5) / (most - least) // rounding must not reach the next class
	}
	next := uint32(0)
	for _, r := range sc.ranges {
		skip(sc.class[next:r.from])
		sc.classify(p, r, least, scale)
		next = r.end
	}
	skip(sc.class[next:])
}

func skip(class []uint16) {
	for i := range class {
		class[i] = skipped
	}
}

// classify puts the live rows of a range into classes.
func (sc *scratch) classify(p *part, r span, least, scale float32) {
	// Local copies, which the compiler can keep in registers.
	query, cosine, count, dead := sc.words, sc.cosine, &sc.count, p.dead
	radius := p.signs.radius[r.from:r.end]
	class := sc.class[r.from:r.end][:len(radius)]
	words := p.signs.words[int(r.from)*len(query):]
	for i, d := range radius {
		if dead != nil && p.isDead(r.from+uint32(i)) {
			words = words[len(query):]
			class[i] = skipped
			continue
		}
		differ := 0
		row := words[:len(query)]
		words = words[len(query):]
		if len(query) == 6 {
			differ = differingOfSix((*[6]uint64)(query), (*[6]uint64)(row))
		} else {
			for w, q := range query {
				differ += bits.OnesCount64(q ^ row[w])
			}
		}
		c := uint16(int32((d*(cosine[differ]-d/2)-least)*scale)) % classes
		class[i] = c
		count[c]++
	}
}

// differingOfSix counts the bits that differ at 384 dimensions, the commonest
// size of small models, in three quarters of the loop's time.
func differingOfSix(a, b *[6]uint64) int {
	return bits.OnesCount64(a[0]^b[0]) + bits.OnesCount64(a[1]^b[1]) + bits.OnesCount64(a[2]^b[2]) +
		bits.OnesCount64(a[3]^b[3]) + bits.OnesCount64(a[4]^b[4]) + bits.OnesCount64(a[5]^b[5])
}

// rescore compares the rows of classes in [low,high) exactly.
func (sc *scratch) rescore(p *part, number, low, high int, fit *regression) {
	sc.picked, sc.pickedRows = sc.picked[:0], sc.pickedRows[:0]
	width := uint16(high - low)
	for row, class := range sc.class {
		if class-uint16(low) < width {
			sc.picked = append(sc.picked, uint32(row))
			sc.pickedRows = append(sc.pickedRows, p.rows[row])
		}
	}
	for from := 0; from < len(sc.picked); from += ahead {
		end := min(from+ahead, len(sc.picked))
		sc.fetch(sc.pickedRows[from:end], p.dimensions)
		for i := from; i < end; i++ {
			row := sc.picked[i]
			s := similarity(sc.query, sc.pickedRows[i])
			fit.add(float64(sc.class[row]), float64(s))
			if s >= sc.best.least {
				sc.best.offer(found{s, int32(number), row})
			}
		}
	}
	clear(sc.pickedRows) // the pool must not keep vectors alive
}

// regression is a straight line through the exact similarities of rows by class.
type regression struct{ n, x, y, xx, xy, yy float64 }

func (f *regression) add(x, y float64) {
	f.n++
	f.x += x
	f.y += y
	f.xx += x * x
	f.xy += x * y
	f.yy += y * y
}

func (f *regression) rows() int { return int(f.n) }

// above returns how many rows of the classes counted are expected to have more
// than a similarity, with normally distributed deviations from the line; +Inf
// when the rows seen so far show no line.
func (f *regression) above(count []uint32, least float64) float64 {
	varX, varY, cov := f.n*f.xx-f.x*f.x, f.n*f.yy-f.y*f.y, f.n*f.xy-f.x*f.y
	if f.n < minCandidates || varX <= 0 || cov <= 0 {
		return math.Inf(1)
	}
	slope := cov / varX
	offset := (f.y - slope*f.x) / f.n
	deviation := math.Sqrt(max(0, (varY-slope*cov)/(f.n*(f.n-2))))
	expected := 0.0
	for class := len(count) - 1; class >= 0; class-- {
		if count[class] == 0 {
			continue
		}
		z := (least - offset - slope*float64(class)) / deviation
		if z > 8 {
			break // beyond, less than one in 10^15
		}
		expected += float64(count[class]) * math.Erfc(z/math.Sqrt2) / 2
	}
	return expected
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
