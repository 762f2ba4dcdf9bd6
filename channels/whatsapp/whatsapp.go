// Package whatsapp is a channel over the WhatsApp Business Cloud API: one number
// of a business.
//
// # At the vendor
//
// Make a Meta app with the product WhatsApp, add a number, and note its phone
// number ID (not the number itself). Create a permanent access token of a system
// user with the permission whatsapp_business_messaging. The webhook is that of
// the app, see package meta: [Config].App. WhatsApp allows the agents of a
// business for customers' questions, not assistants for anything; say that it is
// one, and give people a way to a human.
//
// # What to know
//
// A customer can be written to for 24 hours after their last message; after that
// WhatsApp takes templates alone, and a send is [channels.ErrWindowClosed].
// Customers are known by a business-scoped user ID, and by a phone number only if
// they show it: threads are named by the ID where there is one, and a thread that
// was named by the number before is moved. A reaction with a thumb is feedback.
//
// The API knows no idempotency key. A send whose answer was lost is not repeated
// until a status tells what became of it, see [Channel.Reconcile].
//
// # Testing locally
//
// [Config].BaseURL points the calls to a server of one's own; deliveries are
// signed with meta.Sign.
package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/channels/meta"
)

// Config configures a [Channel]. ID, App, PhoneNumberID and Token are required.
type Config struct {
	// ID names the channel, such as "whatsapp-dk".
	ID string
	// App is the webhook that the number's deliveries come to.
	App *meta.App
	// PhoneNumberID is Meta's ID of the business's number.
	PhoneNumberID string
	// Token is the access token.
	Token string

	// BaseURL, Version and Client are those of [meta.GraphConfig].
	BaseURL, Version string
	Client           *http.Client
	// ListLabel is what the button that opens a list of choices says, in at most
	// 20 characters, for a language (BCP 47); default "☰".
	ListLabel func(language string) string
	// Quote makes answers quote the message they answer.
	Quote bool
	// Every and Burst pace messages to one customer; default one in 6 seconds
	// after 10 at once. WhatsApp refuses quicker ones (error 131056).
	Every time.Duration
	Burst int
	// MaxMedia is the largest file that [Channel.Open] reads, in bytes; default
	// 16 MiB. MediaHosts are the hosts that files may come from, with their
	// subdomains; default fbsbx.com, whatsapp.net and facebook.com.
	MaxMedia   int64
	MediaHosts []string
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Logger receives what cannot be read, without contents. Default none.
	Logger *slog.Logger
}

// ErrInvalidConfig: a configuration cannot work. The text lists every fault.
var ErrInvalidConfig = errors.New("whatsapp: invalid configuration")

// Channel is one WhatsApp number. It is safe for concurrent use.
type Channel struct {
	cfg   Config
	graph *meta.Graph
	media *mediaStore
	pacer channels.Pacer
	inlet channels.Inlet

	mu    sync.Mutex
	fates fates
}

// New returns a channel and registers it with its App. It starts nothing.
func New(cfg Config) (*Channel, error) {
	var errs []error
	for name, missing := range map[string]bool{"ID": cfg.ID == "", "App": cfg.App == nil, "PhoneNumberID": cfg.PhoneNumberID == ""} {
		if missing {
			errs = append(errs, fmt.Errorf("%w: %s is missing", ErrInvalidConfig, name))
		}
	}
	graph, err := meta.NewGraph(meta.GraphConfig{Token: cfg.Token, BaseURL: cfg.BaseURL, Version: cfg.Version, Client: cfg.Client})
	if err != nil {
		errs = append(errs, fmt.Errorf("%w: %w", ErrInvalidConfig, err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	c := &Channel{cfg: cfg, graph: graph, media: newMediaStore(cfg), pacer: channels.Pacer{Every: cfg.Every, Burst: cfg.Burst}, fates: newFates()}
	if err := cfg.App.OnNumber(cfg.PhoneNumberID, c.receive); err != nil {
		return nil, err
	}
	return c, nil
}

func (cfg *Config) setDefaults() {
	if cfg.ListLabel == nil {
		cfg.ListLabel = func(string) string { return "☰" }
	}
	if cfg.Every <= 0 {
		cfg.Every = 6 * time.Second
	}
	if cfg.Burst <= 0 {
		cfg.Burst = 10
	}
	if cfg.MaxMedia <= 0 {
		cfg.MaxMedia = 16 << 20
	}
	if cfg.MediaHosts == nil {
		cfg.MediaHosts = []string{"fbsbx.com", "whatsapp.net", "facebook.com"}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
}

// ID returns the channel's name.
func (c *Channel) ID() string { return c.cfg.ID }

// Limits of the Cloud API; see the vendor's pages on messages. It does not say
// what it counts; UTF-16 units are the safe reading.
const (
	maxText        = 4096
	maxInteractive = 1024
	replyWindow    = 24 * time.Hour
)

// Capabilities implements [channels.Channel].
func (c *Channel) Capabilities() channels.Capabilities {
	return channels.Capabilities{
		Markup: channels.WhatsApp, MaxText: maxText, Unit: channels.UTF16Units, ReplyWindow: replyWindow,
		Buttons: channels.ChoiceLimits{Max: 3, Title: 20, NoDescription: true, Text: maxInteractive},
		List:    channels.ChoiceLimits{Max: 10, Title: 24, Description: 72, Text: maxInteractive},
	}
}

// Attach implements [channels.Channel]. Until then deliveries are answered with
// 503.
func (c *Channel) Attach(in channels.Inbox) error { return c.inlet.Attach(c.cfg.ID, in) }

// receive delivers a change to the inbox, event by event.
func (c *Channel) receive(ctx context.Context, change meta.Change) error {
	in, err := c.inlet.Inbox(c.cfg.ID)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range c.events(ctx, change) {
		if e.Kind == channels.StatusChanged {
			c.learn(e.Status)
		}
		if err := in.Deliver(ctx, e); err != nil {
			errs = append(errs, fmt.Errorf("whatsapp: %s: deliver %s: %w", c.cfg.ID, e.Delivery, err))
		}
	}
	return errors.Join(errs...)
}
