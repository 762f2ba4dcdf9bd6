// Command quickstart is the help centre of an invented bicycle rental, answered
// by an agent in the terminal: without a key and without a network.
//
//	go run ./examples/quickstart
//	printf 'Hvordan får jeg pengene tilbage?\nI want to talk to a human\n' | go run ./examples/quickstart
//	go run ./examples/quickstart -model openai:gpt-4o-mini
//	go run ./examples/quickstart -model ollama:llama3.2
package main

import (
	"bufio"
	"cmp"
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

//go:embed helpcentre site
var content embed.FS

// shown are the questions the program answers before it prompts: one in Danish,
// one in English, and one to which the help centre has no answer.
var shown = []string{
	"Hvordan får jeg pengene tilbage?",
	"I lost the key to my bike.",
	"Do you repair dishwashers?",
}

const startCredits = 1000

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fresh := flag.Bool("fresh", false, "begin a new conversation for each line")
	model := flag.String("model", "", "write answers with a model: openai:NAME or ollama:NAME; default quotes the knowledge")
	flag.Parse()
	p := &program{out: os.Stdout, fresh: *fresh, terminal: isTerminal(os.Stdin), live: isTerminal(os.Stdout)}
	if err := p.run(ctx, *model, os.Stdin); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type program struct {
	out      io.Writer
	fresh    bool
	terminal bool // somebody types
	live     bool // progress may be drawn over itself

	agent   *agent.Agent
	channel *channels.Memory
	ledger  *credits.Ledger
	replies chan agent.Reply
	said    int // messages so far
	thread  int // conversations so far
}

func (p *program) run(ctx context.Context, modelName string, in io.Reader) error {
	model, err := openModel(ctx, modelName)
	if err != nil {
		return err
	}
	base, err := p.learn(ctx)
	if err != nil {
		return err
	}
	if err := p.hire(ctx, base, model); err != nil {
		return err
	}
	runCtx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- p.agent.Run(runCtx) }()
	err = p.talk(ctx, in)
	stop()
	return errors.Join(err, <-done)
}

// learn syncs the help centre and the web site, and prints what came of it.
func (p *program) learn(ctx context.Context) (*knowledge.Base, error) {
	base, err := knowledge.New(knowledge.Config{OnProgress: p.progress})
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(content, "helpcentre")
	if err != nil {
		return nil, err
	}
	web, err := serveSite()
	if err != nil {
		return nil, err
	}
	defer web.Close()
	pages, err := crawl.New(crawl.Config{
		ID: "website", URL: web.URL, Related: true, Delay: -1,
		Allow: web.Prefixes, Ports: web.Ports, // a public site needs neither
	})
	if err != nil {
		return nil, err
	}
	for _, s := range []knowledge.Source{file.Dir("help centre", files, file.DirConfig{}), pages} {
		if err := base.Add(s, knowledge.SourceOptions{}); err != nil {
			return nil, err
		}
		report, err := base.Sync(ctx, s.ID())
		if err != nil {
			return nil, err
		}
		p.summary(report)
	}
	fmt.Fprintln(p.out)
	return base, nil
}

// progress draws one line that changes, or nothing where that is not possible.
func (p *program) progress(s knowledge.SyncProgress) {
	if p.live {
		fmt.Fprintf(p.out, "\r\033[K%s: %d of %d, %d imported  %s", s.Source, s.Done, max(s.Found, s.Done), s.Imported, s.Current)
	}
}

func (p *program) summary(r knowledge.Report) {
	if p.live {
		fmt.Fprint(p.out, "\r\033[K")
	}
	fmt.Fprintf(p.out, "%s: %d documents, %d passages in %d ms", r.Source, r.Documents, r.Passages, r.Duration.Milliseconds())
	if len(r.Issues) == 0 {
		fmt.Fprintln(p.out)
		return
	}
	fmt.Fprintf(p.out, ", %d skipped:\n", len(r.Issues))
	for _, i := range r.Issues {
		fmt.Fprintf(p.out, "  %v\n", i.Err)
	}
}

