package retrieval

import (
	"context"
	"hash/fnv"
	"math"
	"strings"
	"unicode"
)

// embedder makes vectors of the given size by hashing character n-grams: no
// model, the same vector for the same text on every machine, unit length.
func embedder(size int) func(ctx context.Context, text string) ([]float32, error) {
	return func(_ context.Context, text string) ([]float32, error) {
		counts := map[uint32]float64{}
		for _, word := range words(text) {
			grams(word, func(gram string) { counts[hash(gram)]++ })
		}
		sums := make([]float64, size)
		for h, n := range counts {
			weight := math.Sqrt(n)
			if h>>31 == 1 { // a sign by hash, so that collisions cancel out
				weight = -weight
			}
			sums[h%uint32(size)] += weight
		}
		return unit(sums), nil
	}
}

// unit scales to length 1; a text without a word becomes an arbitrary unit
// vector, since a vector index accepts no zero.
func unit(sums []float64) []float32 {
	var square float64
	for _, x := range sums {
		square += x * x
	}
	out := make([]float32, len(sums))
	if square == 0 {
		out[0] = 1
		return out
	}
	for i, x := range sums {
		out[i] = float32(x / math.Sqrt(square))
	}
	return out
}

func hash(gram string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(gram)) // never fails
	return h.Sum32()
}

// words are the runs of letters, marks and digits in lower case.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	})
}

// grams calls with each run of three and four characters of a word with its
// edges marked, of one to three in a script of ideographs.
func grams(word string, found func(string)) {
	runes := []rune("_" + word + "_")
	least, most := 3, 4
	if unicode.In(runes[1], unicode.Han, unicode.Hiragana, unicode.Katakana) {
		runes = runes[1 : len(runes)-1]
		least, most = 1, 3
	}
	for n := least; n <= most; n++ {
		for i := 0; i+n <= len(runes); i++ {
			found(string(runes[i : i+n]))
		}
	}
}
