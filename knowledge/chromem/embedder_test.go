package chromem_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/knowledge/chromem"
)

func texts(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(i)
	}
	return out
}

func TestEmbedderKeepsOrderAndBoundsConcurrency(t *testing.T) {
	for _, c := range []struct{ configured, want int }{{0, 4}, {1, 1}, {7, 7}} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int64
			f := func(_ context.Context, text string) ([]float32, error) {
				n := now.Add(1)
				defer now.Add(-1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Second)
				return []float32{float32(len(text)), float32(text[0])}, nil
			}
			in := texts(20)
			vectors, err := chromem.Embedder(f, chromem.EmbedderConfig{Concurrency: c.configured}).Embed(t.Context(), in)
			if err != nil || len(vectors) != len(in) {
				t.Fatal(vectors, err)
			}
			for i, v := range vectors {
				if want := []float32{float32(len(in[i])), float32(in[i][0])}; !slices.Equal(v, want) {
					t.Errorf("vector %d is %v, want %v", i, v, want)
				}
			}
			if got := int(most.Load()); got != c.want {
				t.Errorf("%d at a time, want %d", got, c.want)
			}
		})
	}
}

func TestEmbedderFirstErrorCancelsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		broken := errors.New("no quota")
		f := func(ctx context.Context, text string) ([]float32, error) {
			calls.Add(1)
			if text == "2" {
				time.Sleep(time.Second)
				return nil, broken
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		start := time.Now()
		vectors, err := chromem.Embedder(f, chromem.EmbedderConfig{}).Embed(t.Context(), texts(50))
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "text 3 of 50") || vectors != nil {
			t.Errorf("%v, %v", vectors, err)
		}
		if n := calls.Load(); n != 4 || time.Since(start) != time.Second {
			t.Errorf("%d calls in %v, want 4 in 1 s", n, time.Since(start))
		}
	})
}

func TestEmbedderRespectsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		f := func(ctx context.Context, _ string) ([]float32, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("vendor: %w", ctx.Err())
		}
		if vectors, err := chromem.Embedder(f, chromem.EmbedderConfig{}).Embed(ctx, texts(9)); !errors.Is(err, context.DeadlineExceeded) || vectors != nil {
			t.Errorf("%v, %v", vectors, err)
		}
	})
	called := false
	f := func(context.Context, string) ([]float32, error) {
		called = true
		return []float32{1}, nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if vectors, err := chromem.Embedder(f, chromem.EmbedderConfig{}).Embed(ctx, texts(9)); !errors.Is(err, context.Canceled) || vectors != nil || called {
		t.Errorf("%v, %v, called %v", vectors, err, called)
	}
}

func TestEmbedderCopiesVectors(t *testing.T) {
	shared := []float32{1, 0}
	e := chromem.Embedder(func(context.Context, string) ([]float32, error) { return shared, nil }, chromem.EmbedderConfig{})
	vectors, err := e.Embed(t.Context(), texts(2))
	if err != nil {
		t.Fatal(err)
	}
	vectors[0][0] = 9
	if shared[0] != 1 || vectors[1][0] != 1 {
		t.Error("vectors share memory with the function's or each other")
	}
}

func TestEmbedderWithoutFunctionOrTexts(t *testing.T) {
	if vectors, err := chromem.Embedder(nil, chromem.EmbedderConfig{}).Embed(t.Context(), texts(1)); err == nil || vectors != nil {
		t.Errorf("without a function: %v, %v", vectors, err)
	}
	if vectors, err := chromem.Embedder(toyEmbedding, chromem.EmbedderConfig{}).Embed(t.Context(), nil); err != nil || len(vectors) != 0 {
		t.Errorf("without texts: %v, %v", vectors, err)
	}
}
