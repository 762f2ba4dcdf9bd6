// Package agent is the customer agent itself: it takes what customers write,
// answers from knowledge, performs the actions it is allowed, and hands over to
// a human.
//
// # The mind alone
//
// [Agent.Reply] answers a [Question] with nothing but [Config].Knowledge: no
// channel, store or meter is needed and nothing is remembered. [Agent.Preview]
// is the same without consequences. A [Reply] carries its [Decision] apart from
// its text, the citations, and a [Trace] of how it came about, as data and as
// text. [Agent.PreviewWith] tries [Settings] before they are in use.
//
// # On channels
//
// [New] attaches [Config].Channels. [Agent.Deliver] records what arrives and
// returns; [Agent.Run] works it off until its context ends. Any number of
// processes may run the same agent on one [Store]: a conversation is worked on
// under a lease, a delivery has one effect, and what a crash left undone is
// finished by whoever has the lease next. [Agent.Exchange] answers inside the
// call, for media such as phone calls. [Agent.Watch] follows a conversation.
//
// # Streaming
//
// Where the channel is a [channels.Streamer] a model's answer is shown while it
// is written, in whole sentences, list items, table rows and code blocks. Each
// segment passes the guards and is recorded before it is shown, and a takeover
// ends the message where it stands. What was shown stays: a draft that is
// blocked or cut off later is replaced from there on, and after a crash another
// process goes on with the same message. A guard of Config.Guards that is not a
// [SegmentGuard] turns streaming off; [Trace].Stream says so.
//
// # Models and guards
//
// A [Model] is one method. Without one the agent quotes the sentences that
// answer. With one, the model sees only passages that the contact may see, is
// not asked at all when nothing was found, and its draft passes guards, in this
// order: no HTML; marks name passages that were given; addresses come from
// passages that may be cited, [ActionResult].URLs or [Config].AllowedURLs, and
// images never; sources that may not be named are not; the instructions stay
// inside; figures were given; quotations are word for word. A draft that is
// blocked is replaced by a quotation. [Config].GuardsBefore and [Config].Guards
// add a host's own, such as [NewTopicGuard]; none of them can undo the promises
// about markup and addresses. The trace has every verdict with its reason. Not
// promised is what only understanding could tell: numbers written as words,
// claims without a number, instructions in other words.
// A [Guideline] reaches the model only where it applies, and a topic to avoid
// never does. [NewRetry] and [NewFallback] make one model of models that fail;
// what a turn may cost is bounded by [Config].
//
// An [Action] is performed at most once for each turn and arguments, for the
// contact of the conversation and never one the model names, and only within
// its [Protection]. [NewAction] makes one of a function whose arguments are a
// struct, [NewHTTPAction] one that calls an API. Arguments are checked against a
// schema, and those that say who the customer is come from the conversation. An
// action that requires approval makes the turn end with an [Approval], which a
// person decides with [Operator.Approve] or [Operator.Reject].
//
// # Drafts
//
// On a channel whose [Deployment] is in [ModeDraft] nothing is said without a
// person: each message of a customer brings a [DraftReply], which a person sends
// with [Operator.SendDraft], in its words or others, or dismisses. The
// conversation is a human's from the first draft on, nothing is charged, and no
// action has an effect. [Operator.Suggest] does the same once, for any
// conversation that a human has.
//
// # Personal data
//
// Customers' text is not logged unless [Config].LogText asks for it, and then
// redacted. [Config].Redactor redacts traces and gaps as well.
// [NewRedactor] finds what has a recognisable form; names and postal addresses
// need a host's own [Redactor].
//
// # People
//
// [Operator.Edit] makes a [Version] of the [Settings], which is a draft until it
// is published, and [Operator.Rollback] goes back to an older one. A turn is
// thought by one version from its first step to its last, on every replica and
// after a crash; [Reply].Version says by which. A [Deployment] says which new
// conversations of a channel the agent takes; a pause, the hours and the credits
// keep it from new ones only. [Agent.Status] tells which of them does and until
// when, [Agent.Label] whether customers are told that an AI answers.
//
// [Agent.As] is the agent as one person may use it: every method of an
// [Operator] asks the [Authorizer] first and leaves an [AuditEvent].
//
// # Reports and metrics
//
// What happens in conversations is logged in [ReportLog], without anybody's words;
// [Agent.Report] makes a report of it, and package report defines what is counted.
// [Config].Metrics is told of replies, calls and sends as they happen, for a
// monitoring system.
//
// # Errors
//
// Configuration faults come together and wrap [ErrInvalidConfig]. A reply that
// fails is an error and nothing else; in Run a turn that fails is tried again
// with growing delays, and after five failures a human gets the conversation.
package agent
