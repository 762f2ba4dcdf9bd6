package kundeagent_test

import (
	"context"
	"fmt"
	"log"
	"testing/fstest"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

func Example() {
	ctx := context.Background()
	help := fstest.MapFS{ // any fs.FS: os.DirFS("help") reads a directory
		"refunds.md":  {Data: []byte("# Refunds\n\nYou get your money back within 14 days of the return.\n")},
		"delivery.md": {Data: []byte("# Delivery\n\nDelivery to your door costs 49 kroner and takes two days.\n")},
	}
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		log.Fatal(err)
	}
	if err := base.Add(file.Dir("help", help, file.DirConfig{BaseURL: "https://shop.example/help"}), knowledge.SourceOptions{}); err != nil {
		log.Fatal(err)
	}
	if _, err := base.Sync(ctx, "help"); err != nil {
		log.Fatal(err)
	}
	nora, err := agent.New(agent.Config{Knowledge: base})
	if err != nil {
		log.Fatal(err)
	}
	reply, err := nora.Reply(ctx, agent.Question{Text: "When do I get my money back?"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.Decision)
	fmt.Println(reply.Text)
	fmt.Println(reply.Citations[0].URL)
	// Output:
	// answer
	// Here is what I found:
	//
	// You get your money back within 14 days of the return. [1]
	// https://shop.example/help/refunds.md
}
