// Command heron is the agent: it watches mail, shows a number in the tray, and
// tells what is new. It draws no window itself; heron-window does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/heronmail/heron/app/agent"
	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// version is set by the build.
var version = "dev"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// flags are what the command line says.
type flags struct {
	dataDir    string
	headless   bool
	background bool
	demo       bool
	version    bool
}

// errUsage says that the command line makes no sense; why was said already.
var errUsage = errors.New("wrong usage")

func parse(args []string, p *i18n.Printer, stdout, stderr io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("heron", flag.ContinueOnError)
	set.SetOutput(io.Discard) // its own words are English only
	set.Usage = func() {}     // flag calls it for --help and for errors alike
	set.StringVar(&f.dataDir, "data-dir", "", "")
	set.BoolVar(&f.headless, "headless", false, "")
	set.BoolVar(&f.background, "background", false, "")
	set.BoolVar(&f.demo, "demo", false, "")
	set.BoolVar(&f.version, "version", false, "")
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprint(stdout, p.T("agent.help"))
		return f, err
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "heron:", p.T("agent.unknown-option"))
		return f, errUsage
	case set.NArg() > 0:
		_, _ = fmt.Fprintln(stderr, "heron:", p.T("agent.unknown-argument"))
		return f, errUsage
	case f.demo && (f.headless || f.dataDir != ""):
		_, _ = fmt.Fprintln(stderr, "heron:", p.T("agent.demo-alone"))
		return f, errUsage
	}
	return f, nil
}

func run(args []string, stdout, stderr io.Writer) int {
	p, err := i18n.New("")
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "heron:", err)
		return health.ExitFailed
	}
	f, err := parse(args, p, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return health.ExitDone
	case err != nil:
		return health.ExitUsage
	case f.version:
		_, _ = fmt.Fprintln(stdout, "heron", api.Build(version))
		return health.ExitDone
	}
	log := health.Logger(stderr)
	slog.SetDefault(log) // the tray library speaks to the standard logger: it shall be no louder
	end, err := start(f, log)
	if err != nil {
		return fail(stderr, p, f, err)
	}
	if end == agent.Restart {
		if err := restart(args); err != nil {
			return fail(stderr, p, f, err)
		}
	}
	return health.ExitDone
}

// start runs the agent until it ends.
func start(f flags, log *slog.Logger) (agent.End, error) {
	ctx := context.Background()
	o := agent.Options{Build: api.Build(version), Log: log, Headless: f.headless, Background: f.background}
	if f.demo {
		return startDemo(ctx, o)
	}
	var err error
	if f.dataDir == "" {
		o.Dirs, err = config.DefaultDirs()
	} else {
		o.Dirs, err = config.DirsUnder(f.dataDir)
		o.WindowArgs = []string{"--data-dir", f.dataDir}
	}
	if err != nil {
		return "", err
	}
	return agent.Run(ctx, o)
}

// fail says what went wrong in the user's words.
func fail(stderr io.Writer, p *i18n.Printer, f flags, err error) int {
	pr := mail.FaultOf(err).Problem()
	health.Say(stderr, p, "heron", pr)
	if pr.Code == mail.CodeNoDisplay {
		hint := "agent.no-display"
		if f.demo {
			hint = "agent.demo-headless"
		}
		_, _ = fmt.Fprintln(stderr, p.T(hint))
	}
	return health.ExitCode(pr)
}
