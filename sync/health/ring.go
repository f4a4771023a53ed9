package health

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Ring is a slog handler that keeps the last lines in memory and hands each
// on to a writer of the caller's. Every line is redacted before it is kept.
type Ring struct {
	level slog.Leveler
	attrs string
	group string
	core  *ringCore
}

type ringCore struct {
	mu    sync.Mutex
	lines []string
	next  int
	full  bool
	out   func(line string)
}

// NewRing returns a ring of n lines, at least 1. out gets each line as well,
// without line end, one call at a time; nil for none.
func NewRing(n int, level slog.Leveler, out func(line string)) *Ring {
	return &Ring{level: level, core: &ringCore{lines: make([]string, max(n, 1)), out: out}}
}

// Enabled implements slog.Handler.
func (r *Ring) Enabled(_ context.Context, l slog.Level) bool { return l >= r.level.Level() }

// Handle implements slog.Handler.
func (r *Ring) Handle(_ context.Context, rec slog.Record) error {
	var b strings.Builder
	b.WriteString(rec.Time.UTC().Format(time.RFC3339Nano))
	b.WriteByte(' ')
	b.WriteString(rec.Level.String())
	b.WriteByte(' ')
	b.WriteString(redact(rec.Message))
	b.WriteString(r.attrs)
	rec.Attrs(func(a slog.Attr) bool {
		writeAttr(&b, r.group, a)
		return true
	})
	r.core.add(b.String())
	return nil
}

// WithAttrs implements slog.Handler.
func (r *Ring) WithAttrs(as []slog.Attr) slog.Handler {
	var b strings.Builder
	b.WriteString(r.attrs)
	for _, a := range as {
		writeAttr(&b, r.group, a)
	}
	return &Ring{level: r.level, attrs: b.String(), group: r.group, core: r.core}
}

// WithGroup implements slog.Handler.
func (r *Ring) WithGroup(name string) slog.Handler {
	return &Ring{level: r.level, attrs: r.attrs, group: r.group + name + ".", core: r.core}
}

// Lines returns the kept lines, oldest first.
func (r *Ring) Lines() []string {
	c := r.core
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	if c.full {
		out = append(out, c.lines[c.next:]...)
	}
	return append(out, c.lines[:c.next]...)
}

func (c *ringCore) add(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines[c.next] = line
	c.next++
	if c.next == len(c.lines) {
		c.next, c.full = 0, true
	}
	if c.out != nil {
		c.out(line)
	}
}

// private reports whether the values of an attribute are never kept.
func private(key string) bool {
	switch strings.ToLower(key) {
	case "password", "secret", "token", "auth",
		"address", "user", "subject", "folder", "mailbox", "path", "from", "to":
		return true
	default:
		return false
	}
}

func writeAttr(b *strings.Builder, group string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		for _, x := range v.Group() {
			writeAttr(b, group+a.Key+".", x)
		}
		return
	}
	text := v.String()
	if private(a.Key) {
		text = "…"
	}
	fmt.Fprintf(b, " %s%s=%q", group, a.Key, redact(text))
}

var address = regexp.MustCompile(`[^\s<>"'=,;()\[\]]+@[^\s<>"'=,;()\[\]]+`)

// redact takes addresses out of a text, as servers like to quote them.
func redact(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	return address.ReplaceAllString(s, "…@…")
}
