package pdfdoc

import (
	"context"
	"fmt"
	"os"
)

func ExampleParse() {
	data, err := os.ReadFile("testdata/aes-256.pdf")
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := Parse(context.Background(), "aes-256.pdf", data, Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(doc.Title)
	fmt.Println(doc.PlainText())
	// Output:
	// Sealed note
	// Locked letter
}
