package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/heronmail/heron/sync/i18n"
)

// The help of a command PATH (its words joined by dots, "heronctl" itself is
// "root") is made of these texts:
//
//	ctl.help.PATH       what it does; the first line stands in lists
//	ctl.arg.PATH.NAME   an argument
//	ctl.flag.PATH.NAME  a flag; global ones have no PATH
//	ctl.example.PATH    lines in pairs: a command, and what it does
//	ctl.name.WORD       what to put in the place of WORD; one without a text,
//	                    such as UID, is the same in every language
//
// A test holds that each exists, and that none is left over.

const helpWidth = 80

func helpPath(n *kong.Node) string {
	if n.Type == kong.ApplicationNode {
		return "root"
	}
	if p := helpPath(n.Parent); p != "root" {
		return p + "." + n.Name
	}
	return n.Name
}

func flagID(n *kong.Node, f *kong.Flag) string {
	if n.Type == kong.ApplicationNode {
		return "ctl.flag." + f.Name
	}
	return "ctl.flag." + helpPath(n) + "." + f.Name
}

func argID(n *kong.Node, v *kong.Value) string { return "ctl.arg." + helpPath(n) + "." + v.Name }

// standIn is what help and errors write in the place of a value.
func standIn(p *i18n.Printer, words string) string {
	list := strings.Fields(words)
	for i, w := range list {
		if name := p.T("ctl.name." + w); !strings.HasPrefix(name, "ctl.") {
			list[i] = name
		}
	}
	return strings.Join(list, " ")
}

func argName(p *i18n.Printer, v *kong.Value) string {
	name := v.Tag.PlaceHolder
	if name == "" {
		name = strings.ToUpper(v.Name)
	}
	name = standIn(p, name)
	if !v.Required {
		name = "[" + name + "]"
	}
	return name
}

func flagName(p *i18n.Printer, f *kong.Flag) string {
	name := "--" + f.Name
	if f.Short != 0 {
		name = "-" + string(f.Short) + ", " + name
	}
	switch {
	case f.IsBool():
		return name
	case f.PlaceHolder != "":
		return name + " " + standIn(p, f.PlaceHolder)
	default:
		return name + " " + standIn(p, strings.ToUpper(f.Name))
	}
}

// typed is the command without arguments.
func typed(n *kong.Node) string {
	if n.Type == kong.ApplicationNode {
		return n.Name
	}
	return typed(n.Parent) + " " + n.Name
}

// synopsis is the command as it is typed.
func synopsis(p *i18n.Printer, n *kong.Node) string {
	words := make([]string, 0, 1+len(n.Positional))
	words = append(words, typed(n))
	for _, v := range n.Positional {
		words = append(words, argName(p, v))
	}
	return strings.Join(words, " ")
}

// writeHelp teaches one command, or lists those below it.
func writeHelp(w io.Writer, p *i18n.Printer, n *kong.Node) error {
	var b strings.Builder
	line := synopsis(p, n)
	if len(n.Children) > 0 {
		line += " " + p.T("ctl.help-word.command")
	}
	if len(n.Flags) > 0 {
		line += " " + p.T("ctl.help-word.flags")
	}
	fmt.Fprintf(&b, "%s\n\n", line)
	for _, par := range strings.Split(p.T("ctl.help."+helpPath(n)), "\n") {
		b.WriteString(wrap(par, 0) + "\n")
	}
	section := func(title string, rows [][2]string) {
		if len(rows) > 0 {
			fmt.Fprintf(&b, "\n%s\n", p.T("ctl.help-word."+title))
			writePairs(&b, rows)
		}
	}
	section("commands", commandRows(p, n))
	args := make([][2]string, 0, len(n.Positional))
	var flags, global [][2]string
	for _, v := range n.Positional {
		args = append(args, [2]string{argName(p, v), p.T(argID(n, v))})
	}
	for at := n; at != nil; at = at.Parent {
		for _, f := range at.Flags {
			row := [2]string{flagName(p, f), p.T(flagID(at, f))}
			if at == n && n.Type != kong.ApplicationNode {
				flags = append(flags, row)
			} else {
				global = append(global, row)
			}
		}
	}
	section("arguments", args)
	section("own-flags", flags)
	section("global-flags", global)
	if n.Leaf() || n.Type == kong.ApplicationNode {
		fmt.Fprintf(&b, "\n%s\n", p.T("ctl.help-word.examples"))
		for i, l := range strings.Split(p.T("ctl.example."+helpPath(n)), "\n") {
			if i%2 == 0 {
				b.WriteString("  " + l + "\n") // to be copied: never broken
				continue
			}
			b.WriteString("      " + wrap(l, 6) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func commandRows(p *i18n.Printer, n *kong.Node) [][2]string {
	if n.Leaf() {
		return nil
	}
	var rows [][2]string
	for _, c := range n.Leaves(true) {
		first, _, _ := strings.Cut(p.T("ctl.help."+helpPath(c)), "\n")
		rows = append(rows, [2]string{strings.TrimPrefix(synopsis(p, c), "heronctl "), first})
	}
	return rows
}

// writePairs aligns a name and its explanation; long names get a line of
// their own.
func writePairs(b *strings.Builder, rows [][2]string) {
	const widest = 30
	col := 0
	for _, r := range rows {
		if n := cells(r[0]); n <= widest {
			col = max(col, n)
		}
	}
	for _, r := range rows {
		pad := col - cells(r[0])
		if pad < 0 {
			fmt.Fprintf(b, "  %s\n%s%s\n", r[0], strings.Repeat(" ", col+4), wrap(r[1], col+4))
			continue
		}
		fmt.Fprintf(b, "  %s%s  %s\n", r[0], strings.Repeat(" ", pad), wrap(r[1], col+4))
	}
}

// wrap breaks a text at helpWidth columns; lines after the first are indented.
func wrap(s string, indent int) string {
	var b strings.Builder
	col := indent
	for i, word := range strings.Fields(s) {
		n := cells(word)
		switch {
		case i == 0:
		case col+1+n > helpWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			col = indent
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += n
	}
	return b.String()
}
