package agent

import (
	"context"
	"encoding/json"
	"fmt"
)

// People edit a draft of the settings; each edit is a version that stays as it
// is. Publishing one is what the agent works by, on every replica, from the next
// turn on.

// Settings returns those of a version, 0 for what Config says, or ErrNoVersion.
func (o *Operator) Settings(ctx context.Context, version int64) (Settings, error) {
	if err := o.allow(ctx, MayRead, "read settings", o.agent.cfg.ID); err != nil {
		return Settings{}, err
	}
	return o.agent.settingsOfNumber(ctx, version)
}

// DraftSettings returns the settings that people edit: the latest version, or the one
// that was rolled back to since. Hand them to Edit when they are changed.
func (o *Operator) DraftSettings(ctx context.Context) (Settings, error) {
	if err := o.allow(ctx, MayRead, "read draft", o.agent.cfg.ID); err != nil {
		return Settings{}, err
	}
	l, err := o.agent.lifecycle(ctx)
	if err != nil {
		return Settings{}, err
	}
	return o.agent.settingsOfNumber(ctx, l.Draft)
}

func (a *Agent) settingsOfNumber(ctx context.Context, number int64) (Settings, error) {
	if number == 0 {
		return a.minds.base.Settings(), nil
	}
	v, err := a.cfg.Store.Version(ctx, a.cfg.ID, number)
	if err != nil {
		return Settings{}, fmt.Errorf("agent: version %d: %w", number, err)
	}
	return settingsOfVersion(v)
}

// versionsAtOnce bounds one page of versions.
const versionsAtOnce = 100

// Versions returns up to limit versions, at most 100, with who made them, when
// and why, newest first: all, or with numbers below the given one.
func (o *Operator) Versions(ctx context.Context, below int64, limit int) ([]Version, error) {
	if err := o.allow(ctx, MayRead, "list versions", o.agent.cfg.ID); err != nil {
		return nil, err
	}
	return o.agent.cfg.Store.Versions(ctx, o.agent.cfg.ID, below, min(limit, versionsAtOnce))
}

// Diff returns what changes from one version to another, field by field.
func (o *Operator) Diff(ctx context.Context, from, to int64) ([]SettingsChange, error) {
	if err := o.allow(ctx, MayRead, "compare versions", o.agent.cfg.ID); err != nil {
		return nil, err
	}
	before, err := o.agent.settingsOfNumber(ctx, from)
	if err != nil {
		return nil, err
	}
	after, err := o.agent.settingsOfNumber(ctx, to)
	if err != nil {
		return nil, err
	}
	return before.Diff(after)
}

// PreviewVersion is [Agent.Preview] as if a version were published. It is a
// [*VersionError] if that one cannot be used.
func (o *Operator) PreviewVersion(ctx context.Context, version int64, q Question) (Reply, error) {
	if err := o.allow(ctx, MayRead, "preview", o.agent.cfg.ID); err != nil {
		return Reply{}, err
	}
	mind, err := o.agent.minds.of(ctx, version)
	if err != nil {
		return Reply{}, err
	}
	return mind.reply(ctx, q, true)
}

// Edit makes a version of the settings, which is the draft from then on, and
// returns its number. s.Version must be that of the draft it was made from:
// ErrSuperseded if somebody else has edited since. Faults of the settings come
// together and wrap [ErrInvalidConfig]. The agent works by a draft only once it
// is published.
func (o *Operator) Edit(ctx context.Context, s Settings, note string) (version int64, err error) {
	a := o.agent
	if err := o.allow(ctx, MayEdit, "edit", a.cfg.ID); err != nil {
		return 0, err
	}
	l, err := a.begin(ctx)
	switch {
	case err != nil:
		return 0, err
	case l.Deleted:
		return 0, fmt.Errorf("%w: %s", ErrDeleted, a.cfg.ID)
	case s.Version != l.Draft:
		return 0, fmt.Errorf("%w: the draft is version %d, what was edited is %d", ErrSuperseded, l.Draft, s.Version)
	}
	v, err := a.newVersion(ctx, s)
	if err != nil {
		return 0, err
	}
	v.By, v.At, v.Note = o.actor, a.cfg.Now(), note
	before, after := a.changesOf(ctx, v)
	if err := a.cfg.Store.AddVersion(ctx, a.cfg.ID, v); err != nil {
		return 0, fmt.Errorf("agent: edit: %w", err)
	}
	return v.Number, o.audit(ctx, AuditEvent{Action: "edit", Target: a.cfg.ID, Version: v.Number, Note: note, Before: before, After: after})
}

