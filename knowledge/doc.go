// Package knowledge holds what an agent knows: sources and their documents,
// the passages cut from them, the index that finds them, and the sync that
// keeps them fresh.
package knowledge
