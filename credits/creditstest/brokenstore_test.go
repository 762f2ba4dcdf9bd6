package creditstest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/credits"
)

// altered is a right store whose methods can be broken one by one.
type altered struct {
	*credits.MemoryStore
	append func(ctx context.Context, entries []credits.Entry) error
	load   func(ctx context.Context, account string, after int64, limit int) ([]credits.Entry, error)
	owner  func(ctx context.Context, key string) (string, error)
}

func (a *altered) Append(ctx context.Context, entries []credits.Entry) error {
	if a.append != nil {
		return a.append(ctx, entries)
	}
	return a.MemoryStore.Append(ctx, entries)
}

func (a *altered) Load(ctx context.Context, account string, after int64, limit int) ([]credits.Entry, error) {
	if a.load != nil {
		return a.load(ctx, account, after, limit)
	}
	return a.MemoryStore.Load(ctx, account, after, limit)
}

func (a *altered) Owner(ctx context.Context, key string) (string, error) {
	if a.owner != nil {
		return a.owner(ctx, key)
	}
	return a.MemoryStore.Owner(ctx, key)
}

// loads alters what is loaded.
func loads(alter func([]credits.Entry) []credits.Entry) func(*credits.MemoryStore) credits.Store {
	return func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, load: func(ctx context.Context, account string, after int64, limit int) ([]credits.Entry, error) {
			got, err := m.Load(ctx, account, after, limit)
			return alter(slices.Clone(got)), err
		}}
	}
}

