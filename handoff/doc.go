// Package handoff decides when a conversation goes to a human, and to whom.
//
// A [Trigger] looks at a [Situation] and says none, offer or now;
// [TriggerSettings] make triggers of plain data. What is handed over is a
// [Case], and a [Mode] says what becomes of the conversation. A [Router] finds
// the assignee: [Fixed], [ByChannel], [Rules] and [Fallback] pick, [Inbox] keeps
// cases in memory, and a [Queue] offers them to the members of a [Team], who
// accept or decline. A [Schedule] knows when a team is there.
package handoff
