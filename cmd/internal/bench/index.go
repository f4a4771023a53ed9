package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// index measures the first sync of a large inbox: everything from the sign-in
// to the last row in the store, full text of the headers included. A run before
// it fills the server's own cache, so that Heron's share is what is seen.
func index(_ context.Context, t mailtest.TB, o options) ([]row, error) {
	s := desktop.Start(t, desktop.Options{Keyring: true})
	d := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	d.Fill(t, 0, mailtest.Corpus(1), o.messages)
	var last api.SyncReport
	for _, name := range []string{"first", "second"} {
		dir := filepath.Join(s.Dir, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, err
		}
		if err := addAccount(s, o, dovecotAccount(d), "--data-dir", dir); err != nil {
			return nil, err
		}
		out, err := s.Command(o.bin+"/heronctl", "--data-dir", dir, "--json", "sync").Output()
		if err != nil {
			return nil, fmt.Errorf("heronctl sync: %w", err)
		}
		var reports []api.SyncReport
		if err := json.Unmarshal(out, &reports); err != nil || len(reports) != 1 {
			return nil, fmt.Errorf("heronctl sync printed %q: %w", out, err)
		}
		last = reports[0]
	}
	if last.New < o.messages {
		return nil, fmt.Errorf("only %d of %d messages were indexed", last.New, o.messages)
	}
	rate := float64(last.New) / (float64(last.ElapsedMS) / 1000)
	return []row{{
		fmt.Sprintf("first index of %d messages", o.messages),
		fmt.Sprintf("%.0f a second (%.1f s)", rate, float64(last.ElapsedMS)/1000), "8000 a second",
	}}, nil
}
