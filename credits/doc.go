// Package credits is what an agent costs: credits are reserved before the work,
// committed once when an answer was given, and released when none was.
//
// A [Meter] is all that an agent needs; a host with a billing system of its own
// implements it, and tests it with package creditstest. [Ledger] is the meter of
// this package. Amounts are whole credits; what a credit is worth is the host's.
//
// # What is charged when
//
// A [Policy] names the price and the rule: [PerConversation] (100 credits, at the
// first answer of substance, once, also when the conversation is reopened),
// [PerResolution] (50 credits, 72 hours after the last activity, refunded when
// the customer comes back), [PerAction] and [PerToken]. [Policy.Judge] says what
// is to become of a charge; the rule goes into the evidence of each entry.
//
// A reservation lasts 96 hours ([Config].HoldFor) unless it is extended. One that
// lapsed gives its credits back; if it is committed all the same, it charges what
// the account can still pay, and the entry tells what was waived.
//
// # Where credits come from
//
// A [Plan] includes credits in each period, a month that begins on the reset day
// at the start of the day in the account's time zone; they do not roll over. A
// [Grant] adds more: packs, promotions. Credits are used by priority, then by
// expiry, then by age. Nothing runs in the background: resets, lapses and expiries
// get their entries, dated when they were due, with the next call.
//
// # Where it ends
//
// Without credits an account pauses: [Meter].Reserve is [ErrExhausted]. A plan can
// allow overage instead, or ask [Config].Upgrade for more. [Limits] bound all that:
// the hard cap of a period, a day, a contact; there Reserve is [ErrCapped]. By
// default there is no plan and no limit, and an account has what it is granted.
// [Config].Notify is told at 50, 80 and 100 percent of what a period may use.
//
// # What remains
//
// Every change is an [Entry] with its evidence, appended and never changed, and an
// account is what its entries make of it. [Ledger.Bill] adds them up for a period
// and exports them as CSV or JSON, [Ledger.Forecast] tells the pace. Keys name
// charges for ever: the same call again, after a crash or by another replica,
// changes nothing. For that the ledger keeps about 300 bytes in memory for each.
//
// Entries live in a [Store]; several ledgers may share one. [MemoryStore] is the
// default; it keeps about 700 bytes more for each charge.
package credits
