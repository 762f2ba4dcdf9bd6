package vector

import (
	"errors"
	"fmt"
	"math"
)

// Reasons of a [VectorError].
var (
	// ErrDimensions: the vector has another number of values than the index's,
	// none at all or more than 32,768.
	ErrDimensions = errors.New("wrong number of dimensions")
	// ErrNotFinite: a value is infinite or not a number.
	ErrNotFinite = errors.New("a value is not finite")
	// ErrZero: the vector's length is zero or too near to it for a direction.
	ErrZero = errors.New("length is zero")
)

// VectorError says which vector cannot be used, and why.
type VectorError struct {
	ID     string // of the entry; empty for a vector that is none's
	Reason error  // ErrDimensions, ErrNotFinite or ErrZero
	// Dimensions of the vector, and those wanted where the index has some.
	Dimensions, Want int

	ofQuery bool
}

// Error names the vector and says what to do.
func (e *VectorError) Error() string {
	name := "the vector"
	switch {
	case e.ofQuery:
		name = "the query's vector"
	case e.ID != "":
		name = fmt.Sprintf("the vector of entry %q", e.ID)
	}
	switch {
	case errors.Is(e.Reason, ErrDimensions) && e.Dimensions == 0:
		return fmt.Sprintf("vector: %s is empty: check that the embedding succeeded", name)
	case errors.Is(e.Reason, ErrDimensions) && e.Want == 0:
		return fmt.Sprintf("vector: %s has %d dimensions, at most %d are possible", name, e.Dimensions, maxDimensions)
	case errors.Is(e.Reason, ErrDimensions):
		return fmt.Sprintf("vector: %s has %d dimensions, the index has %d: embed entries and queries with the same model", name, e.Dimensions, e.Want)
	case errors.Is(e.Reason, ErrNotFinite):
		return fmt.Sprintf("vector: %s holds a value that is infinite or not a number: embed its text again", name)
	}
	return fmt.Sprintf("vector: %s has no direction, its length is zero: leave out texts without words, or embed again", name)
}

// Unwrap returns the reason.
func (e *VectorError) Unwrap() error { return e.Reason }

// unitTolerance is how far the square of a length may be from 1 for the vector
// to be taken as it is: what models that normalise in single precision leave.
const unitTolerance = 1e-6

// smallestLength of a vector is the smallest normal float32: below it values
// have lost the digits that make a direction.
const smallestLength = 0x1p-126

// Normalised returns v scaled to length 1: a copy, or v itself where it has that
// length already. It fails with a [VectorError] for a vector that is empty, has
// more than 32,768 values, one that is not finite, or no direction.
func Normalised(v []float32) ([]float32, error) {
	length, err := length(v)
	if err != nil {
		return nil, err
	}
	if isUnit(length) {
		return v, nil
	}
	return appendScaled(make([]float32, 0, len(v)), v, length), nil
}

func isUnit(length float64) bool { return math.Abs(length*length-1) <= unitTolerance }

func appendScaled(dst, v []float32, length float64) []float32 {
	for _, x := range v {
		dst = append(dst, float32(float64(x)/length))
	}
	return dst
}

// length returns the length of a vector that can be normalised.
func length(v []float32) (float64, error) {
	if len(v) == 0 || len(v) > maxDimensions {
		return 0, &VectorError{Reason: ErrDimensions, Dimensions: len(v)}
	}
	// The squares of single precision neither overflow nor vanish in double.
	var even, odd float64
	i := 0
	for ; i+2 <= len(v); i += 2 {
		even += float64(v[i]) * float64(v[i])
		odd += float64(v[i+1]) * float64(v[i+1])
	}
	if i < len(v) {
		even += float64(v[i]) * float64(v[i])
	}
	n := math.Sqrt(even + odd)
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return 0, &VectorError{Reason: ErrNotFinite, Dimensions: len(v)}
	case n < smallestLength:
		return 0, &VectorError{Reason: ErrZero, Dimensions: len(v)}
	}
	return n, nil
}