// brokenStores each break one promise; want are the clauses that must say so, or
// may, with a question mark, depending on which call comes first.
var brokenStores = []struct {
	name  string
	store func(*credits.MemoryStore) credits.Store
	want  string // separated by blanks
}{
	{"keeps times in seconds", loads(func(got []credits.Entry) []credits.Entry {
		for i := range got {
			got[i].At = got[i].At.Truncate(time.Second)
		}
		return got
	}), "AccountsAreSeparate AppendIsAllOrNothing AppendKeepsNothingOfTheCallers EndedContextFails EntriesComeBackAsTheyWere LedgersAgree LoadIsInOrderAndAfter StaleAppendIsRefused"},
	{"forgets the evidence", loads(func(got []credits.Entry) []credits.Entry {
		for i := range got {
			got[i].Evidence.Units = 0
		}
		return got
	}), "EntriesComeBackAsTheyWere"},
	{"latest first", loads(func(got []credits.Entry) []credits.Entry { slices.Reverse(got); return got }), "AccountsAreSeparate AppendIsAllOrNothing AppendKeepsNothingOfTheCallers EntriesComeBackAsTheyWere LedgersAgree? LoadIsInOrderAndAfter StaleAppendIsRefused"},
	{"from the number on", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, load: func(ctx context.Context, account string, after int64, limit int) ([]credits.Entry, error) {
			return m.Load(ctx, account, max(0, after-1), limit)
		}}
	}, "AccountsAreSeparate AppendIsAllOrNothing AppendKeepsNothingOfTheCallers EmptyLoadMeansTheEnd EndedContextFails EntriesComeBackAsTheyWere LedgersAgree LoadIsInOrderAndAfter StaleAppendIsRefused"},
	{"no limit", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, load: func(ctx context.Context, account string, after int64, limit int) ([]credits.Entry, error) {
			return m.Load(ctx, account, after, 1<<30)
		}}
	}, "LoadIsInOrderAndAfter LoadKeepsTheLimit"},
	{"an error at the end", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, load: func(ctx context.Context, account string, after int64, limit int) ([]credits.Entry, error) {
			got, err := m.Load(ctx, account, after, limit)
			if after > 3 && len(got) == 0 && err == nil {
				return nil, errors.New("no rows")
			}
			return got, err
		}}
	}, "AppendKeepsNothingOfTheCallers EmptyLoadMeansTheEnd EntriesComeBackAsTheyWere LedgersAgree? LoadIsInOrderAndAfter"},
	{"empty before the end", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, load: func(ctx context.Context, account string, after int64, limit int) ([]credits.Entry, error) {
			if after == 14 {
				return nil, ctx.Err()
			}
			return m.Load(ctx, account, after, limit)
		}}
	}, "LedgersAgree? LoadIsInOrderAndAfter"},
	{"goes on with another account", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, load: func(ctx context.Context, account string, after int64, limit int) ([]credits.Entry, error) {
			if got, err := m.Load(ctx, account, after, limit); len(got) > 0 || err != nil || account != "other" {
				return got, err
			}
			return m.Load(ctx, "acme", 0, limit)
		}}
	}, "AccountsAreSeparate EmptyLoadMeansTheEnd"},
	{"appends wherever the end is", func(m *credits.MemoryStore) credits.Store {
		var mu sync.Mutex
		return &altered{MemoryStore: m, append: func(ctx context.Context, entries []credits.Entry) error {
			mu.Lock()
			defer mu.Unlock()
			entries = slices.Clone(entries)
			for {
				err := m.Append(ctx, entries)
				if !errors.Is(err, credits.ErrStale) || strings.Contains(err.Error(), "claimed") {
					return err
				}
				for i := range entries {
					entries[i].Seq++
				}
			}
		}}
	}, "LedgersAgree? OneOfParallelAppendsWins StaleAppendIsRefused"},
	{"drops what is stale", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, append: func(ctx context.Context, entries []credits.Entry) error {
			return forgive(m.Append(ctx, entries), credits.ErrStale)
		}}
	}, "AppendIsAllOrNothing KeyIsClaimedOnce LedgersAgree? OneOfParallelAppendsWins StaleAppendIsRefused"},
	{"appends one by one", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, append: func(ctx context.Context, entries []credits.Entry) error {
			for i := range entries {
				if err := m.Append(ctx, entries[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}}
	}, "AppendIsAllOrNothing KeyIsClaimedOnce"},
	{"keys by account", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, append: func(ctx context.Context, entries []credits.Entry) error {
			err := m.Append(ctx, entries)
			if err != nil && strings.Contains(err.Error(), "claimed") && entries[0].Account == "other" {
				entries = slices.Clone(entries)
				for i := range entries {
					entries[i].Claims = false
				}
				return m.Append(ctx, entries)
			}
			return err
		}}
	}, "KeyIsClaimedOnce"},
	{"keys without case", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, append: func(ctx context.Context, entries []credits.Entry) error {
			for _, e := range entries {
				if owner, _ := m.Owner(ctx, strings.ToLower(e.Key)); e.Claims && owner != "" {
					return credits.ErrStale
				}
			}
			return m.Append(ctx, entries)
		}, owner: func(ctx context.Context, key string) (string, error) { return m.Owner(ctx, strings.ToLower(key)) }}
	}, "KeyIsClaimedOnce OwnerIsFound"},
	{"every key claims", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, owner: func(ctx context.Context, key string) (string, error) {
			owner, err := m.Owner(ctx, key)
			for _, account := range []string{"acme", "other"} {
				got, _ := m.Load(ctx, account, 0, 100)
				if owner == "" && slices.ContainsFunc(got, func(e credits.Entry) bool { return e.Key == key }) {
					return account, err
				}
			}
			return owner, err
		}}
	}, "OnlyClaimsClaim"},
	{"an error for an unknown key", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, owner: func(ctx context.Context, key string) (string, error) {
			owner, err := m.Owner(ctx, key)
			if owner == "" && err == nil {
				err = errors.New("no rows")
			}
			return owner, err
		}}
	}, "AppendIsAllOrNothing OnlyClaimsClaim OwnerIsFound"},
	{"keeps what the entries point to", func(m *credits.MemoryStore) credits.Store {
		given := map[int64]*credits.Grant{}
		var mu sync.Mutex
		return &altered{MemoryStore: m, append: func(ctx context.Context, entries []credits.Entry) error {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range entries {
				if e.Grant != nil {
					given[e.Seq] = e.Grant
				}
			}
			return m.Append(ctx, entries)
		}, load: func(ctx context.Context, account string, after int64, limit int) ([]credits.Entry, error) {
			mu.Lock()
			defer mu.Unlock()
			got, err := m.Load(ctx, account, after, limit)
			got = slices.Clone(got)
			for i := range got {
				if got[i].Grant != nil {
					got[i].Grant = given[got[i].Seq]
				}
			}
			return got, err
		}}
	}, "AppendKeepsNothingOfTheCallers"},
	{"deaf to its context", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, append: func(ctx context.Context, entries []credits.Entry) error {
			return m.Append(context.WithoutCancel(ctx), entries)
		}}
	}, "EndedContextFails"},
	{"finds owners without a context", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, owner: func(ctx context.Context, key string) (string, error) {
			return m.Owner(context.WithoutCancel(ctx), key)
		}}
	}, "EndedContextFails"},
	{"locked for others", func(m *credits.MemoryStore) credits.Store {
		return &altered{MemoryStore: m, append: func(ctx context.Context, entries []credits.Entry) error {
			return instead(m.Append(ctx, entries), credits.ErrStale, errors.New("database is locked"))
		}}
	}, "AppendIsAllOrNothing KeyIsClaimedOnce LedgersAgree? OneOfParallelAppendsWins StaleAppendIsRefused"},
}
