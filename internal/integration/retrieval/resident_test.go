package retrieval

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An engine is weighed in a process of its own, which is told by these flags.
var (
	weighedEngine = flag.String("weigh.engine", "", "only weigh this engine, for TestQualityRetrievalAgainstPeers")
	weighedSet    = flag.String("weigh.set", "", "with these tasks")
)

// reopener is a searcher that can serve from its files alone.
type reopener interface{ reopen() error }

// resident starts a process that builds the indexes of the tasks with an engine
// and asks their questions, and returns how much more of the process is then in
// memory than before the engine was first used, when only the texts were there.
//
// That is what the host pays: the index on the heap, pages of its files that
// were touched, caches, the engine's own tables and the code that ran. Memory
// that is free is given back to the system first, so that the garbage of a
// build counts for none, and an engine that keeps files is closed and opened
// again, so that what it needs only to build counts for none either. What is
// measured is the least of several processes.
func resident(tb testing.TB, e engine, set taskSet) int64 {
	tb.Helper()
	if runtime.GOOS != "linux" {
		tb.Skip("memory is compared on Linux only")
	}
	program, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	var weights []int64
	for range builds() {
		args := []string{"-test.run=^TestWeighedEngine$", "-test.v", "-weigh.engine=" + e.name, "-weigh.set=" + set.name,
			fmt.Sprintf("-test.short=%t", testing.Short()), fmt.Sprintf("-full=%t", *full)}
		out, err := exec.CommandContext(tb.Context(), program, args...).CombinedOutput()
		if err != nil {
			tb.Fatalf("weighing %s: %v\n%s", e.name, err, out)
		}
		_, after, _ := bytes.Cut(out, []byte(weighedPrefix))
		line, _, _ := strings.Cut(string(after), "\n")
		n, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			tb.Fatalf("weighing %s: no figure in\n%s", e.name, out)
		}
		weights = append(weights, n)
	}
	return slices.Min(weights)
}

const weighedPrefix = "resident bytes: "

// TestWeighedEngine is what resident starts.
func TestWeighedEngine(t *testing.T) {
	if *weighedEngine == "" {
		t.Skip("is run by TestQualityRetrievalAgainstPeers")
	}
	sets := taskSets(t)
	set := sets[slices.IndexFunc(sets, func(s taskSet) bool { return s.name == *weighedSet })]
	engines := slices.Concat([]engine{ours(), vectors()}, bleveEngines(), chromemEngines())
	e := engines[slices.IndexFunc(engines, func(e engine) bool { return e.name == *weighedEngine })]
	before := residentNow(t)
	var indexes []searcher
	for _, task := range set.tasks {
		ix, err := e.build(t.Context(), task.passages)
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := ix.(reopener); ok {
			if err := r.reopen(); err != nil {
				t.Fatal(err)
			}
		}
		indexes = append(indexes, ix)
	}
	for i, task := range set.tasks {
		ask(t, e, indexes[i], task.questions)
	}
	fmt.Printf("%s%d\n", weighedPrefix, residentNow(t)-before)
	for _, ix := range indexes {
		if err := ix.close(); err != nil {
			t.Error(err)
		}
	}
	runtime.KeepAlive(sets)
}

// residentNow is this process's memory in bytes after what is free was given
// back to the system.
func residentNow(tb testing.TB) int64 {
	tb.Helper()
	debug.FreeOSMemory()
	stat, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		tb.Fatal(err)
	}
	fields := strings.Fields(string(stat))
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
