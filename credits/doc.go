// Package credits is what an agent costs: credits are reserved before the work,
// committed once when an answer was given, and released when none was.
//
// A [Meter] is all that an agent needs; a host with a billing system of its own
// implements it. [Ledger] is the meter of this package: accounts with grants,
// reservations that lapse, a hard cap, and an append-only list of entries with
// the evidence of every charge. Amounts are whole credits.
package credits
