package main

func Example() {
	main()
	// Output:
	// per-conversation/1: 300 charged, 0 refunded, 700 left
	// Mar  2 09:00 reserve 100 anna
	// Mar  2 09:00 commit  100 anna  shop/anna/1-1
	// Mar  2 10:00 reserve 100 bo
	// Mar  2 10:00 commit  100 bo    shop/bo/1-1
	// Mar  2 11:01 reserve 100 clara
	// Mar  2 11:01 commit  100 clara shop/clara/1-1
	// per-resolution/1: 150 charged, 50 refunded, 900 left
	// Mar  2 09:00 reserve  50 anna
	// Mar  2 10:00 reserve  50 bo
	// Mar  2 10:01 release  50 bo
	// Mar  2 11:01 reserve  50 clara
	// Mar  5 09:01 commit   50 anna  shop/anna/1-1
	// Mar  5 11:01 commit   50 clara shop/clara/1-1
	// Mar  5 19:01 refund   50 clara reopened by message 3
	// Mar  5 19:01 reserve  50 clara
	// Mar  5 19:01 extend    0 clara
	// Mar  8 19:01 commit   50 clara shop/clara/3-3
}
