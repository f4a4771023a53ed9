package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

const (
	farAway  = 20 * time.Millisecond // in each direction: 40 ms a round trip
	farTimes = 3
)

// bed is one mailbox on one server, and the ways to it.
type bed struct {
	s     *desktop.Session
	d     *mailtest.Dovecot
	o     options
	peer  *mbsync
	meter *meter          // without TLS
	far   *mailtest.Proxy // with TLS
	names []string        // of the folders
	round int             // of changes
}

// syncing measures passes over corpus L beside mbsync, on the same server and
// mail: the first one, one where nothing changed, and one after changes.
func syncing(ctx context.Context, t mailtest.TB, o options) ([]row, error) {
	b := &bed{s: desktop.Start(t, desktop.Options{Keyring: true}), o: o}
	b.d = mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	gen := mailtest.Corpus(1)
	b.d.Fill(t, 0, gen, o.messages*2/5)
	for i := range o.folders - 1 {
		b.names = append(b.names, fmt.Sprintf("folder %02d", i))
	}
	b.d.Fill(t, 0, gen, o.messages-o.messages*2/5, b.names...)
	b.names = append(b.names, "INBOX")
	b.meter = startMeter(ctx, t, b.d.IMAP())
	b.far = mailtest.StartProxy(t, b.d.IMAPS())
	var err error
	if b.peer, err = newMbsync(t, b.s); err != nil {
		return nil, err
	}
	var rows []row
	for _, f := range []func(context.Context, mailtest.TB) ([]row, error){b.first, b.nothing, b.changes} {
		more, err := f(ctx, t)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// at is the account by another way.
func (b *bed) at(addr string, plain bool) (account, error) {
	a := dovecotAccount(b.d, 0)
	_, port, err := net.SplitHostPort(addr)
	a.port, a.plain = port, plain
	return a, err
}

// fresh makes a data folder with one account that was never synced.
func (b *bed) fresh(name, addr string, plain bool) (string, error) {
	dir := filepath.Join(b.s.Dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	a, err := b.at(addr, plain)
	if err != nil {
		return "", err
	}
	return dir, addAccount(b.s, b.o, a, "--data-dir", dir)
}

// first measures the first sync. One before it fills the server's own cache, so
// that Heron's share is what is seen.
func (b *bed) first(ctx context.Context, _ mailtest.TB) ([]row, error) {
	var report int
	var heron spent
	for _, name := range []string{"plain", "near"} {
		addr := map[string]string{"plain": b.meter.listener.Addr().String(), "near": b.d.IMAPS()}[name]
		dir, err := b.fresh(name, addr, name == "plain")
		if err != nil {
			return nil, err
		}
		r, got, err := syncOnce(b.s, b.o, dir)
		if err != nil {
			return nil, err
		}
		if r.New < b.o.messages {
			return nil, fmt.Errorf("only %d of %d messages were indexed", r.New, b.o.messages)
		}
		report, heron = r.New, got
	}
	near, err := b.at(b.d.IMAPS(), false)
	if err != nil {
		return nil, err
	}
	peer, err := b.peer.run(near)
	if err != nil {
		return nil, err
	}
	shown, err := b.shown(ctx)
	if err != nil {
		return nil, err
	}
	rate := func(s spent) string {
		return fmt.Sprintf("%.0f a second (%.2f s, CPU %.2f s)", float64(report)/s.time.Seconds(), s.time.Seconds(), s.cpu.Seconds())
	}
	return []row{
		{fmt.Sprintf("first index of %d messages in %d folders, whole program", report, b.o.folders), rate(heron), "25000 a second", rate(peer) + ", bodies too"},
		{"first index: resident memory at its most", fmt.Sprintf("%.1f MB", float64(heron.peak)/1024), "80 MB", fmt.Sprintf("%.1f MB", float64(peer.peak)/1024)},
		{"first index: program start to the inbox's newest 100", millis(shown), "300 ms", ""},
	}, nil
}

// shown is how long it takes from the start of a program that never saw the
// account until a client could show the inbox's newest messages.
func (b *bed) shown(ctx context.Context) (time.Duration, error) {
	dir, err := b.fresh("shown", b.d.IMAPS(), false)
	if err != nil {
		return 0, err
	}
	watch := b.s.Command(b.o.bin+"/heronctl", "--data-dir", dir, "--json", "watch", "--since", "0")
	out, err := watch.StdoutPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := watch.Start(); err != nil {
		return 0, err
	}
	took := make(chan time.Duration, 1)
	go func() {
		defer close(took)
		sc := bufio.NewScanner(out)
		sc.Buffer(nil, 16<<20)
		for sc.Scan() {
			var e struct {
				Kind string
				UIDs []mail.UID
			}
			if err := json.Unmarshal(sc.Bytes(), &e); err == nil && e.Kind == "message.added" && len(e.UIDs) >= 100 {
				took <- time.Since(start)
				return
			}
		}
	}()
	defer func() {
		_ = watch.Process.Signal(syscall.SIGTERM)
		_ = watch.Wait() // its exit code is not what is measured
	}()
	select {
	case d, ok := <-took:
		if !ok {
			return 0, errors.New("watch ended early")
		}
		return d, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// nothing measures a pass where nothing changed.
func (b *bed) nothing(ctx context.Context, _ mailtest.TB) ([]row, error) {
	heron, peer, err := b.counted()
	if err != nil {
		return nil, err
	}
	dir, err := b.fresh("far", b.far.Addr(), false)
	if err != nil {
		return nil, err
	}
	if _, _, err := syncOnce(b.s, b.o, dir); err != nil {
		return nil, err
	}
	timed, err := b.timed(ctx, func() error { return nil })
	if err != nil {
		return nil, err
	}
	return b.rows("nothing changed", heron, peer, timed, 1, "8 KB"), nil
}

// changes measures a pass after changes all over the folders.
func (b *bed) changes(ctx context.Context, t mailtest.TB) ([]row, error) {
	if err := b.change(t); err != nil {
		return nil, err
	}
	heron, peer, err := b.counted()
	if err != nil {
		return nil, err
	}
	timed, err := b.timed(ctx, func() error { return b.change(t) })
	if err != nil {
		return nil, err
	}
	return b.rows("500 flags, 100 new, 50 gone", heron, peer, timed, 4, "150 KB"), nil
}

// counted is what a pass of each program says after its sign-in.
func (b *bed) counted() (heron, peer traffic, err error) {
	b.meter.take()
	if _, _, err = syncOnce(b.s, b.o, filepath.Join(b.s.Dir, "plain")); err != nil {
		return heron, peer, err
	}
	heron = b.meter.take()
	a, err := b.at(b.meter.listener.Addr().String(), true)
	if err != nil {
		return heron, peer, err
	}
	_, err = b.peer.run(a)
	return heron, b.meter.take(), err
}

// timed are the medians of both programs at 40 ms a round trip, with TLS, each
// from its start to its end.
func (b *bed) timed(ctx context.Context, before func() error) (t [2]time.Duration, err error) {
	a, err := b.at(b.far.Addr(), false)
	if err != nil {
		return t, err
	}
	var heron, peer []time.Duration
	for range farTimes {
		if ctx.Err() != nil {
			return t, ctx.Err()
		}
		if err := before(); err != nil {
			return t, err
		}
		b.far.Delay(farAway)
		_, h, err := syncOnce(b.s, b.o, filepath.Join(b.s.Dir, "far"))
		if err != nil {
			return t, err
		}
		p, err := b.peer.run(a)
		if err != nil {
			return t, err
		}
		b.far.Delay(0)
		heron, peer = append(heron, h.time), append(peer, p.time)
	}
	return [2]time.Duration{median(heron), median(peer)}, nil
}

func (b *bed) rows(what string, heron, peer traffic, timed [2]time.Duration, trips int, size string) []row {
	return []row{
		{what + ": round trips after sign-in", strconv.Itoa(heron.trips), strconv.Itoa(trips), strconv.Itoa(peer.trips)},
		{what + ": bytes after sign-in", kilobytes(heron.bytes), size, kilobytes(peer.bytes)},
		{
			fmt.Sprintf("%s: whole program at 40 ms, median of %d", what, farTimes),
			fmt.Sprintf("%.2f s (%.1f times faster)", timed[0].Seconds(), timed[1].Seconds()/timed[0].Seconds()),
			"10 times faster", fmt.Sprintf("%.2f s", timed[1].Seconds()),
		},
	}
}