// hire makes the agent: a meter with credits, a channel, and a router that
// prints cases.
func (p *program) hire(ctx context.Context, base *knowledge.Base, model agent.Model) error {
	p.ledger = credits.NewLedger(credits.Config{})
	if err := p.ledger.Grant(ctx, "quickstart", credits.Grant{ID: "start", Amount: startCredits}); err != nil {
		return err
	}
	p.channel = channels.NewMemory("terminal", channels.Capabilities{})
	p.replies = make(chan agent.Reply, 16)
	var err error
	p.agent, err = agent.New(agent.Config{
		ID:        "quickstart",
		Profile:   agent.Profile{Name: "Nora", Company: "Cykelhuset Nordhavn", Personality: agent.Friendly},
		Knowledge: base,
		Model:     model,
		Channels:  []channels.Channel{p.channel},
		Meter:     p.ledger,
		Router:    handoff.RouterFunc(p.takeCase),
		OnReply:   func(_ string, r agent.Reply) { p.replies <- r },
	})
	return err
}

// takeCase is what a help desk would do with a handoff: here it is printed.
func (p *program) takeCase(_ context.Context, c handoff.Case) (handoff.Assignment, error) {
	fmt.Fprintf(p.out, "\n┌ Case for a human\n│ reason:   %s\n│ trigger:  %s\n│ language: %s\n│ waiting:  since %s\n│ summary:  %s\n", c.Reason, c.Detail, c.Language, c.WaitingSince.Format("15:04:05"), c.Summary)
	for _, m := range c.Transcript {
		fmt.Fprintf(p.out, "│ %s: %s\n", m.Author, strings.ReplaceAll(m.Text, "\n", " "))
	}
	fmt.Fprintln(p.out, "└")
	return handoff.Assignment{Queue: "support"}, nil
}

// talk answers the shown questions and then whatever is typed or piped in.
func (p *program) talk(ctx context.Context, in io.Reader) error {
	if p.terminal {
		for _, q := range shown {
			fmt.Fprintf(p.out, "> %s\n", q)
			p.thread++
			if err := p.ask(ctx, q); err != nil {
				return err
			}
		}
		fmt.Fprintln(p.out, "Ask something, or say that you want to talk to a human. An empty line ends.")
		p.thread++
	}
	lines := bufio.NewScanner(in)
	for p.prompt(); lines.Scan(); p.prompt() {
		q := strings.TrimSpace(lines.Text())
		if q == "" && p.terminal {
			return nil
		}
		if q == "" {
			continue
		}
		if !p.terminal {
			fmt.Fprintf(p.out, "> %s\n", q)
		}
		if p.fresh {
			p.thread++
		}
		if err := p.ask(ctx, q); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (p *program) prompt() {
	if p.terminal {
		fmt.Fprint(p.out, "> ")
	}
}

// ask delivers a message as a vendor would, waits until it is dealt with, and
// prints the outcome.
func (p *program) ask(ctx context.Context, text string) error {
	p.said++
	thread := fmt.Sprintf("thread-%d", p.thread)
	id := agent.ConversationID(p.agent.ID(), p.channel.ID(), thread, 1)
	human := false
	if c, err := p.agent.As(agent.Actor{ID: "quickstart"}).Conversation(ctx, id); err == nil {
		human = c.Owner == agent.HumanOwns
	}
	if err := p.channel.Say(ctx, thread, fmt.Sprintf("delivery-%d", p.said), text); err != nil {
		return err
	}
	if human {
		fmt.Fprintf(p.out, "(silence: a human has this conversation)\n\n")
		return nil
	}
	select {
	case r := <-p.replies:
		return p.print(ctx, r)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *program) print(ctx context.Context, r agent.Reply) error {
	fmt.Fprintf(p.out, "\n%s\n", r.Text)
	for _, c := range r.Citations {
		fmt.Fprintf(p.out, "  [%d] %s – %s\n", c.Number, c.Title, cmp.Or(c.URL, c.Name))
	}
	balance, err := p.ledger.Balance(ctx, "quickstart")
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\n  %s (%s) · confidence %.2f · %d credits left\n\n", r.Decision, r.Reason, r.Confidence, balance.Available)
	return nil
}
