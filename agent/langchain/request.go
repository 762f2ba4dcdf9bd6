package langchain

import (
	"encoding/json"
	"fmt"

	"github.com/tmc/langchaingo/llms"

	"github.com/kundeagent/kundeagent/agent"
)

// call is a request in langchaingo's terms.
type call struct {
	messages  []llms.MessageContent
	options   []llms.CallOption
	streaming bool
	maxTokens int
	calls     int // tool calls in the history
}

// newCall translates a request.
func (m *model) newCall(req agent.Request) (*call, error) {
	c := &call{streaming: len(req.Tools) == 0 && !m.config.NoStreaming, maxTokens: req.MaxTokens}
	if m.config.NoTools && usesTools(req) {
		return nil, ErrNoTools
	}
	if err := c.addHistory(req); err != nil {
		return nil, err
	}
	temperature := req.Temperature
	if m.config.Temperature != nil {
		temperature = *m.config.Temperature
	}
	c.options = append(c.options, m.config.Options...)
	c.options = append(c.options, llms.WithTemperature(temperature))
	if req.MaxTokens > 0 {
		c.options = append(c.options, llms.WithMaxTokens(req.MaxTokens))
	}
	if len(req.Tools) == 0 {
		return c, nil
	}
	tools := make([]llms.Tool, 0, len(req.Tools))
	for _, tool := range req.Tools {
		// A map: some clients take no other form of schema.
		schema := map[string]any{"type": "object", "properties": map[string]any{}}
		if len(tool.Schema) > 0 {
			schema = nil
			if err := json.Unmarshal(tool.Schema, &schema); err != nil {
				return nil, fmt.Errorf("langchain: schema of tool %q: %w", tool.Name, err)
			}
		}
		tools = append(tools, llms.Tool{Type: "function", Function: &llms.FunctionDefinition{
			Name: tool.Name, Description: tool.Description, Parameters: schema,
		}})
	}
	c.options = append(c.options, llms.WithTools(tools))
	return c, nil
}

func usesTools(req agent.Request) bool {
	if len(req.Tools) > 0 {
		return true
	}
	for _, message := range req.Messages {
		if message.Role == agent.RoleTool || len(message.ToolCalls) > 0 {
			return true
		}
	}
	return false
}

// addHistory writes the conversation in the one order that every client sends
// whole: the text of an assistant message by itself, then each tool call
// followed at once by its result. Several parts in one message would be sent
// in part.
func (c *call) addHistory(req agent.Request) error {
	if req.System != "" {
		c.addText(llms.ChatMessageTypeSystem, req.System)
	}
	for i := 0; i < len(req.Messages); i++ {
		switch message := req.Messages[i]; message.Role {
		case agent.RoleUser:
			c.addText(llms.ChatMessageTypeHuman, message.Text)
		case agent.RoleAssistant:
			if message.Text != "" {
				c.addText(llms.ChatMessageTypeAI, message.Text)
			}
			after := i + 1
			for after < len(req.Messages) && req.Messages[after].Role == agent.RoleTool {
				after++
			}
			if err := c.addToolCalls(message.ToolCalls, req.Messages[i+1:after]); err != nil {
				return err
			}
			i = after - 1
		case agent.RoleTool:
			return fmt.Errorf("langchain: result of tool call %q follows no assistant message", message.ToolCallID)
		default:
			return fmt.Errorf("langchain: message %d has the unknown role %q", i, message.Role)
		}
	}
	return nil
}

func (c *call) addText(role llms.ChatMessageType, text string) {
	c.add(role, llms.TextContent{Text: text})
}

func (c *call) add(role llms.ChatMessageType, part llms.ContentPart) {
	c.messages = append(c.messages, llms.MessageContent{Role: role, Parts: []llms.ContentPart{part}})
}

// noResult stands for the result of a call that has none in the history, since
// providers refuse a call without one.
const noResult = "no result: the call was not carried out"

// addToolCalls adds pairs of a tool call and its result. Every result must
// belong to one of the calls.
func (c *call) addToolCalls(calls []agent.ToolCall, results []agent.ModelMessage) error {
	used := make([]bool, len(results))
	for _, toolCall := range calls {
		result := agent.ModelMessage{ToolCallID: toolCall.ID, ToolName: toolCall.Name, Text: noResult}
		for i := range results {
			if !used[i] && results[i].ToolCallID == toolCall.ID {
				used[i], result.Text = true, results[i].Text
				break
			}
		}
		c.calls++
		c.add(llms.ChatMessageTypeAI, llms.ToolCall{ID: toolCall.ID, Type: "function", FunctionCall: &llms.FunctionCall{
			Name: toolCall.Name, Arguments: sendableArguments(toolCall.Arguments),
		}})
		c.add(llms.ChatMessageTypeTool, llms.ToolCallResponse{
			ToolCallID: toolCall.ID, Name: toolCall.Name, Content: result.Text,
		})
	}
	for i := range results {
		if !used[i] {
			return fmt.Errorf("langchain: result of tool call %q belongs to no call", results[i].ToolCallID)
		}
	}
	return nil
}

// sendableArguments are the arguments of a call in the history. A model may
// have written what is no JSON object, at which clients fail; it is sent back
// inside of one, so that the model sees what it wrote.
func sendableArguments(arguments json.RawMessage) string {
	var object map[string]any
	if json.Unmarshal(arguments, &object) == nil && object != nil {
		return string(arguments)
	}
	if len(arguments) == 0 {
		return "{}"
	}
	wrapped, err := json.Marshal(map[string]string{"invalid_arguments": string(arguments)})
	if err != nil {
		return "{}"
	}
	return string(wrapped)
}
