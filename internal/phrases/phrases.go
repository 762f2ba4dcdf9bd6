// Package phrases holds the fixed strings of the library in the customers'
// languages, and the words by which customers say things the library must
// recognise without a model.
package phrases

import "strings"

// Key names a fixed string.
type Key string

// The fixed strings. Text between braces is replaced, see [Text].
const (
	Sources     Key = "sources"      // heading of the list of citations
	AnswerIntro Key = "answer intro" // before quoted sentences, friendly
	// The same in the other personalities.
	IntroProfessional Key = "intro professional"
	IntroCasual       Key = "intro casual"
	IntroEmpathetic   Key = "intro empathetic"
	IntroWitty        Key = "intro witty"
	Clarify           Key = "clarify"         // nothing fits the question
	NothingAbout      Key = "nothing about"   // with {question}: what one of several questions asks is not known
	OfferHuman        Key = "offer human"     // ask whether a human should take over
	Transferring      Key = "transferring"    // a human takes over
	OutOfHours        Key = "out of hours"    // with {time}: a human answers when the team is back
	NobodyThere       Key = "nobody there"    // out of hours without a known opening
	HandoffFailed     Key = "handoff failed"  // the team cannot be reached
	HandoffLater      Key = "handoff later"   // with {time}: a human takes over when the team is back, the agent goes on
	HandoffKept       Key = "handoff kept"    // a human will come, the agent goes on
	HandoffOpen       Key = "handoff open"    // the same when a human has the case already
	Greeting          Key = "greeting"        // with {name}: answer to a mere greeting
	GreetingNoName    Key = "greeting noname" // the same for an agent without a name
	Thanks            Key = "thanks"          // answer to mere thanks
	AgentLabel        Key = "agent label"     // tells that an AI answers
	OnlyText          Key = "only text"       // a message held nothing but files
	YesPlease         Key = "yes please"      // to tap, at an offer; recognised as consent
	NoThanks          Key = "no thanks"       // the other one
	Checking          Key = "checking"        // an action waits for a human's approval
	Approved          Key = "approved"        // a human approved it, and it was done
	Declined          Key = "declined"        // a human did not approve it
)

// List names a list of what customers say, in lower case with single spaces and
// no punctuation.
type List string

// The lists. Those marked so have the slots of [Matcher].
const (
	HumanRequests  List = "human requests"  // phrases by which a human is asked for, with slots
	HumanWords     List = "human words"     // the same where they must be the whole message, with slots
	HumanAsides    List = "human asides"    // what makes a request of what follows a mere question about it, with slots
	HumanQuestions List = "human questions" // the same where there is a question mark: "must I …?" and "I must …" are the same words in many languages
	Negations      List = "negations"       // words that turn a request that follows them round
	Denials        List = "denials"         // what turns a request before them round, with slots; where verbs come last
	NewThoughts    List = "new thoughts"    // words before which a negation ends
	Subjects       List = "subjects"        // pronouns after which a negation belongs to a question ("can I not …"); where verbs come first in it
	Unable         List = "unable"          // words beside which a negation complains ("I am not able to …") instead of refusing
	Yes            List = "yes"             // words of consent
	WithYes        List = "with yes"        // words that may stand beside consent and change nothing
	No             List = "no"              // words of refusal
	Greetings      List = "greetings"       // whole messages that only greet
	ThanksWords    List = "thanks words"    // whole messages that only thank
	FollowUps      List = "follow ups"      // words that begin a question about what was said before
	Wishes         List = "wishes"          // phrases that ask for a language, with slots and <language>

	WishWords List = "wish words" // the same where they must be the whole message

	languageNames List = "languages"
)

// Languages returns the languages of the table, English first.
func Languages() []string {
	return []string{
		"en", "da", "nb", "sv", "fi", "de", "nl", "fr", "es", "pt", "it", "pl", "cs", "ro", "hu",
		"tr", "ru", "uk", "el", "ar", "he", "hi", "ja", "zh", "ko", "th", "vi",
	}
}

// Text returns a fixed string in a language, in English if the language is not
// in the table. Pairs replace {name} by its value.
func Text(lang string, key Key, pairs ...string) string {
	s := textsOf(lang)[key]
	if len(pairs) < 2 {
		return s
	}
	// In one pass, so that a value that looks like a placeholder stays.
	named := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		named = append(named, "{"+pairs[i]+"}", pairs[i+1])
	}
	return strings.NewReplacer(named...).Replace(s)
}

// Has reports whether the table holds a language.
func Has(lang string) bool { return texts[Base(lang)] != nil }

func textsOf(lang string) map[Key]string {
	if t := texts[Base(lang)]; t != nil {
		return t
	}
	return texts["en"]
}

// Base returns the language of a tag as the tables name it.
func Base(lang string) string {
	lang = strings.ToLower(lang)
	if i := strings.IndexAny(lang, "-_"); i >= 0 {
		lang = lang[:i]
	}
	if lang == "no" || lang == "nn" {
		return "nb"
	}
	return lang
}
