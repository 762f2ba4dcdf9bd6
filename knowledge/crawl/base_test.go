package crawl_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

func TestP12PrivateAddressIsATypedErrorAndTheRestOfTheSyncGoesOn(t *testing.T) {
	pages, err := crawl.New(crawl.Config{ID: "intranet", URL: "http://127.0.0.1/help", Related: true, Delay: -1})
	if err != nil {
		t.Fatal(err)
	}
	files := file.Dir("files", fstest.MapFS{"a.md": {Data: []byte("# A\n\nA fact.")}, "b.exe": {Data: []byte("MZ")}}, file.DirConfig{})
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []knowledge.Source{pages, files} {
		if err := base.Add(s, knowledge.SourceOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		_, err = base.SyncAll(t.Context())
		var skip *crawl.Skip
		if !errors.Is(err, crawl.ErrStart) || !errors.As(err, &skip) || skip.Outcome != crawl.Blocked || !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("error is %v", err)
		}
		if docs, _ := base.Documents("files"); len(docs) != 1 {
			t.Errorf("%d documents of the other source", len(docs))
		}
	}
}
