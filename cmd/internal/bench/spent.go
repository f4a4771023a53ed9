package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// spent is what a program took from its start to its end.
type spent struct {
	time time.Duration
	cpu  time.Duration // user and system
	peak int64         // resident memory at its most, kB
}

// measure runs a program and returns what it said on stdout.
func measure(cmd *exec.Cmd) (spent, []byte, error) {
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	start := time.Now()
	err := cmd.Run()
	got := spent{time: time.Since(start)}
	if st := cmd.ProcessState; st != nil {
		got.cpu = st.UserTime() + st.SystemTime()
		if u, ok := st.SysUsage().(*syscall.Rusage); ok {
			got.peak = int64(u.Maxrss) //nolint:unconvert // 32 bits on some systems
		}
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, complaints.Bytes())
	}
	return got, out.Bytes(), err
}

// syncOnce runs `heronctl sync` over a data folder with one account.
func syncOnce(s *desktop.Session, o options, dir string) (api.SyncReport, spent, error) {
	got, out, err := measure(s.Command(o.bin+"/heronctl", "--data-dir", dir, "--json", "sync"))
	if err != nil {
		return api.SyncReport{}, got, fmt.Errorf("heronctl sync: %w", err)
	}
	var reports []api.SyncReport
	if err := json.Unmarshal(out, &reports); err != nil || len(reports) != 1 {
		return api.SyncReport{}, got, fmt.Errorf("heronctl sync printed %q: %w", out, err)
	}
	return reports[0], got, nil
}

// median of an odd number of times.
func median(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)/2]
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func kilobytes(n int64) string { return fmt.Sprintf("%.1f KB", float64(n)/1000) }
