package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

const windowTimes = 7

// window measures from the start of heron-window until it has drawn its first
// picture with mail in it, on an X server without hardware acceleration.
func window(ctx context.Context, t mailtest.TB, o options) ([]row, error) {
	s := desktop.Start(t, desktop.Options{Keyring: true, Display: true, Panel: true, Notifier: "dunst"})
	d := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	d.Fill(t, 0, mailtest.Corpus(1), 500)
	if err := addAccount(s, o, dovecotAccount(d, 0)); err != nil {
		return nil, err
	}
	if out, err := s.Command(o.bin+"/heronctl", "sync").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("heronctl sync: %w: %s", err, out)
	}
	agent := s.Command(o.bin+"/heron", "--background")
	if err := agent.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = agent.Process.Kill()
		_ = agent.Wait() // it was killed
	})
	s.Tray()
	var took []time.Duration
	for range windowTimes {
		d, err := drawn(ctx, s, o)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	slices.Sort(took)
	return []row{{
		fmt.Sprintf("window start to drawn, median of %d", windowTimes),
		fmt.Sprintf("%d ms", took[len(took)/2].Milliseconds()), "500 ms", "",
	}}, nil
}

// drawn starts the window once; it says on stderr when it has drawn.
func drawn(ctx context.Context, s *desktop.Session, o options) (time.Duration, error) {
	cmd := s.Command(o.bin + "/heron-window")
	cmd.Env = append(cmd.Env, "HERON_TRACE_START=1")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	at := make(chan time.Time, 1)
	go func() {
		sc := bufio.NewScanner(stderr)
		for sc.Scan() {
			if strings.Contains(sc.Text(), "drawn") {
				at <- time.Now()
				break
			}
		}
	}()
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}()
	select {
	case t := <-at:
		return t.Sub(start), nil
	case <-time.After(20 * time.Second):
		return 0, errors.New("the window did not say that it has drawn")
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
