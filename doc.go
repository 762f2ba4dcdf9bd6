// Package kundeagent is the front door of a library with which Go programs get
// an AI customer agent: who it is, what it knows, where it talks, when it hands
// over to a human, what it costs, and how it performs.
//
// This package holds no code. The tour below names the packages that do.
//
// # A first answer
//
// A [knowledge.Base] takes documents from sources; an [agent.Agent] answers
// from it. With no model it quotes the sentences that answer, with citations,
// so a first answer needs no key and no network; see the example of this
// package.
//
// # What it knows
//
// Sources are small: [file.Dir] reads a directory in fifteen formats,
// [file.Uploads] keeps what people upload, [crawl.New] imports a web page with
// its related pages, package [collection] takes the host's own content, and any
// iterator becomes one with [knowledge.SourceFunc]. [knowledge.Base.Sync] builds
// what changed aside and makes it visible at once; a failed or partial sync
// destroys nothing, and [knowledge.Base.Run] keeps all sources fresh.
// [knowledge.SourceOptions] makes a source private, internal, or visible to an
// audience only. [knowledge.Base.PutShortAnswer] adds answers that are given word
// for word. Search needs no model; with a [knowledge.Embedder] it finds by
// meaning too.
//
// # Who writes
//
// [agent.Model] is one method; package [langchain] makes one of any langchaingo
// model, and [agent.ModelFunc] of anything else. A model is never trusted: what
// it may see is filtered before the search, addresses come from what was found
// and not from its text, and a draft with a figure that was not given is
// replaced by a quotation. [agent.NewAction] lets it do things, under the
// protection of the contact's identity and, where wanted, a person's approval.
// [agent.Guideline] says what to do when, and what to stay away from.
//
// # Where it talks
//
// A [channels.Channel] delivers events to the agent and sends what it says.
// [agent.Agent.Deliver] returns when an event is recorded, [agent.Agent.Run]
// works it off: one turn at a time for each conversation, on any number of
// replicas, each delivery with one effect. [agent.Agent.Reply] is the mind
// alone, without channel or store.
//
// # When a human takes over
//
// A [handoff.Trigger] decides from the conversation, a [handoff.Router] finds
// who takes the [handoff.Case]: a [handoff.Queue] offers it to the members of a
// [handoff.Team]. People act through [agent.Agent.As]: they take over, reply,
// return a conversation, send what the agent drafts, pause the agent. The agent
// never speaks over a human.
//
// # How it is run
//
// [agent.Settings] are edited as versions, previewed, published and rolled back;
// an [agent.Deployment] says on which channel the agent works, for whom and in
// which mode. [agent.Agent.Status] tells what it does and why not. What was asked
// and not known is a topic of package [gaps] until somebody answers it, and
// package [report] counts what became of the conversations.
//
// # What it costs
//
// A [credits.Meter] reserves before the work, commits with the first answer of
// substance, and releases what gave none. [credits.Ledger] is one, and any
// billing system can be another.
//
// # How to test it
//
// Package [agenttest] has a scripted model, a clock that stands still, a
// harness that runs a whole conversation, assertions, and the evaluation of a file
// of questions. Whoever implements a store, router, meter, channel, source or
// index has a conformance suite for it.
//
// [collection]: https://pkg.go.dev/github.com/kundeagent/kundeagent/knowledge/collection
// [agenttest]: https://pkg.go.dev/github.com/kundeagent/kundeagent/agent/agenttest
// [gaps]: https://pkg.go.dev/github.com/kundeagent/kundeagent/knowledge/gaps
// [report]: https://pkg.go.dev/github.com/kundeagent/kundeagent/report
// [langchain]: https://pkg.go.dev/github.com/kundeagent/kundeagent/agent/langchain
package kundeagent

import (
	// For the links of the tour only.
	_ "github.com/kundeagent/kundeagent/agent"
	_ "github.com/kundeagent/kundeagent/channels"
	_ "github.com/kundeagent/kundeagent/credits"
	_ "github.com/kundeagent/kundeagent/handoff"
	_ "github.com/kundeagent/kundeagent/knowledge"
	_ "github.com/kundeagent/kundeagent/knowledge/crawl"
	_ "github.com/kundeagent/kundeagent/knowledge/file"
)
