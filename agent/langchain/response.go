package langchain

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"github.com/kundeagent/kundeagent/agent"
)

// maxToolCalls is how many tool calls of one answer are handed on.
const maxToolCalls = 128

// answer is a response with its choices made one.
type answer struct {
	text       string
	calls      []agent.ToolCall
	stopReason string
	usage      agent.Usage
}

// merge reads all choices of a response: clients spread the parts of one
// answer over several.
func merge(response *llms.ContentResponse) answer {
	var a answer
	if response == nil {
		return a
	}
	var text strings.Builder
	for _, choice := range response.Choices {
		if choice == nil {
			continue
		}
		text.WriteString(choice.Content)
		if a.stopReason == "" {
			a.stopReason = choice.StopReason
		}
		if a.usage == (agent.Usage{}) {
			// Each choice repeats the usage of the whole.
			a.usage = readUsage(choice.GenerationInfo)
		}
		for _, toolCall := range choice.ToolCalls {
			a.addCall(toolCall.ID, toolCall.FunctionCall)
		}
		if len(choice.ToolCalls) == 0 {
			a.addCall("", choice.FuncCall)
		}
	}
	a.text = text.String()
	return a
}

func (a *answer) addCall(id string, function *llms.FunctionCall) {
	if function == nil || len(a.calls) == maxToolCalls {
		return
	}
	arguments := function.Arguments
	if strings.TrimSpace(arguments) == "" {
		arguments = "{}"
	}
	a.calls = append(a.calls, agent.ToolCall{ID: id, Name: function.Name, Arguments: json.RawMessage(arguments)})
}

// identified gives every call an ID of its own where the provider gave none.
// before is how many calls the conversation has had.
func (a *answer) identified(before int) []agent.ToolCall {
	taken := make(map[string]bool, len(a.calls))
	for i := range a.calls {
		if id := a.calls[i].ID; id == "" || taken[id] {
			a.calls[i].ID = fmt.Sprintf("call-%d", before+i+1)
		}
		taken[a.calls[i].ID] = true
	}
	return a.calls
}

// stopKind is the kind of error that a reason to stop stands for, nil for an
// answer that is whole. Providers spell the reasons as they like.
func stopKind(reason string) error {
	switch strings.TrimPrefix(plain(reason), "finishreason") {
	case "length", "maxtokens", "modellength", "maxlength", "tokenlimit", "modelcontextwindowexceeded", "pauseturn", "error", "malformedfunctioncall":
		return agent.ErrTruncated
	case "contentfilter", "contentfiltered", "refusal", "safety", "recitation", "blocklist", "prohibitedcontent", "spii", "guardrailintervened", "errortoxic":
		return agent.ErrContentFilter
	}
	return nil
}

// plain is a name in lower case without what only parts its words.
func plain(name string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(name))
}

// readUsage reads the tokens of a call under all the names that clients use.
func readUsage(info map[string]any) agent.Usage {
	var usage agent.Usage
	cached := 0
	for name, value := range info {
		switch plain(name) {
		case "prompttokens", "inputtokens":
			usage.InputTokens = max(usage.InputTokens, toInt(value))
		case "completiontokens", "outputtokens":
			usage.OutputTokens = max(usage.OutputTokens, toInt(value))
		case "cachecreationinputtokens", "cachereadinputtokens":
			// Counted beside the input, not within it.
			cached += toInt(value)
		}
	}
	usage.InputTokens += cached
	if usage != (agent.Usage{}) {
		return usage
	}
	for name, value := range info {
		if plain(name) != "usage" || value == nil {
			continue
		}
		// A structure of the client's own.
		nested := map[string]any{}
		if data, err := json.Marshal(value); err == nil && json.Unmarshal(data, &nested) == nil {
			delete(nested, name)
			return readUsage(flat(nested))
		}
	}
	return usage
}

// flat leaves only the numbers of a map, so that reading it ends.
func flat(values map[string]any) map[string]any {
	numbers := make(map[string]any, len(values))
	for name, value := range values {
		if number, ok := value.(float64); ok {
			numbers[name] = number
		}
	}
	return numbers
}

// toInt reads a number of whatever type; what is none, or negative, is 0.
func toInt(value any) int {
	v := reflect.ValueOf(value)
	number := 0.0
	switch {
	case !v.IsValid():
		return 0
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			return 0
		}
		return toInt(v.Elem().Interface())
	case v.CanInt():
		number = float64(v.Int())
	case v.CanUint():
		number = float64(v.Uint())
	case v.CanFloat():
		number = v.Float()
	case v.Kind() == reflect.String:
		parsed, err := json.Number(v.String()).Float64()
		if err != nil {
			return 0
		}
		number = parsed
	}
	if !(number > 0) || number > math.MaxInt32 {
		return 0
	}
	return int(number)
}
