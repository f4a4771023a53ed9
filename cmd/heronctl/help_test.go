package main

import (
	"bytes"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"

	"github.com/heronmail/heron/assets"
	"github.com/heronmail/heron/sync/i18n"
)

// TestEveryCommandTeaches: each command, argument and flag is explained, each
// command has an example that is a command line of ours, and no text is left
// over from one that is no more.
func TestEveryCommandTeaches(t *testing.T) {
	b, err := fs.ReadFile(assets.I18N, "i18n/en/ctl.toml")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]struct{ Other string }{}
	if err := toml.Unmarshal(b, &texts); err != nil {
		t.Fatal(err)
	}
	var c cli
	parser, err := newParser(&c)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	need := func(id string) string {
		used[id] = true
		if texts[id].Other == "" {
			t.Errorf("%q has no text", id)
		}
		return texts[id].Other
	}
	var visit func(n *kong.Node)
	visit = func(n *kong.Node) {
		need("ctl.help." + helpPath(n))
		for _, f := range n.Flags {
			need(flagID(n, f))
		}
		for _, v := range n.Positional {
			need(argID(n, v))
		}
		if n.Leaf() || n.Type == kong.ApplicationNode {
			lines := strings.Split(need("ctl.example."+helpPath(n)), "\n")
			if len(lines)%2 != 0 {
				t.Errorf("the examples of %s are not in pairs", helpPath(n))
			}
			for i := 0; i < len(lines); i += 2 {
				if !strings.Contains(lines[i], typed(n)) {
					t.Errorf("%q is no example of %s", lines[i], typed(n))
				}
				exampleParses(t, lines[i])
			}
		}
		for _, child := range n.Children {
			visit(child)
		}
	}
	visit(parser.Model.Node)
	for id := range texts {
		for _, kind := range []string{"ctl.help.", "ctl.arg.", "ctl.flag.", "ctl.example."} {
			if strings.HasPrefix(id, kind) && !used[id] {
				t.Errorf("%q explains nothing that exists", id)
			}
		}
	}
}

func exampleParses(t *testing.T, line string) {
	t.Helper()
	_, line, _ = strings.Cut(line, "heronctl ")
	line, _, _ = strings.Cut(line, " > ")
	var c cli
	parser, err := newParser(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(strings.Fields(line)); err != nil {
		t.Errorf("example %q: %v", line, err)
	}
}

func TestHelpFitsTheTerminalInBothLanguages(t *testing.T) {
	for _, lang := range []string{"en", "de"} {
		p, err := i18n.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		var c cli
		parser, err := newParser(&c)
		if err != nil {
			t.Fatal(err)
		}
		nodes := append(parser.Model.Leaves(true), parser.Model.Node)
		for _, n := range append(nodes, parser.Model.Children...) {
			var b bytes.Buffer
			if err := writeHelp(&b, p, n); err != nil {
				t.Fatal(err)
			}
			for _, l := range strings.Split(b.String(), "\n") {
				if cells(l) > helpWidth {
					t.Errorf("%s, %s: %d columns: %q", lang, typed(n), cells(l), l)
				}
				if strings.Contains(l, "ctl.") {
					t.Errorf("%s, %s: %q has no text", lang, typed(n), l)
				}
			}
		}
	}
}

// TestGermanHelpIsGerman: no heading and no text of the help is left in English.
func TestGermanHelpIsGerman(t *testing.T) {
	english := regexp.MustCompile(`\b(Usage|Flags|Commands|Arguments|Examples|FLAGS|COMMAND|ADDRESS|DIR|DURATION|FILE|HOST|PATH|USER|The|the|and|with|default)\b`)
	var c cli
	parser, err := newParser(&c)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range append(parser.Model.Leaves(true), parser.Model.Node) {
		args := strings.Fields(typed(n) + " --help")[1:]
		o := tryIn(t.Context(), t, &fakes{}, func(e *env) { e.Lang = "de" }, args...)
		if o.code != 0 || english.MatchString(o.out) {
			t.Errorf("%v: exit %d, %q in\n%s", args, o.code, english.FindString(o.out), o.out)
		}
	}
}

func TestHelpIsAskedForAnywhere(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string
	}{
		{"--help", []string{"heronctl COMMAND [FLAGS]", "message list ID PATH", "List the messages of a folder, newest first.", "--data-dir DIR", "7 busy"}},
		{"account --help", []string{"heronctl account COMMAND", "account add ADDRESS", "account remove ID"}},
		{"account add --help", []string{"heronctl account add ADDRESS [FLAGS]", "--host HOST", "--json", "--password-stdin\n", "ask for the password"}},
		{"message show --help", []string{"heronctl message show ID PATH UID [FLAGS]", "id:204"}},
		{"sync -h", []string{"heronctl sync [ID]"}},
	} {
		o := try(t, &fakes{}, strings.Fields(c.args)...)
		if o.code != 0 || o.errOut != "" {
			t.Errorf("%s: exit %d, %s", c.args, o.code, o.errOut)
		}
		for _, w := range c.want {
			if !strings.Contains(o.out, w) {
				t.Errorf("%s lacks %q:\n%s", c.args, w, o.out)
			}
		}
	}
	o := try(t, &fakes{})
	if o.code != 2 || o.out != "" || !strings.Contains(o.errOut, "A command is missing.") || !strings.Contains(o.errOut, "Commands:") {
		t.Errorf("no command: exit %d, stdout %q, stderr %q", o.code, o.out, o.errOut)
	}
}