// newVersion checks settings and makes the version that follows the last.
func (a *Agent) newVersion(ctx context.Context, s Settings) (Version, error) {
	mind, err := a.minds.base.with(s)
	if err != nil {
		return Version{}, err
	}
	v := Version{Number: 1, Based: s.Version}
	s = mind.Settings() // with the defaults
	s.Version = 0
	if v.Settings, err = json.Marshal(s); err != nil {
		return Version{}, fmt.Errorf("%w: %w", ErrInvalidConfig, err)
	}
	last, err := a.cfg.Store.Versions(ctx, a.cfg.ID, 0, 1)
	if err != nil {
		return Version{}, fmt.Errorf("agent: versions: %w", err)
	}
	if len(last) > 0 {
		v.Number = last[0].Number + 1
	}
	return v, nil
}

// changesOf tells in words what a version changes. Where the one before cannot
// be read it says so: that is no reason not to mend it.
func (a *Agent) changesOf(ctx context.Context, v Version) (before, after string) {
	var changes []SettingsChange
	edited, err := settingsOfVersion(v)
	if err == nil {
		var based Settings
		if based, err = a.settingsOfNumber(ctx, v.Based); err == nil {
			changes, err = based.Diff(edited)
		}
	}
	if err != nil {
		return "cannot be compared: " + err.Error(), ""
	}
	return changesInWords(changes)
}

// Publish lets the agent take conversations, by the draft; agents begin
// published, by Config.
func (o *Operator) Publish(ctx context.Context) error {
	return o.publish(ctx, "publish", func(l *Lifecycle) error { return o.agent.publish(ctx, l, l.Draft) })
}

// PublishVersion is Publish by any version. It is ErrNoVersion if there is none
// of that number, and a [*VersionError] if that one cannot be used.
func (o *Operator) PublishVersion(ctx context.Context, version int64) error {
	return o.publish(ctx, "publish", func(l *Lifecycle) error { return o.agent.publish(ctx, l, version) })
}

// Rollback publishes a version older than the published one, with the same
// errors as [Operator.PublishVersion]. It is the draft then: what was edited
// since stays among the versions.
func (o *Operator) Rollback(ctx context.Context, version int64) error {
	return o.publish(ctx, "roll back", func(l *Lifecycle) error {
		if version >= l.Published {
			return fmt.Errorf("%w: %d is not older than the published %d", ErrNoVersion, version, l.Published)
		}
		if err := o.agent.publish(ctx, l, version); err != nil {
			return err
		}
		l.Draft = version
		return nil
	})
}

// Unpublish stops the agent from taking conversations on any channel; those it
// has go on until they are resolved.
func (o *Operator) Unpublish(ctx context.Context) error {
	return o.publish(ctx, "unpublish", func(l *Lifecycle) error {
		l.Unpublished = true
		return nil
	})
}

// Delete ends the agent for ever: channels get ErrDeleted for what they deliver,
// what it has not answered yet goes to humans, and nothing of it can be changed.
// Conversations, versions and logs are kept.
func (o *Operator) Delete(ctx context.Context) error {
	return o.changeLifecycle(ctx, MayDelete, "delete", o.agent.cfg.ID, func(l *Lifecycle) error {
		l.Deleted = true
		return nil
	})
}

func (o *Operator) publish(ctx context.Context, action string, change func(*Lifecycle) error) error {
	return o.changeLifecycle(ctx, MayEdit, action, o.agent.cfg.ID, change)
}

// publish puts a version in force, if it can be used.
func (a *Agent) publish(ctx context.Context, l *Lifecycle, version int64) error {
	if _, err := a.minds.of(ctx, version); err != nil {
		return err
	}
	if l.Unpublished = false; version != l.Published {
		l.Previous, l.Published = l.Published, version
	}
	return nil
}
