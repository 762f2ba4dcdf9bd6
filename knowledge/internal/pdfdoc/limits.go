package pdfdoc

// Limits bound the work one file may cause. A zero field means its default.
// They count work and do not measure time, so a file that passes once always
// passes.
type Limits struct {
	// MaxBytes is the largest input, default 32 MiB.
	MaxBytes int
	// MaxPages is the largest number of pages, default 2,000.
	MaxPages int
	// MaxOperators is the largest number of drawing operators over all pages,
	// default 3,000,000.
	MaxOperators int
	// MaxText is the largest amount of text in bytes, default 10 MiB.
	MaxText int
	// MaxStream is the largest size of one unpacked stream in bytes, default
	// 64 MiB; all streams of a file together may unpack to four times that.
	MaxStream int
}

func (l Limits) withDefaults() Limits {
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&l.MaxBytes, 32<<20)
	set(&l.MaxPages, 2000)
	set(&l.MaxOperators, 3_000_000)
	set(&l.MaxText, 10<<20)
	set(&l.MaxStream, 64<<20)
	return l
}
