package crawl

import (
	"context"
	"sync"
)

// crew are the workers of one crawl.
type crew struct {
	jobs    chan job
	results chan result
	wg      sync.WaitGroup
}

type job struct {
	item  *item
	isNew bool
}

type result struct {
	read  *read
	isNew bool
}

func hire(ctx context.Context, src *Source, f *fetcher) *crew {
	n := src.cfg.Concurrency
	c := &crew{jobs: make(chan job, n), results: make(chan result, n)}
	for range n {
		c.wg.Add(1)
		go func() {
			defer c.wg.Done()
			for j := range c.jobs {
				c.results <- result{src.look(ctx, f, j.item), j.isNew}
			}
		}()
	}
	return c
}

// dismiss waits for the workers to end. As many results as workers fit in the
// channel, so none blocks.
func (c *crew) dismiss(cancel context.CancelFunc) {
	cancel()
	close(c.jobs)
	c.wg.Wait()
}
