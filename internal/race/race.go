// Package race tells tests whether the race detector watches them.
package race

import "testing"

// SkipHeavy skips a test that only burns time in one goroutine when the race
// detector watches: there is nothing for it to see, and the test runs in full
// without it.
func SkipHeavy(tb testing.TB) {
	tb.Helper()
	if enabled {
		tb.Skip("single-threaded work of megabytes: runs without the race detector")
	}
}
