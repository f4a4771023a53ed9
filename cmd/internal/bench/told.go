package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

const toldTimes = 200

// told measures from the server's "* n EXISTS" until the line of `heronctl
// watch --json` that names the new message was read. As on a desk, the agent
// holds the engine and watch is its client.
func told(ctx context.Context, t mailtest.TB, o options) ([]row, error) {
	s := desktop.Start(t, desktop.Options{Keyring: true})
	srv, err := startQuick(t)
	if err != nil {
		return nil, err
	}
	t.Cleanup(srv.close)
	if err := addAccount(s, o, srv.account()); err != nil {
		return nil, err
	}
	agent := s.Command(o.bin+"/heron", "--headless")
	if err := agent.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = agent.Process.Kill()
		_ = agent.Wait() // it was killed
	})
	if err := srv.awaitIdle(ctx); err != nil {
		return nil, err
	}
	// From the start of the log: the first line says that it is attached.
	watch := s.Command(o.bin+"/heronctl", "--json", "watch", "--since", "0")
	out, err := watch.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := watch.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = watch.Process.Signal(syscall.SIGTERM)
		_ = watch.Wait() // its exit code is not what is measured
	})
	lines, attached := make(chan time.Time, 16), make(chan struct{})
	go func() {
		defer close(lines)
		sc := bufio.NewScanner(out)
		sc.Buffer(nil, 1<<20)
		for first := true; sc.Scan(); first = false {
			if first {
				close(attached)
			}
			var e struct{ Kind, Origin string }
			if err := json.Unmarshal(sc.Bytes(), &e); err == nil && e.Kind == "message.added" && e.Origin == "elsewhere" {
				lines <- time.Now()
			}
		}
	}()
	select {
	case <-attached:
	case <-time.After(20 * time.Second):
		return nil, errors.New("watch said nothing")
	}
	took := make([]time.Duration, 0, toldTimes)
	for range toldTimes {
		if err := srv.awaitIdle(ctx); err != nil {
			return nil, err
		}
		start := srv.push()
		select {
		case at, ok := <-lines:
			if !ok {
				return nil, fmt.Errorf("watch ended after %d messages", len(took))
			}
			took = append(took, at.Sub(start))
		case <-time.After(20 * time.Second):
			return nil, fmt.Errorf("watch did not tell of message %d", len(took)+1)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	slices.Sort(took)
	return []row{
		{fmt.Sprintf("server's line to watch line, %d times: p50", toldTimes), millis(took[len(took)/2]), "", ""},
		{fmt.Sprintf("server's line to watch line, %d times: p99", toldTimes), millis(took[len(took)*99/100]), "15 ms", ""},
	}, nil
}
