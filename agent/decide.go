package agent

import (
	"strings"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/knowledge"
)

// Step 6: what to do, and how the text is to be made. With nothing found above
// the threshold no model is asked for an answer (P3).

// plan is the decision before anything was written.
type plan struct {
	decision Decision
	reason   string
	how      how
	fixed    phrases.Key    // with howFixed
	text     string         // the same in the operator's own words
	handoff  handoff.Reason // with HandOff
	parts    []TracePart    // the message's questions if it asks several
	// otherwise is what to do when the model, asked for actions only, did none.
	otherwise *plan
}

// how says how a text is made.
type how uint8

const (
	howFixed    how = iota // a fixed string
	howVerbatim            // the short answer, word for word
	howGrounded            // from the passages found
	howActions             // a model may choose actions; its text counts only if one succeeded
	howUnknown             // in a preview, from the result of an action that was not performed
	howHandOff             // the handoff message
)

func (h how) String() string {
	return [...]string{"fixed text", "short answer", "from knowledge", "actions only", "not known in a preview", "handoff"}[min(h, howHandOff)]
}

func (a *Agent) decide(in input, u understanding, found knowledge.Result) plan {
	switch {
	case u.signal.Urgency == handoff.Now:
		return plan{decision: HandOff, reason: u.signal.Detail, how: howHandOff, handoff: u.signal.Reason}
	case u.guidance.avoid != nil:
		return a.decideToAvoid(in, u.guidance.avoid)
	case len(in.question.Attachments) > 0 && strings.TrimSpace(in.question.Text) == "":
		return a.decideFilesOnly(in)
	case u.smallTalk != "":
		return plan{decision: Answer, reason: "small talk", how: howFixed, fixed: u.smallTalk}
	case found.ShortAnswer != nil:
		return plan{decision: Answer, reason: "short answer", how: howVerbatim}
	case len(found.Passages) > 0 && found.Answerability >= a.settingsOf(in.question.Channel).AnswerAt:
		return plan{decision: Answer, reason: "knowledge found", how: howGrounded}
	}
	fallback := a.decideWithoutKnowledge(in, u)
	if len(a.tools) > 0 && a.cfg.Model != nil && !in.unpaid {
		return plan{decision: Answer, reason: "an action may help", how: howActions, otherwise: &fallback}
	}
	return fallback
}

// mayClarify reports whether the agent may ask back once more.
func (a *Agent) mayClarify(in input) bool {
	return in.clarified < a.settingsOf(in.question.Channel).MaxClarify
}

func (a *Agent) decideWithoutKnowledge(in input, u understanding) plan {
	switch {
	case u.signal.Urgency == handoff.Offer && !in.caseOpen:
		return plan{decision: OfferHandoff, reason: string(u.signal.Reason), how: howFixed, fixed: phrases.OfferHuman}
	case a.mayClarify(in):
		return plan{decision: Clarify, reason: "nothing found above the threshold", how: howFixed, fixed: phrases.Clarify}
	default:
		return plan{decision: HandOff, reason: "nothing found above the threshold", how: howHandOff, handoff: handoff.CannotAnswer}
	}
}

// decideFilesOnly is what is done about a message of nothing but files.
func (a *Agent) decideFilesOnly(in input) plan {
	const reason = "the message holds nothing but files"
	if a.mayClarify(in) {
		return plan{decision: Clarify, reason: reason, how: howFixed, fixed: phrases.OnlyText}
	}
	return plan{decision: HandOff, reason: reason, how: howHandOff, handoff: handoff.CannotAnswer}
}

// decideToAvoid is what is done about a topic to avoid.
func (a *Agent) decideToAvoid(in input, topic *Guideline) plan {
	reason := string(handoff.TopicToAvoid) + ": " + topic.Name
	switch {
	case topic.Instead == InsteadSay:
		return plan{decision: Answer, reason: reason, how: howFixed, text: topic.Then}
	case topic.Instead == InsteadClarify && a.mayClarify(in):
		return plan{decision: Clarify, reason: reason, how: howFixed, fixed: phrases.Clarify, text: topic.Then}
	}
	return plan{decision: HandOff, reason: topic.Name, how: howHandOff, handoff: handoff.TopicToAvoid}
}

// decideFiltered is what is done when the provider's filter stopped the model:
// asking it again would be stopped again.
func (a *Agent) decideFiltered(in input) plan {
	const reason = "the model provider filtered the content"
	if a.mayClarify(in) {
		return plan{decision: Clarify, reason: reason, how: howFixed, fixed: phrases.Clarify}
	}
	return plan{decision: HandOff, reason: reason, how: howHandOff, handoff: handoff.GuardStopped}
}
