package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/i18n"
)

// env is the world around a run.
type env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Lang           string // of the texts; "" is that of the environment
	Now            func() time.Time
	// Secret reads a line from the terminal without showing it; nil when
	// stdin is no terminal.
	Secret func() (string, error)
	// Connector roots everything in dataDir, "" for the user's own folders.
	Connector func(dataDir string) (connector, error)
	Demo      demoStarter
}

// app is what a command runs in.
type app struct {
	env
	p    *i18n.Printer
	json bool
	conn connector
}

// run does what one command line says and returns the exit code.
func run(ctx context.Context, args []string, e env) int {
	asJSON := slices.Contains(args, "--json")
	p, err := i18n.New(e.Lang)
	if err != nil {
		// The texts are embedded: a test holds that this cannot happen.
		_, _ = fmt.Fprintln(e.Stderr, "heronctl:", err)
		return health.ExitFailed
	}
	a := &app{env: e, p: p, json: asJSON}
	if err := a.command(ctx, args); err != nil {
		report(e.Stderr, a.p, asJSON, err)
		return exitCode(err)
	}
	return health.ExitDone
}

func (a *app) command(ctx context.Context, args []string) error {
	var c cli
	parser, err := newParser(&c)
	if err != nil {
		return fmt.Errorf("building the command line: %w", err)
	}
	if conn, err := a.Connector(dataDirIn(args)); err == nil {
		// Help and what is wrong with the command line come before the settings
		// are at hand. What is wrong with those is told below.
		if err := a.speakAs(conn); err != nil {
			return err
		}
	}
	if len(args) == 0 {
		if err := writeHelp(a.Stderr, a.p, parser.Model.Node); err != nil {
			return err
		}
		return usage(a.p.T("ctl.usage.no-command"))
	}
	kctx, err := parser.Parse(args)
	var wrong *kong.ParseError
	switch {
	case errors.Is(err, errHelp) && errors.As(err, &wrong):
		return writeHelp(a.Stdout, a.p, helpNode(wrong.Context))
	case errors.Is(err, errVersion):
		return a.version()
	case err != nil:
		return wrongUsage(a.p, err)
	}
	a.json = c.JSON
	dir := ""
	if c.DataDir != nil {
		if dir = *c.DataDir; dir == "" {
			// A script whose variable is not set must not reach the user's own mail.
			return usage(a.p.T("ctl.usage.data-dir"))
		}
	}
	if a.conn, err = a.Connector(dir); err != nil {
		return err
	}
	kctx.BindTo(ctx, (*context.Context)(nil))
	return kctx.Run(a)
}

// speakAs changes to the language that the settings ask for, if they do.
func (a *app) speakAs(c connector) (err error) {
	if l := c.Language(); l != "" {
		a.p, err = i18n.New(l)
	}
	return err
}

// dataDirIn finds --data-dir in a command line that may make no sense.
func dataDirIn(args []string) string {
	for i, arg := range args {
		if dir, ok := strings.CutPrefix(arg, "--data-dir="); ok {
			return dir
		}
		if arg == "--data-dir" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// helpNode is the command that --help was asked of.
func helpNode(c *kong.Context) *kong.Node {
	if n := c.Selected(); n != nil {
		return n
	}
	// A group such as `heronctl account` is on the path and not selected.
	node := c.Model.Node
	for _, p := range c.Path {
		if p.Command != nil {
			node = p.Command
		}
	}
	return node
}

// build names this build.
func build() string { return api.Build(version) }

func (a *app) version() error {
	if a.json {
		return writeJSON(a.Stdout, struct {
			Version string `json:"version"`
			API     int    `json:"api"`
		}{build(), api.Version})
	}
	_, err := fmt.Fprintf(a.Stdout, "heronctl %s\n", build())
	return err
}

// with runs f on a session and closes it.
func (a *app) with(ctx context.Context, n need, f func(session) error) error {
	s, err := a.conn.Connect(ctx, n)
	if err != nil {
		return err
	}
	if err := f(s); err != nil {
		_ = s.Close() // the error before it says more
		return err
	}
	return s.Close()
}

// say writes a line of text for people; --json leaves stdout to the one value.
func (a *app) say(format string, args ...any) error {
	if a.json {
		return nil
	}
	_, err := fmt.Fprintf(a.Stdout, format+"\n", args...)
	return err
}
