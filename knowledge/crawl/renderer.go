package crawl

import "context"

// Renderer shows a page as a browser does, after its scripts ran. It must be
// safe for concurrent use and honour ctx.
//
// A browser does not pass through this package's address policy: whoever
// provides one must confine it, as by a proxy that refuses private addresses.
type Renderer interface {
	// Render returns the HTML of the page at url.
	Render(ctx context.Context, url string) ([]byte, error)
}

// RendererFunc makes a Renderer of a function.
type RendererFunc func(ctx context.Context, url string) ([]byte, error)

// Render calls f.
func (f RendererFunc) Render(ctx context.Context, url string) ([]byte, error) { return f(ctx, url) }
