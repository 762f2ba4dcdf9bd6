// Package retrieval sets search in package lexical beside bleve and chromem-go:
// the same texts and questions, in the same run. It holds tests only.
package retrieval
