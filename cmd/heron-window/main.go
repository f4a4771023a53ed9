// Command heron-window shows the mail that Heron watches, and sets up
// accounts. It is a client of the agent, which it starts when none runs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
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

// Exit codes, as heronctl's.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// flags are what the command line says.
type flags struct {
	dataDir string
	message int64
	wizard  bool
	asked   bool // by the agent, which has told the host what to show
	version bool
}

func parse(args []string, p *i18n.Printer, stderr io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("heron-window", flag.ContinueOnError)
	set.SetOutput(io.Discard) // its own words are English only; Usage says ours
	set.Usage = func() { _, _ = fmt.Fprint(stderr, p.T("window.help")) }
	set.StringVar(&f.dataDir, "data-dir", "", "")
	set.Int64Var(&f.message, "message", 0, "")
	set.BoolVar(&f.wizard, "wizard", false, "")
	set.BoolVar(&f.asked, "asked", false, "")
	set.BoolVar(&f.version, "version", false, "")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	if set.NArg() > 0 || f.message < 0 {
		set.Usage()
		return f, errors.New("too many arguments")
	}
	return f, nil
}

func run(args []string, stdout, stderr io.Writer) int {
	start := time.Now()
	p, err := i18n.New("")
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "heron-window:", err)
		return exitFailed
	}
	f, err := parse(args, p, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	case f.version:
		_, _ = fmt.Fprintln(stdout, "heron-window", api.Build(version))
		return exitOK
	}
	if err := open(start, f, p, stderr); err != nil {
		pr := mail.FaultOf(err).Problem()
		if errors.Is(err, window.ErrNoDisplay) {
			pr = mail.Problem{Code: mail.CodeNoDisplay, Class: mail.ClassLocal}
		}
		d := health.Describe(p, pr)
		_, _ = fmt.Fprintf(stderr, "heron-window: %s\n%s %s\n", d.Title, d.Text, d.Remedy)
		return exitFailed
	}
	return exitOK
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
	level := slog.LevelWarn
	if os.Getenv("HERON_DEBUG") != "" {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
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
