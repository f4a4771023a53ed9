// Command heron-window shows the mail that Heron watches, and sets up
// accounts. It is a client of the agent, which it starts when none runs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/heronmail/heron/app/window"
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
	dataDir string
	message int64
	wizard  bool
	asked   bool // by the agent, which has told the host what to show
	version bool
}

// errUsage says that the command line makes no sense; why was said already.
var errUsage = errors.New("wrong usage")

func parse(args []string, p *i18n.Printer, stdout, stderr io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("heron-window", flag.ContinueOnError)
	set.SetOutput(io.Discard) // its own words are English only
	set.Usage = func() {}     // flag calls it for --help and for errors alike
	set.StringVar(&f.dataDir, "data-dir", "", "")
	set.Int64Var(&f.message, "message", 0, "")
	set.BoolVar(&f.wizard, "wizard", false, "")
	set.BoolVar(&f.asked, "asked", false, "")
	set.BoolVar(&f.version, "version", false, "")
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprint(stdout, p.T("window.help"))
		return f, err
	case err != nil || set.NArg() > 0 || f.message < 0:
		_, _ = fmt.Fprintln(stderr, "heron-window:", p.T("window.usage"))
		return f, errUsage
	}
	return f, nil
}

func run(args []string, stdout, stderr io.Writer) int {
	start := time.Now()
	p, err := i18n.New("")
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "heron-window:", err)
		return health.ExitFailed
	}
	f, err := parse(args, p, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return health.ExitDone
	case err != nil:
		return health.ExitUsage
	case f.version:
		_, _ = fmt.Fprintln(stdout, "heron-window", api.Build(version))
		return health.ExitDone
	}
	if err := open(start, f, p, stderr); err != nil {
		pr := mail.FaultOf(err).Problem()
		if errors.Is(err, window.ErrNoDisplay) {
			pr = mail.Problem{Code: mail.CodeNoDisplay, Class: mail.ClassLocal}
		}
		health.Say(stderr, p, "heron-window", pr)
		return health.ExitFailed
	}
	return health.ExitDone
}

// open shows the window until it is closed.
func open(start time.Time, f flags, p *i18n.Printer, stderr io.Writer) error {
	if err := window.Display(); err != nil {
		return err
	}
	dirs, err := config.DefaultDirs()
	if f.dataDir != "" {
		dirs, err = config.DirsUnder(f.dataDir)
	}
	if err != nil {
		return err
	}
	log := health.Logger(stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	release, ok := alone(dirs, log)
	if !ok {
		return show(ctx, dirs, f)
	}
	defer release()
	o := window.Options{
		Socket: dirs.SocketPath(), Build: api.Build(version), Printer: p, Log: log,
		Launch:  func(ctx context.Context) error { return launch(ctx, f.dataDir) },
		Message: mail.MessageID(f.message), Wizard: f.wizard,
	}
	if os.Getenv("HERON_TRACE_START") != "" {
		o.Drawn = func() { _, _ = fmt.Fprintf(stderr, "drawn %d ms\n", time.Since(start).Milliseconds()) }
	}
	return window.Run(ctx, o)
}
