// Package messenger is a channel over the Messenger Platform: one Facebook page.
//
// # At the vendor
//
// Make a Meta app with the product Messenger, connect the page, and create a page
// access token with the permission pages_messaging. The webhook is that of the
// app, see package meta: [Config].App. For handing conversations to the page's
// inbox, make the app the default one under Conversation Routing.
//
// # What to know
//
// A customer can be written to for 24 hours after their last message. The tag
// HUMAN_AGENT, which lets people answer for seven days, is for people's answers
// alone: set [Config].HumanTag, and it is used for those, never for the agent's.
// Messenger promises no markup, so texts are plain. What a person writes in the
// page's inbox, or another app, takes the conversation over; what customers write
// while another app has the thread is left to that app.
//
// The API knows no idempotency key: a send whose answer was lost is not repeated.
//
// # Testing locally
//
// [Config].BaseURL points the calls to a server of one's own; deliveries are
// signed with meta.Sign.
package messenger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/channels/meta"
)

// Config configures a [Channel]. ID, App, PageID and Token are required.
type Config struct {
	// ID names the channel, such as "messenger-dk".
	ID string
	// App is the webhook that the page's deliveries come to.
	App *meta.App
	// PageID is the page's ID, Token its access token.
	PageID, Token string
	// AppID is the Meta app's own ID: echoes of its messages are told from what
	// people and other apps write. Without it a message is ours if it carries our
	// metadata.
	AppID string

	// BaseURL, Version and Client are those of [meta.GraphConfig].
	BaseURL, Version string
	Client           *http.Client
	// ReplyWindow is how long after a customer's message one may be sent; default
	// 24 hours.
	ReplyWindow time.Duration
	// HumanTag lets people of the company answer for seven days after the
	// customer's message. The app needs the vendor's approval for it.
	HumanTag bool
	// InboxAppID is the app that has conversations which are handed to people;
	// default the page's own inbox.
	InboxAppID string
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Logger receives what cannot be read, without contents. Default none.
	Logger *slog.Logger
}

// PageInbox is the app ID of a page's inbox.
const PageInbox = "263902037430900"

// ErrInvalidConfig: a configuration cannot work. The text lists every fault.
var ErrInvalidConfig = errors.New("messenger: invalid configuration")

// Channel is one Facebook page. It is safe for concurrent use.
type Channel struct {
	cfg   Config
	graph *meta.Graph
	inlet channels.Inlet
}

// New returns a channel and registers it with its App. It starts nothing.
func New(cfg Config) (*Channel, error) {
	var errs []error
	for name, missing := range map[string]bool{"ID": cfg.ID == "", "App": cfg.App == nil, "PageID": cfg.PageID == ""} {
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
	if cfg.ReplyWindow <= 0 {
		cfg.ReplyWindow = 24 * time.Hour
	}
	if cfg.InboxAppID == "" {
		cfg.InboxAppID = PageInbox
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Channel{cfg: cfg, graph: graph}
	if err := cfg.App.OnPage(cfg.PageID, c.receive); err != nil {
		return nil, err
	}
	return c, nil
}

// ID returns the channel's name.
func (c *Channel) ID() string { return c.cfg.ID }

// Limits of the Send API; see the vendor's pages "Send messages" and "Quick
// replies". Texts must be shorter than 2,000 characters.
const (
	maxText       = 1999
	maxQuick      = 13
	maxQuickTitle = 20
	humanWindow   = 7 * 24 * time.Hour
)

// Capabilities implements [channels.Channel].
func (c *Channel) Capabilities() channels.Capabilities {
	caps := channels.Capabilities{
		MaxText: maxText, Unit: channels.UTF16Units, ReplyWindow: c.cfg.ReplyWindow,
		Buttons: channels.ChoiceLimits{Max: maxQuick, Title: maxQuickTitle, NoDescription: true},
	}
	if c.cfg.HumanTag {
		caps.HumanWindow = max(c.cfg.ReplyWindow, humanWindow)
	}
	return caps
}

// Attach implements [channels.Channel]. Until then deliveries are answered with
// 503.
func (c *Channel) Attach(in channels.Inbox) error { return c.inlet.Attach(c.cfg.ID, in) }

// receive delivers an entry to the inbox, event by event.
func (c *Channel) receive(ctx context.Context, raw json.RawMessage) error {
	in, err := c.inlet.Inbox(c.cfg.ID)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range c.events(ctx, raw) {
		if err := in.Deliver(ctx, e); err != nil {
			errs = append(errs, fmt.Errorf("messenger: %s: deliver %s: %w", c.cfg.ID, e.Delivery, err))
		}
	}
	return errors.Join(errs...)
}
