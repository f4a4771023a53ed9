package main

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/heronmail/heron/sync/i18n"
)

// kong says in English what is wrong with a command line. Its errors have no
// types that could be told apart, so that their words are all there is to go
// by; a test holds each that our commands can meet, against a newer kong.

// quoted is a word between the quotes of %q.
const quoted = `("(?:[^"\\]|\\.)*")`

// shape is one form that an error of kong takes.
type shape struct {
	form *regexp.Regexp
	id   string   // of the text
	args []string // names of the groups, in the text
}

// shapes are those that our commands can meet.
func shapes() []shape {
	return []shape{
		{regexp.MustCompile(`(?s)^unknown flag (.*)$`), "ctl.usage.unknown-flag", []string{"Flag"}},
		{regexp.MustCompile(`(?s)^unexpected argument (.*)$`), "ctl.usage.unexpected", []string{"Word"}},
		{regexp.MustCompile(`^(--\S+) and (--\S+) can't be used together`), "ctl.usage.together", []string{"Flag", "Other"}},
		{regexp.MustCompile(`^(\S+): expected \w+ value but got "EOL"`), "ctl.usage.no-value", []string{"Name"}},
		{regexp.MustCompile(`^(\S+): missing value`), "ctl.usage.no-value", []string{"Name"}},
		{regexp.MustCompile(`(?s)^(\S+): expected \w+ value but got ` + quoted + ` \((?:long|short) flag\)`), "ctl.usage.dash", []string{"Name", "Word"}},
		{regexp.MustCompile(`(?s)^(\S+): expected a valid \d+ bit int but got ` + quoted), "ctl.usage.number", []string{"Name", "Word"}},
		{regexp.MustCompile(`(?s)^(\S+): expected duration but got ` + quoted), "ctl.usage.not-duration", []string{"Name", "Word"}},
		{regexp.MustCompile(`(?s)^(\S+): bool value must be .* but got ` + quoted + `$`), "ctl.usage.yes-no", []string{"Name", "Word"}},
		{regexp.MustCompile(`(?s)^(\S+) must be one of (\S*) but got ` + quoted + `$`), "ctl.usage.choice", []string{"Name", "Choices", "Word"}},
	}
}

var (
	guess  = regexp.MustCompile(`(?s)^(.*), did you mean (?:one of )?(".*")\?$`)
	anyOne = regexp.MustCompile(quoted)
)

// wrongUsage is what kong found wrong, in the user's language.
func wrongUsage(p *i18n.Printer, err error) error {
	at, help := (*kong.Node)(nil), "heronctl --help"
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		at = helpNode(wrong.Context)
		help = typed(at) + " --help"
	}
	return usage(p.T("ctl.usage.parse", "Text", parseText(p, at, err.Error()), "Help", help))
}

// parseText translates an error of kong; at is the command it stopped at, nil
// if it is not known.
func parseText(p *i18n.Printer, at *kong.Node, text string) string {
	if at != nil && (strings.HasPrefix(text, "expected ") || strings.HasPrefix(text, "missing positional arguments")) {
		return missingText(p, at)
	}
	hint := ""
	if m := guess.FindStringSubmatch(text); m != nil {
		text, hint = m[1], " "+p.T("ctl.usage.guess", "Guess", strings.Join(words(m[2]), ", "))
	}
	for _, s := range shapes() {
		m := s.form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		args := make([]any, 0, 2*len(s.args))
		for i, name := range s.args {
			args = append(args, name, argument(p, at, name, m[i+1]))
		}
		return p.T(s.id, args...) + hint
	}
	// A shape that is not known has its word at fault in quotes, or at the end.
	word := text[strings.LastIndexByte(text, ' ')+1:]
	if list := words(text); len(list) > 0 {
		word = list[len(list)-1]
	}
	return p.T("ctl.usage.generic", "Word", word)
}

// missingText says what a command lacks: arguments, or the command below it.
func missingText(p *i18n.Printer, at *kong.Node) string {
	var missing []string
	for _, v := range at.Positional {
		if v.Required && !v.Set {
			missing = append(missing, argName(p, v))
		}
	}
	if len(missing) > 0 {
		return p.T("ctl.usage.missing", "Arguments", strings.Join(missing, " "))
	}
	for _, c := range at.Children {
		missing = append(missing, c.Name)
	}
	return p.T("ctl.usage.no-subcommand", "Commands", strings.Join(missing, ", "))
}

// argument puts a group of a shape into the words of our help.
func argument(p *i18n.Printer, at *kong.Node, name, s string) string {
	switch {
	case name == "Choices":
		return strings.Join(words(s), ", ")
	case name == "Word" && strings.HasPrefix(s, `"`):
		if list := words(s); len(list) == 1 {
			return list[0]
		}
	case name == "Name" && at != nil:
		i := slices.IndexFunc(at.Positional, func(v *kong.Value) bool { return v.ShortSummary() == s })
		if i >= 0 {
			return argName(p, at.Positional[i])
		}
	}
	return s
}

// words are the quoted words of a text.
func words(s string) []string {
	quotes := anyOne.FindAllString(s, -1)
	out := make([]string, 0, len(quotes))
	for _, q := range quotes {
		w, err := strconv.Unquote(q)
		if err != nil {
			w = strings.Trim(q, `"`)
		}
		out = append(out, w)
	}
	return out
}
