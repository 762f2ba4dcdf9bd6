package knowledgetest_test

import (
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/knowledgetest"
)

func TestLexicalIndexKeepsItsPromises(t *testing.T) {
	knowledgetest.TestIndex(t, knowledge.LexicalIndex, knowledgetest.IndexCapabilities{Text: true})
}

func TestVectorIndexKeepsItsPromises(t *testing.T) {
	knowledgetest.TestIndex(t, knowledge.VectorIndex, knowledgetest.IndexCapabilities{Vectors: true})
}
