// Package channels is what a customer said and what we say back: messages,
// events, what a medium can carry, and the interfaces between a medium and the
// agent.
//
// A [Channel] is one deployed medium, such as one WhatsApp number. It turns the
// vendor's deliveries into [Event] values for its [Inbox] (the agent) and sends
// what the agent says as [Outgoing] values, rendered to the [Capabilities] it
// declares. A channel that answers inside the request, such as a phone call,
// uses the [Exchanger] instead. [Memory] is a channel for tests and programs
// without a vendor.
//
// # Errors
//
// Send fails with a [*SendError], whose Kind tells the agent what to do:
// try again, wait for the customer, or give up.
package channels
