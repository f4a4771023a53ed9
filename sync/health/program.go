package health

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// Logger writes to w, redacted, what a reader of a bug report needs, and
// everything when HERON_DEBUG is set.
func Logger(w io.Writer) *slog.Logger {
	const kept = 500
	level := slog.LevelWarn
	if os.Getenv("HERON_DEBUG") != "" {
		level = slog.LevelDebug
	}
	return slog.New(NewRing(kept, level, func(line string) {
		_, _ = fmt.Fprintln(w, line) // nobody to tell when it is gone
	}))
}

// Say writes to w, in words, why a program cannot go on.
func Say(w io.Writer, p *i18n.Printer, program string, pr mail.Problem) {
	d := Describe(p, pr)
	_, _ = fmt.Fprintf(w, "%s: %s\n%s %s\n", program, d.Title, d.Text, d.Remedy)
}
