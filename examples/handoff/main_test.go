package main

import (
	"context"
	"fmt"
	"os"
)

func Example() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// customer: Hello, I would like to talk to a human.
	// agent: I am passing this on to a colleague. The team is away right now and answers from Mon 9 Mar, 9:00 am (UTC).
	// case: routed "", Friday 18:00
	// case: offered "anna", Monday 09:00
	// case: declined "anna", Monday 09:00
	// case: offered "bo", Monday 09:00
	// case: accepted "bo", Monday 09:00
	// case: returned "bo", Monday 09:00
	// customer: And when do I get my money back?
	// agent: Here is what I found:
	//
	// You get your money back within 14 days of the return. [1]
}
