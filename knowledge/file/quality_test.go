package file_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/corpora"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

const (
	slowest = 5 * time.Second
	largest = 300 << 20 // bytes resident
)

func TestQualityP13EveryFileOfEverySetIsSafe(t *testing.T) {
	r := file.NewRegistry(file.Config{})
	counts := map[string]map[string]int{}
	var worst time.Duration
	var worstName string
	for _, set := range []string{"html-articles", "pdf", "docx", "pptx", "text"} {
		counts[set] = map[string]int{}
		err := filepath.WalkDir(corpora.Dir(t, set), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, data, err := readSample(path)
			if err != nil {
				return err
			}
			if _, err := r.Format(file.Input{Name: name}); err != nil {
				return nil
			}
			doc, took, err := parse(t, r, file.Input{Name: name, Data: data})
			if took > worst {
				worst, worstName = took, path
			}
			counts[set][outcome(t, path, doc, err)]++
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	files := 0
	for _, set := range counts {
		for _, n := range set {
			files += n
		}
	}
	t.Logf("%d files, references of the sets included; outcomes: %v", files, counts)
	t.Logf("slowest file %.2f s (limit %s): %s", worst.Seconds(), slowest, filepath.Base(worstName))
	if worst > slowest {
		t.Errorf("%s took %s", worstName, worst)
	}
	rss, ok := peakRSS()
	if !ok {
		t.Log("peak memory is not known on this system")
		return
	}
	t.Logf("peak resident memory %d MB (limit %d MB)", rss>>20, largest>>20)
	if rss > largest {
		t.Errorf("%d MB resident", rss>>20)
	}
}

// parse reads a file and tells how long that took. A machine that is busy with
// something else gets three tries: the work is what counts.
func parse(t *testing.T, r *file.Registry, in file.Input) (doc *knowledge.Document, took time.Duration, err error) {
	t.Helper()
	took = time.Hour
	for try := 0; try < 3 && took > slowest; try++ {
		start := time.Now()
		doc, err = r.Parse(t.Context(), in)
		took = min(took, time.Since(start))
	}
	return doc, took, err
}

func readSample(path string) (name string, data []byte, err error) {
	data, err = os.ReadFile(path)
	name = filepath.Base(path)
	if err == nil && strings.HasSuffix(name, ".gz") {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, err = io.ReadAll(z)
		}
		name = strings.TrimSuffix(name, ".gz")
	}
	return name, data, err
}

// outcome names how a parse ended and fails for an error without a type.
func outcome(t *testing.T, path string, doc *knowledge.Document, err error) string {
	t.Helper()
	if err == nil && doc != nil {
		return "text"
	}
	for _, typed := range []error{knowledge.ErrNoText, knowledge.ErrEncrypted, knowledge.ErrTooLarge, knowledge.ErrMalformed, knowledge.ErrUnsupported} {
		if errors.Is(err, typed) {
			if strings.Contains(err.Error(), "parser failed") {
				t.Errorf("%s: a panic was recovered: %v", path, err)
			}
			return typed.Error()
		}
	}
	t.Errorf("%s: error without a type: %v", path, err)
	return "?"
}

// peakRSS returns the process's peak resident memory where /proc tells.
func peakRSS() (int64, bool) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}
