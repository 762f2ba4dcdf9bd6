package credits

import (
	"context"
	"fmt"
	"sync"
)

// MemoryStore is a [Store] in memory. The zero value is empty and ready to use.
type MemoryStore struct {
	mu     sync.RWMutex
	pages  map[string][][]Entry // by account; all but the last are full
	owners map[string]string    // by key
}

// pageSize is how many entries stay together: large enough to load fast, small
// enough that growing copies little.
const pageSize = 1024

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return &MemoryStore{} }

// Append implements [Store].
func (m *MemoryStore) Append(ctx context.Context, entries []Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuses(entries); err != nil {
		return err
	}
	if m.pages == nil {
		m.pages, m.owners = map[string][][]Entry{}, map[string]string{}
	}
	for i := range entries {
		e := &entries[i]
		page := m.lastPage(e.Account)
		*page = append(*page, *e)
		(*page)[len(*page)-1].own()
		if e.Claims {
			m.owners[e.Key] = e.Account
		}
	}
	return nil
}

// lastPage is where an account's next entry goes.
func (m *MemoryStore) lastPage(account string) *[]Entry {
	pages := m.pages[account]
	switch {
	case len(pages) == 0: // grows, since most accounts are small
		pages = append(pages, nil)
		m.pages[account] = pages
	case len(pages[len(pages)-1]) == pageSize:
		pages = append(pages, make([]Entry, 0, pageSize))
		m.pages[account] = pages
	}
	return &pages[len(pages)-1]
}

// refuses checks entries before any is added.
func (m *MemoryStore) refuses(entries []Entry) error {
	for i := range entries {
		e := &entries[i]
		if e.Account == "" || e.Account != entries[0].Account {
			return fmt.Errorf("credits: append to accounts %q and %q: %w", entries[0].Account, e.Account, ErrInvalid)
		}
		if next := m.count(e.Account) + int64(i) + 1; e.Seq != next {
			return fmt.Errorf("credits: entry %d of account %q would be %d: %w", e.Seq, e.Account, next, ErrStale)
		}
		if !e.Claims {
			continue
		}
		_, claimed := m.owners[e.Key]
		for _, other := range entries[:i] {
			claimed = claimed || other.Claims && other.Key == e.Key
		}
		if claimed {
			return fmt.Errorf("credits: key %q is claimed: %w", e.Key, ErrStale)
		}
	}
	return nil
}

func (m *MemoryStore) count(account string) int64 {
	pages := m.pages[account]
	if len(pages) == 0 {
		return 0
	}
	return int64((len(pages)-1)*pageSize + len(pages[len(pages)-1]))
}

// Load implements [Store]. It returns at most what is left of one page.
func (m *MemoryStore) Load(ctx context.Context, account string, after int64, limit int) ([]Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if after < 0 || limit < 1 || after >= m.count(account) {
		return nil, nil
	}
	page := m.pages[account][after/pageSize][after%pageSize:]
	page = page[:min(limit, len(page))]
	return page[:len(page):len(page)], nil
}

// Owner implements [Store].
func (m *MemoryStore) Owner(ctx context.Context, key string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.owners[key], nil
}
