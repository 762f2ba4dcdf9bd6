package agent_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

// The arguments are a struct: the model sees its schema, and whose parcel it is
// comes from the conversation.
func ExampleNewAction() {
	type arguments struct {
		Parcel   int    `json:"parcel" description:"number on the label"`
		Customer string `json:"customer" identity:"id"`
	}
	track, err := agent.NewAction(agent.Action{
		Name: "track_parcel", Description: "Tells where a parcel is.", Protection: agent.KnownContact,
	}, func(_ context.Context, _ agent.ActionCall, in arguments) (agent.ActionResult, error) {
		return agent.ActionResult{Text: fmt.Sprintf("Parcel %d of %s has left the warehouse.", in.Parcel, in.Customer)}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	model := agenttest.NewModel(agenttest.Call("track_parcel", map[string]int{"parcel": 77}), agenttest.Say("Parcel 77 has left the warehouse."))
	a, _ := agent.New(agent.Config{Knowledge: exampleKnowledge(), Model: model, Actions: []agent.Action{track}})
	r, _ := a.Reply(context.Background(), agent.Question{Text: "Where is parcel 77?", Contact: channels.Contact{ID: "ida"}})
	fmt.Println(string(r.Trace.Actions[0].Arguments))
	fmt.Println(r.Trace.Actions[0].Result.Text)
	fmt.Println(r.Text)
	// Output:
	// {"customer":"ida","parcel":77}
	// Parcel 77 of ida has left the warehouse.
	// Parcel 77 has left the warehouse.
}

func ExampleSchemaOf() {
	type arguments struct {
		Size  string `json:"size" enum:"small,large"`
		Email string `json:"email" identity:"email"`
	}
	schema, identity, err := agent.SchemaOf[arguments]()
	fmt.Println(string(schema))
	fmt.Println(identity, err)
	// Output:
	// {"type":"object","properties":{"size":{"type":"string","enum":["small","large"]}},"required":["size"],"additionalProperties":false}
	// map[email:email] <nil>
}

// An action that asks a host's API; of the answer only what Result names is
// told to the model.
func ExampleNewHTTPAction() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"path":%q,"status":"shipped","margin":0.4}`, r.URL.EscapedPath())
	}))
	defer api.Close()
	type arguments struct {
		Order string `json:"order"`
	}
	schema, identity, _ := agent.SchemaOf[arguments]()
	status, err := agent.NewHTTPAction(agent.Action{
		Name: "order_status", Protection: agent.Anyone, Schema: schema, Identity: identity,
	}, agent.HTTPCall{
		URL:     api.URL + "/orders/{order}",
		Headers: map[string]string{"Authorization": "Bearer token"},
		Result:  []agent.ResultField{{Name: "status", Path: "status"}, {Name: "asked", Path: "path"}},
		Client:  api.Client(), // the default would refuse this loopback address
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	model := agenttest.NewModel(agenttest.Call("order_status", map[string]string{"order": "A/7"}), agenttest.Say("Your order was shipped."))
	a, _ := agent.New(agent.Config{Knowledge: exampleKnowledge(), Model: model, Actions: []agent.Action{status}})
	r, _ := a.Reply(context.Background(), agent.Question{Text: "What about order A/7?"})
	fmt.Println(r.Trace.Actions[0].Result.Text)
	// Output:
	// status: shipped
	// asked: /orders/A%2F7
}

// A call that requires approval waits for a person, and is performed once.
func ExampleOperator_Approve() {
	refund, _ := agent.NewAction(agent.Action{Name: "refund", Protection: agent.Anyone, RequiresApproval: true},
		func(_ context.Context, _ agent.ActionCall, in struct {
			Order int `json:"order"`
		}) (agent.ActionResult, error) {
			return agent.ActionResult{Text: fmt.Sprintf("Order %d is refunded.", in.Order)}, nil
		})
	chat := channels.NewMemory("chat", channels.Capabilities{})
	settled := make(chan string)
	a, _ := agent.New(agent.Config{
		Knowledge: exampleKnowledge(), Actions: []agent.Action{refund}, Channels: []channels.Channel{chat},
		Model:   agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 7}), agenttest.Say("Order 7 is refunded.")),
		OnReply: func(_ string, r agent.Reply) { settled <- r.Text },
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()

	_ = chat.Say(ctx, "ida", "delivery-1", "Please refund my order 7")
	fmt.Println(<-settled)
	mette := a.As(agent.Actor{ID: "7", Name: "Mette"})
	waiting, _ := mette.PendingApprovals(ctx, 10)
	fmt.Println(waiting[0].Action, string(waiting[0].Arguments))
	fmt.Println(mette.Approve(ctx, waiting[0].Conversation, waiting[0].ID))
	fmt.Println(<-settled)
	stop()
	fmt.Println(<-done)
	// Output:
	// A colleague has to approve this first. You will hear from us here.
	// refund {"order":7}
	// <nil>
	// Order 7 is refunded.
	// <nil>
}
