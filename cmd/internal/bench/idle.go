package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// idle measures the agent at rest with one account.
func idle(ctx context.Context, t mailtest.TB, o options) ([]row, error) {
	r, err := rest(ctx, t, o, 1, 0)
	if err != nil {
		return nil, err
	}
	return []row{
		{fmt.Sprintf("agent at rest, PSS, mean of %v", o.idle), r.memory(), "20 MB", ""},
		{fmt.Sprintf("agent at rest, context switches, mean of %v", o.idle), r.switches(), "20 a minute", ""},
	}, nil
}

// idleAccounts measures it with five accounts of 40 folders.
func idleAccounts(ctx context.Context, t mailtest.TB, o options) ([]row, error) {
	const accounts = 5
	r, err := rest(ctx, t, o, accounts, o.folders)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("agent at rest, %d accounts of %d folders: ", accounts, o.folders)
	return []row{
		{what + "PSS, mean of " + o.idle.String(), r.memory(), "30 MB", ""},
		{what + "context switches", r.switches(), "60 a minute", ""},
		{what + "connections", strconv.Itoa(r.open), strconv.Itoa(accounts), ""},
	}, nil
}

// resting is an agent at rest.
type resting struct {
	mean, peak  float64 // PSS, MB
	wanted, all float64 // context switches a minute: its own, and with those it was made to
	open        int     // connections
}

func (r resting) memory() string { return fmt.Sprintf("%.1f MB (most %.1f)", r.mean, r.peak) }

func (r resting) switches() string {
	return fmt.Sprintf("%.1f a minute (%.1f of its own)", r.all, r.wanted)
}

// rest watches an agent with a real tray host and notification daemon while
// nothing happens. Its accounts are on Dovecot, with more folders than it has.
func rest(ctx context.Context, t mailtest.TB, o options, accounts, folders int) (r resting, err error) {
	s := desktop.Start(t, desktop.Options{Keyring: true, Display: true, Panel: true, Notifier: "dunst"})
	d := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: accounts})
	way := mailtest.StartProxy(t, d.IMAPS())
	_, port, err := net.SplitHostPort(way.Addr())
	if err != nil {
		return r, err
	}
	gen := mailtest.Corpus(1)
	for i := range accounts {
		names := []string{"INBOX"}
		for n := range max(0, folders-6) { // a server's own six are there
			names = append(names, fmt.Sprintf("folder %02d", n))
		}
		d.Fill(t, i, gen, 20*len(names), names...)
		a := dovecotAccount(d, i)
		a.id, a.port = d.User(i), port
		if err := addAccount(s, o, a); err != nil {
			return r, err
		}
	}
	agent := s.Command(o.bin+"/heron", "--background")
	if err := agent.Start(); err != nil {
		return r, err
	}
	t.Cleanup(func() {
		_ = agent.Process.Kill()
		_ = agent.Wait() // it was killed
	})
	s.Tray()
	if err := wait(ctx, o.settle); err != nil {
		return r, err
	}
	wants, forced, err := switches(agent.Process.Pid)
	if err != nil {
		return r, err
	}
	start := time.Now()
	n := 0.0
	for time.Since(start) < o.idle {
		if err := wait(ctx, min(10*time.Second, o.idle)); err != nil {
			return r, err
		}
		kb, err := pss(agent.Process.Pid)
		if err != nil {
			return r, err
		}
		mb := float64(kb) / 1024
		r.mean, n, r.peak = (r.mean*n+mb)/(n+1), n+1, max(r.peak, mb)
	}
	wants2, forced2, err := switches(agent.Process.Pid)
	if err != nil {
		return r, err
	}
	minutes := time.Since(start).Minutes()
	r.wanted, r.all = float64(wants2-wants)/minutes, float64(wants2-wants+forced2-forced)/minutes
	r.open = way.Counters().Open
	return r, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pss is a process's proportional share of memory, in kB.
func pss(pid int) (int64, error) {
	return field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:")
}

// switches counts context switches over all threads of a process that live:
// those where it waited, and those where another program was given its turn.
func switches(pid int) (own, forced int64, err error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for _, f := range threads {
		n, err := field(f, "voluntary_ctxt_switches:")
		if err != nil {
			return 0, 0, err
		}
		m, err := field(f, "nonvoluntary_ctxt_switches:")
		if err != nil {
			return 0, 0, err
		}
		own, forced = own+n, forced+m
	}
	return own, forced, nil
}

// field reads the number after a name at the start of a line.
func field(file, name string) (int64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if rest, ok := strings.CutPrefix(sc.Text(), name); ok {
			return strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("%s has no %s", file, name)
}
