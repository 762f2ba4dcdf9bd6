package agent

import (
	"regexp"
	"strings"
)

// guardMarkup promises that no HTML leaves, whole or begun, and no control
// characters nor such as reorder what is shown or hide text in it. An address
// in angle brackets stays if it was given.
func guardMarkup(d Draft) Verdict {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r < ' ' && r != '\n' && r != '\t', r == 0x7f, r >= 0x202a && r <= 0x202e, r >= 0xe0000 && r <= 0xe007f:
			return -1
		}
		return r
	}, strings.ToValidUTF8(d.Text, "\uFFFD"))
	if !strings.Contains(clean, "<") {
		return rewriteIfChanged(d.Text, clean, "markup removed")
	}
	var kept []string
	clean = htmlTag.ReplaceAllStringFunc(clean, func(tag string) string {
		inner := strings.Trim(tag, "<>")
		switch {
		case autolink.MatchString(tag) && d.given.has(inner, false):
			kept = append(kept, tag)
			return keptTag
		case autolink.MatchString(tag):
			return inner // for the guard of links
		}
		return ""
	})
	clean = htmlStart.ReplaceAllString(clean, "< $1")
	for _, tag := range kept {
		clean = strings.Replace(clean, keptTag, tag, 1)
	}
	return rewriteIfChanged(d.Text, clean, "markup removed")
}

// keptTag holds the place of an address in angle brackets. Control characters
// were removed before, so that no draft can contain it.
const keptTag = "\x00"

var (
	htmlTag   = regexp.MustCompile(`(?s)<!--.*?-->|</?[a-zA-Z!?][^<>]*>`)
	htmlStart = regexp.MustCompile(`<([a-zA-Z!?/])`)
	autolink  = regexp.MustCompile(`^<(?:https?://[^\s<>"'=]+|[^\s<>"'=:/]+@[^\s<>"'=:/]+)>$`)
)

func rewriteIfChanged(before, after, reason string) Verdict {
	if before == after {
		return Verdict{}
	}
	return Verdict{Action: Rewrite, Text: after, Reason: reason}
}
