package language

import (
	"runtime"
	"testing"
)

func TestEmbeddedTablesAreSound(t *testing.T) {
	tables, err := parseTables(embeddedTables)
	if err != nil {
		t.Fatal(err)
	}
	if len(tables.codes) != 60 {
		t.Errorf("got %d languages, want 60", len(tables.codes))
	}
	keys := 0
	for bucket := range 1 << tables.bucketBits {
		from, to := tables.offset(bucket), tables.offset(bucket+1)
		if from > to {
			t.Fatalf("bucket %d ends before it begins", bucket)
		}
		for records := tables.records[from:to]; len(records) > 0; keys++ {
			r := readRecord(records)
			if r.length < 1 || r.length > maxKeyBytes || len(r.scores) == 0 || tables.bucket(r.key) != bucket {
				t.Fatalf("bucket %d holds a wrong record: %+v", bucket, r)
			}
			for i := 0; i < len(r.scores); i += 2 {
				if int(r.scores[i]) >= len(tables.codes) {
					t.Fatalf("bucket %d: language %d", bucket, r.scores[i])
				}
			}
			records = records[r.size:]
		}
	}
	if keys != 245106 {
		t.Errorf("got %d n-grams, want 245106", keys)
	}
}

func TestEveryLanguageOfTheTablesHasAScript(t *testing.T) {
	detector := New()
	for i, code := range detector.Languages() {
		written := false
		for s := range detector.masks {
			written = written || detector.masks[s][i] > 0
		}
		if !written || scriptsOf[code] == nil && detector.masks[latin][i] == 0 {
			t.Errorf("%s is written in no script", code)
		}
	}
	for code := range scriptsOf {
		if !detector.Knows(code) {
			t.Errorf("a script is given for %s, which the tables lack", code)
		}
	}
}

func TestScriptRangesAscend(t *testing.T) {
	for i, r := range scriptRanges {
		if r.first > r.last || i > 0 && scriptRanges[i-1].last >= r.first {
			t.Errorf("range %d: %x to %x", i, r.first, r.last)
		}
	}
}

func TestMalformedTablesAreRefused(t *testing.T) {
	for name, data := range map[string]string{
		"empty":         "",
		"other":         "LNG2\x01en\x01",
		"no languages":  "LNG1\x00\x01" + string(make([]byte, 9)),
		"cut languages": "LNG1\x05en",
		"cut offsets":   "LNG1\x01en\x01\x00\x00",
		"cut records":   embeddedTables[:len(embeddedTables)-1],
		"bucket bits":   "LNG1\x01en\xff" + string(make([]byte, 9)),
	} {
		if _, err := parseTables(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var broken Detector
	if got := broken.Detect("Where is my parcel?", []string{"en"}, nil); got.Language != "" {
		t.Errorf("without tables: got %+v", got)
	}
}

// heapOfDetector is how much of the heap a detector takes, as the mean of many.
func heapOfDetector() int64 {
	const count = 64
	var before, after runtime.MemStats
	detectors := make([]*Detector, count)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range detectors {
		detectors[i] = New()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(detectors)
	return (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / count
}

func TestQualityHeap(t *testing.T) {
	const floor = 3 << 20
	heap := heapOfDetector()
	t.Logf("heap of a detector: %.3f MB; tables in the program file: %.2f MB; floor: 3 MB (lingua high: 839 MB)",
		float64(heap)/(1<<20), float64(len(embeddedTables))/(1<<20))
	if heap > floor || len(embeddedTables) > floor {
		t.Errorf("heap of %d bytes and tables of %d pass %d", heap, len(embeddedTables), floor)
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New()
	}
}

func BenchmarkDetectChatMessage(b *testing.B) {
	detector := New()
	prior, allowed := []string{"da", "en"}, []string{"en", "da", "nb", "sv", "fi", "de", "nl", "fr", "es", "pt", "it", "pl"}
	messages := []string{
		"Hej, hvornår kan jeg forvente at få min pakke?",
		"Where is my order?",
		"Ich möchte meine Bestellung stornieren, geht das noch?",
		"tak",
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		detector.Detect(messages[i%len(messages)], prior, allowed)
		i++
	}
}

func BenchmarkDetectLongestMessage(b *testing.B) {
	detector := New()
	text := ""
	for len(text) < 2*maxLetterBytes {
		text += "Jeg bestilte en jakke den tredje januar og har stadig ikke hørt noget om leveringen. "
	}
	b.ReportAllocs()
	for b.Loop() {
		detector.Detect(text, nil, nil)
	}
}
