package gaps

import "github.com/kundeagent/kundeagent/internal/text"

// Central returns how much each of several texts in one language says of what
// they all say and of what they are about: its similarity, in [0,1], to all of
// both together.
func Central(texts, about []string, language string) []float64 {
	var m termer
	all := newCluster()
	all.add(nil)
	found := make([]terms, len(texts))
	for i, s := range texts {
		found[i] = m.terms(s, text.Base(language))
		all.learn(0, found[i])
	}
	for _, s := range about {
		all.learn(0, m.terms(s, text.Base(language)))
	}
	out := make([]float64, len(texts))
	for i, t := range found {
		out[i] = all.similarity(0, t)
	}
	return out
}
