// Package handoff decides when a conversation goes to a human, and to whom.
//
// A [Trigger] looks at a [Situation] and says none, offer or now. What is handed
// over is a [Case]; a [Router] finds its assignee. [Inbox] is a Router that
// keeps cases in memory until somebody takes them, [Rules] picks a router by
// the case, and a [Schedule] knows when a team is there.
package handoff
