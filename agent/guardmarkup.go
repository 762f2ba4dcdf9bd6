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
	clean = replaceTags(clean, func(tag string) string {
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
	pieces := strings.Split(clean, keptTag)
	for i, tag := range kept {
		pieces[i] += tag
	}
	return rewriteIfChanged(d.Text, strings.Join(pieces, ""), "markup removed")
}

// replaceTags replaces each comment and tag by what f makes of it. It reads on
// from where it was: an expression that looks for the end of a comment would
// read to the end of the text again and again where none comes.
func replaceTags(s string, f func(tag string) string) string {
	var sb strings.Builder
	comments := true // another end of one may come
	for {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			sb.WriteString(s)
			return sb.String()
		}
		sb.WriteString(s[:open])
		s = s[open:]
		end := 0
		if comments && strings.HasPrefix(s, "<!--") {
			if i := strings.Index(s[4:], "-->"); i >= 0 {
				end = i + len("<!---->")
			} else {
				comments = false
			}
		}
		if end == 0 {
			end = tagEnd(s)
		}
		if end == 0 {
			sb.WriteByte('<')
			s = s[1:]
			continue
		}
		sb.WriteString(f(s[:end]))
		s = s[end:]
	}
}

// tagEnd returns where the tag ends that s begins with, 0 if it is none.
func tagEnd(s string) int {
	at := 1
	if at < len(s) && s[at] == '/' {
		at++
	}
	if at == len(s) || !isAlpha(s[at]) && s[at] != '!' && s[at] != '?' {
		return 0
	}
	at++
	n := strings.IndexAny(s[at:], "<>")
	if n < 0 || s[at+n] == '<' {
		return 0
	}
	return at + n + 1
}

// keptTag holds the place of an address in angle brackets. Control characters
// were removed before, so that no draft can contain it.
const keptTag = "\x00"

var (
	htmlStart = regexp.MustCompile(`<([a-zA-Z!?/])`)
	autolink  = regexp.MustCompile(`^<(?:https?://[^\s<>"'=]+|[^\s<>"'=:/]+@[^\s<>"'=:/]+)>$`)
)

func rewriteIfChanged(before, after, reason string) Verdict {
	if before == after {
		return Verdict{}
	}
	return Verdict{Action: Rewrite, Text: after, Reason: reason}
}
