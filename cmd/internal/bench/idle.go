package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// idle measures the agent at rest: one account on Dovecot, a real tray host and
// notification daemon, nothing happens.
func idle(ctx context.Context, t mailtest.TB, o options) ([]row, error) {
	s := desktop.Start(t, desktop.Options{Keyring: true, Display: true, Panel: true, Notifier: "dunst"})
	d := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	for i := range 20 {
		d.Deliver(t, 0, "INBOX", fmt.Appendf(nil, "From: ann@example.org\r\nTo: you@example.org\r\nSubject: message %d\r\nMessage-ID: <%d@bench>\r\n\r\ntext\r\n", i, i))
	}
	if err := addAccount(s, o, dovecotAccount(d)); err != nil {
		return nil, err
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
	if err := wait(ctx, o.settle); err != nil {
		return nil, err
	}
	wants, forced, err := switches(agent.Process.Pid)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	var sum, n, peak int64
	for time.Since(start) < o.idle {
		if err := wait(ctx, min(10*time.Second, o.idle)); err != nil {
			return nil, err
		}
		kb, err := pss(agent.Process.Pid)
		if err != nil {
			return nil, err
		}
		sum, n, peak = sum+kb, n+1, max(peak, kb)
	}
	wants2, forced2, err := switches(agent.Process.Pid)
	if err != nil {
		return nil, err
	}
	minutes := time.Since(start).Minutes()
	wanted, all := float64(wants2-wants)/minutes, float64(wants2-wants+forced2-forced)/minutes
	return []row{
		{fmt.Sprintf("agent at rest, PSS, mean of %v", o.idle), fmt.Sprintf("%.1f MB (most %.1f)", float64(sum)/float64(n)/1024, float64(peak)/1024), "20 MB"},
		{fmt.Sprintf("agent at rest, context switches, mean of %v", o.idle), fmt.Sprintf("%.1f a minute (%.1f of its own)", all, wanted), "20 a minute"},
	}, nil
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
