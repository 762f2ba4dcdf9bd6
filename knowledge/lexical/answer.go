package lexical

import "math"

// What the answerability is made of: the logistic function over these, fitted by
// maximum likelihood on an eighth of the questions of XQuAD in six languages
// (de, en, ru, th, tr, zh; paragraphs and sentence passages alike), half of them
// asked with the paragraph that answers taken away. Coverage is the evidence.
// What a given coverage means depends on the script, because characters of an
// unspaced run match by chance less often or more often than words do, and on
// how much text a passage holds; those terms make the figure comparable between
// indexes. TestQualityAnswerability prints the figures by language.
const (
	answerBias     = 4.12
	answerCoverage = 3.02  // logit of the best hit's coverage
	answerMargin   = 0.36  // logit of its lead over the best hit of another parent
	answerHan      = 2.04  // share of the query's weight in Han and kana
	answerRun      = 1.37  // share in other scripts without spaces
	answerLength   = -0.30 // logarithm of the mean entry length in n-grams
)

// answerability is the probability that the first of sc.best answers the query;
// second is the score of the best of another parent.
func (ix *Index) answerability(sc *scratch, second, most float64) float64 {
	if len(sc.best) == 0 {
		return 0
	}
	var han, run, whole float64
	for i := range sc.terms {
		w := float64(sc.terms[i].weight)
		whole += w
		switch sc.terms[i].kind {
		case kindHan1, kindHan2, kindHan3:
			han += w
		case kindRunGram:
			run += w
		}
	}
	score := float64(sc.best[0].score)
	mean := min(max(ix.sumLen/float64(ix.live), 30), 3000)
	z := answerBias + answerCoverage*logit(score/most) + answerMargin*logit((score-second)/score) +
		answerHan*han/whole + answerRun*run/whole + answerLength*math.Log(mean)
	return 1 / (1 + math.Exp(-z))
}

// logit is the logarithm of the odds, kept finite.
func logit(p float64) float64 {
	p = min(max(p, 0.01), 0.99)
	return math.Log(p / (1 - p))
}
