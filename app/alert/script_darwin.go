package alert

import (
	"context"
	"fmt"
	"os/exec"
	"time"
)

// scripter shows notifications through osascript, which knows neither actions
// nor a way to take them away.
type scripter struct {
	actions   chan Action
	available func(bool)
}

// New returns an alerter, which lives until Close.
func New(_ context.Context, o Options) Alerter { return &scripter{make(chan Action), o.Available} }

func (s *scripter) Show(ctx context.Context, a Alert) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	a = clean(a)
	// The texts are arguments of the script, never part of it.
	err := exec.CommandContext(ctx, "/usr/bin/osascript",
		"-e", "on run argv",
		"-e", "display notification (item 2 of argv) with title (item 1 of argv)",
		"-e", "end run", "--", a.Title, a.Body).Run()
	if s.available != nil {
		s.available(err == nil)
	}
	if err != nil {
		return "", fault(fmt.Errorf("osascript: %w", err))
	}
	return "", nil
}

func (s *scripter) Withdraw(context.Context, string) error { return nil }

func (s *scripter) Actions() <-chan Action { return s.actions }

func (s *scripter) Caps() Caps { return Caps{} }

func (s *scripter) Close() {}
