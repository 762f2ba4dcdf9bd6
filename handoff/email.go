package handoff

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"strings"
	"time"
	"unicode"
)

// SendMail hands a message to a mail server. msg is a whole message with its
// headers, in lines that end with CR LF. [SMTP] makes one.
type SendMail func(ctx context.Context, from string, to []string, msg []byte) error

// EmailConfig configures an [Email]. From, To and Send are required.
type EmailConfig struct {
	From string   // an address, with a name or without
	To   []string // the same
	Send SendMail
	// Text words the message in the language of those who read it; nil is
	// English. A subject is cut at 200 characters and kept in one line.
	Text func(Notice) (subject, body string)
	// Language is that of Text, BCP 47; default "en".
	Language string
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Email is a [Notifier] that sends a plain text message. The Message-ID is made
// of the case's key alone, so that most readers show a repetition once. It is
// safe for concurrent use.
type Email struct {
	cfg  EmailConfig
	from *mail.Address
	to   []*mail.Address
}

// NewEmail returns an Email, or ErrNotifier.
func NewEmail(cfg EmailConfig) (*Email, error) {
	if cfg.Send == nil {
		return nil, fmt.Errorf("%w: Send is missing", ErrNotifier)
	}
	e := &Email{cfg: cfg}
	var err error
	if e.from, err = mail.ParseAddress(cfg.From); err != nil {
		return nil, fmt.Errorf("%w: From %q: %w", ErrNotifier, cfg.From, err)
	}
	for _, to := range cfg.To {
		a, err := mail.ParseAddress(to)
		if err != nil {
			return nil, fmt.Errorf("%w: To %q: %w", ErrNotifier, to, err)
		}
		e.to = append(e.to, a)
	}
	if len(e.to) == 0 {
		return nil, fmt.Errorf("%w: To is empty", ErrNotifier)
	}
	if strings.ContainsFunc(cfg.Language, unicode.IsControl) {
		return nil, fmt.Errorf("%w: Language %q", ErrNotifier, cfg.Language)
	}
	if e.cfg.Language == "" {
		e.cfg.Language = "en"
	}
	if e.cfg.Text == nil {
		e.cfg.Text = englishNotice
	}
	if e.cfg.Now == nil {
		e.cfg.Now = time.Now
	}
	return e, nil
}

// Notify implements [Notifier].
func (e *Email) Notify(ctx context.Context, n Notice) error {
	msg, err := e.message(n)
	if err != nil {
		return fmt.Errorf("handoff: email about %s: %w", n.Case.Key, err)
	}
	var to []string
	for _, a := range e.to {
		to = append(to, a.Address)
	}
	if err := e.cfg.Send(ctx, e.from.Address, to, msg); err != nil {
		return fmt.Errorf("handoff: email about %s: %w", n.Case.Key, err)
	}
	return nil
}

// maxSubject bounds a subject, in characters.
const maxSubject = 200

// message writes the message. What customers wrote stands in the body and in the
// subject alone, both encoded.
func (e *Email) message(n Notice) ([]byte, error) {
	subject, body := e.cfg.Text(n)
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("From", e.from.String())
	var to []string
	for _, a := range e.to {
		to = append(to, a.String())
	}
	header("To", strings.Join(to, ", "))
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine(subject)))
	header("Date", e.cfg.Now().Format(time.RFC1123Z))
	header("Message-ID", "<"+noticeID(n.Case.Key)+e.from.Address[strings.LastIndexByte(e.from.Address, '@'):]+">")
	header("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence is to answer it
	header("Content-Language", e.cfg.Language)
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\n", "\r\n"))); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// oneLine keeps a subject in one line of bounded length.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	if r := []rune(s); len(r) > maxSubject {
		s = string(r[:maxSubject]) + "…"
	}
	return s
}

// englishNotice words a notice.
func englishNotice(n Notice) (subject, body string) {
	c := n.Case
	who := c.Contact.Name
	if who == "" {
		who = "A customer"
	}
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	line("Reason", string(c.Reason))
	line("Channel", c.Channel)
	line("Language", c.Language)
	line("Waiting since", c.WaitingSince.Format(time.RFC1123Z))
	line("Queue", n.Assignment.Queue)
	line("Assigned to", n.Assignment.Assignee)
	line("Conversation", c.Conversation)
	line("Summary", c.Summary)
	return fmt.Sprintf("%s is waiting: %s", who, c.Reason), b.String()
}

// SMTP returns a SendMail over net/smtp: to a server at address, a host with a
// port, that authenticates with auth, which may be nil. It uses STARTTLS where
// the server has it. When ctx ends the connection is closed: a message whose end
// was already sent may still arrive.
func SMTP(address string, auth smtp.Auth) SendMail {
	return func(ctx context.Context, from string, to []string, msg []byte) error {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		defer func() { _ = conn.Close() }()
		if err := submit(conn, address, auth, from, to, msg); err != nil {
			return errors.Join(ctx.Err(), err)
		}
		return nil
	}
}

// submit talks to a mail server, RFC 5321.
func submit(conn net.Conn, address string, auth smtp.Auth, from string, to []string, msg []byte) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if ok, _ := c.Extension("STARTTLS"); ok {
		if err := c.StartTLS(&tls.Config{ServerName: host}); err != nil {
			return err
		}
	}
	if auth != nil {
		if err := c.Auth(auth); err != nil {
			return err
		}
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	for _, rcpt := range to {
		if err := c.Rcpt(rcpt); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(msg); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // the server has the message already
	return nil
}
