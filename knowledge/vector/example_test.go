package vector_test

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/knowledge/vector"
)

func ExampleNew() {
	index := vector.New(vector.Config{})
	index, err := index.With(context.Background(), nil, []vector.Entry{
		{ID: "shipping", Group: 1, Vector: []float32{0.9, 0.1, 0}},
		{ID: "returns", Group: 1, Vector: []float32{0.2, 0.9, 0.1}},
		{ID: "salaries", Group: 2, Vector: []float32{0.8, 0, 0.1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	hits, err := index.Search(vector.Query{
		Vector: []float32{1, 0, 0},
		Accept: func(group uint32) bool { return group == 1 },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, h := range hits {
		fmt.Printf("%s %.2f\n", h.ID, h.Similarity)
	}
	// Output:
	// shipping 0.99
	// returns 0.22
}

func ExampleNormalised() {
	v, err := vector.Normalised([]float32{3, 0, 4})
	fmt.Println(v, err)
	_, err = vector.Normalised([]float32{0, 0, 0})
	fmt.Println(err)
	// Output:
	// [0.6 0 0.8] <nil>
	// vector: the vector has no direction, its length is zero: leave out texts without words, or embed again
}
