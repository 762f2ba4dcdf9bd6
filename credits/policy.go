package credits

// Policy says what a conversation costs. It is a plain value.
type Policy struct {
	// Amount is charged once for each conversation in which the agent gave an
	// answer of substance.
	Amount int64
	// Rule names the policy and its version in the evidence of each charge.
	Rule string
}

// PerConversation charges 100 credits for each conversation that the agent
// answers, whether or not it is resolved. A greeting alone, or a handoff before
// any answer, costs nothing.
func PerConversation() Policy { return Policy{Amount: 100, Rule: "per-conversation/1"} }
