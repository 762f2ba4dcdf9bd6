// Package report counts how an agent performs: what it handled, resolved,
// deflected and handed over, by channel, language, week and source.
//
// A [Tally] takes [Event]s in any order, late or more than once, and makes the
// same [Report] of them. [Judge] is the rule for one conversation. The package
// stands alone: whoever has such events can use it without an agent.
//
// # Definitions
//
// The unit is the conversation. It belongs to the channel it was received on, to
// the language spoken last, and to the week of its first message, so that the
// counts of channels, of languages and of weeks each add up to the total.
//
//	received     begun on a channel where the agent is deployed
//	pending      active within the last 72 hours (Query.ResolveAfter); in no rate
//	judged       received, not pending
//	not taken    judged, and the agent said nothing: it was paused, out of hours ...
//	handled      judged, and the agent took part, were it only to hand over
//	handed over  handled, and a human got it or spoke in it
//	deflected    handled, and not handed over
//	resolved     deflected, the agent gave an answer, nobody asked for a human,
//	             and no vote says that it did not help
//	confirmed    resolved, and a vote says that it helped
//	assumed      resolved, without a vote
//
// What is deflected and not resolved has one of three outcomes: [Unresolved],
// [Abandoned] or [Deflected].
//
//	handle rate      handled / judged
//	handoff rate     handed over / handled
//	deflection rate  deflected / handled
//	resolution rate  resolved / handled
//	feedback rate    helpful votes / votes, in handled conversations
//
// Activity is a message of anybody; a vote is none. A greeting, a fixed text or a
// question back is no answer. That a human was asked for or took part, and a vote
// that the customer did not change, count for the whole conversation. The
// customer's return after its end begins a new judgement: the conversation is
// pending again, and the answer and the vote that confirms it must be given after
// the return. If the agent needed no more than small talk then ("thanks"), the
// answer before stands.
//
// Resolution time is from the customer's first message to the agent's last
// answer, in resolved conversations; after a return, from the return to the last
// answer if there was one since.
//
// # What is remembered
//
// Events hold no customer's words and no contact. A Tally keeps about 300 bytes
// for a conversation of a few messages and never more than 10 kB: of answers and
// votes it keeps 64 for each conversation (of more, the same 64 in whatever order
// they come) and of sources 16 for each answer. Names are kept once for all, with
// up to 256 bytes.
package report
