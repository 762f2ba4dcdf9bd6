// Package knowledge holds what an agent knows: sources and their documents, the
// passages cut from them, the index that finds them, and the sync that keeps
// them fresh.
//
// A [Base] takes any number of sources. A [Source] yields what changed since the
// last sync; package file reads directories and uploads, package crawl reads
// web sites, and [SourceFunc] makes a source of an iterator. [Base.Sync] builds
// what is new aside and publishes it at once: a search sees one generation of
// the knowledge and never waits for a sync.
//
// # What is never lost
//
// A document that fails keeps its last good text. Documents are removed only if
// the source proves it: by saying so, or by being seen in full without them. A
// complete sync that misses more than [Config].MaxLoss is held back until an
// operator publishes it.
//
// # Who may see what
//
// [SourceOptions] makes a source private (used but never cited), internal (never
// in an answer to a customer), or for an audience. A [Query] is filtered by
// these before ranking, so that what its asker may not see cannot even influence
// the order of the rest.
//
// # Searching
//
// [Base.Search] matches short answers first and word for word, then passages by
// their words, and by their meaning if [Config].Embedder is set. A weak question
// is searched again with what it refers to, and in the words of a [Rewriter].
// Answerability estimates how probable it is that what was found answers.
//
// # Staying fresh
//
// [Base.Run] syncs each source when it is added and then by its interval, a week
// by default; [Base.SyncDue] does what is due and returns, for hosts with a
// scheduler. [Base.Apply] and package collection publish the host's own content
// at once.
package knowledge
