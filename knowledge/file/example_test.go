package file_test

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

func ExampleRegistry_Parse() {
	r := file.NewRegistry(file.Config{})
	doc, err := r.Parse(context.Background(), file.Input{Name: "prices.csv", Data: []byte("bike,day,week\nCity bike,100,400\nCargo bike,200,900\n")})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range knowledge.Cut("help", doc, knowledge.CutConfig{}) {
		fmt.Println(p.Text())
	}
	_, err = r.Parse(context.Background(), file.Input{Name: "setup.exe"})
	fmt.Println(errors.Is(err, knowledge.ErrUnsupported), err)
	// Output:
	// bike: City bike; day: 100; week: 400
	// bike: Cargo bike; day: 200; week: 900
	// true setup.exe: extension "exe": format is not supported
}

func ExampleDir() {
	files := fstest.MapFS{"refunds.md": {Data: []byte("# Refunds\n\nMoney comes back within 14 days.\n")}}
	base, _ := knowledge.New(knowledge.Config{})
	_ = base.Add(file.Dir("help", files, file.DirConfig{}), knowledge.SourceOptions{})
	report, err := base.Sync(context.Background(), "help")
	fmt.Println(report.Added, report.Passages, err)
	// Output: 1 1 <nil>
}

func ExampleNewUploads() {
	ctx := context.Background()
	uploads := file.NewUploads("uploads", file.UploadsConfig{})
	fmt.Println(uploads.Put(ctx, "faq.txt", []byte("The shop is closed on Sundays.")))
	fmt.Println(uploads.Put(ctx, "scan.txt", nil))
	names, _ := uploads.List(ctx)
	fmt.Println(names)
	// Output:
	// <nil>
	// scan.txt (txt): file is empty: document holds no text
	// [faq.txt]
}
