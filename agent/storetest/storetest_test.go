package storetest

import (
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
)

func TestMemoryStoreKeepsThePromisesOfAStore(t *testing.T) {
	TestStore(t, func(_ *testing.T, now func() time.Time) agent.Store { return agent.NewMemoryStore(now) })
}
