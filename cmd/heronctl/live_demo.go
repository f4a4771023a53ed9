package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/demo"
	"github.com/heronmail/heron/sync/host"
	"github.com/heronmail/heron/sync/secret"
)

// demoPoll is how often the demo's folders are asked: its server tells of the
// inbox alone, and a minute is a long time to look at nothing.
const demoPoll = 4 * time.Second

// demoSession is a session that owns what it stands on.
type demoSession struct {
	host.Session
	server *demo.Server
	dir    string
}

// startDemo is the true demoStarter. The user's folders and keyring are not
// touched: everything is in a temporary folder, the password in memory.
func startDemo(ctx context.Context, told func(demo.StoryEvent)) (session, error) {
	s := &demoSession{}
	if err := s.open(ctx, told); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *demoSession) open(ctx context.Context, told func(demo.StoryEvent)) (err error) {
	if s.dir, err = os.MkdirTemp("", "heron-demo-"); err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	dirs, err := config.DirsUnder(s.dir)
	if err != nil {
		return err
	}
	if s.server, err = demo.Start(ctx, demo.Options{Seed: time.Now().UnixNano(), OnStory: told}); err != nil {
		return err
	}
	account := s.server.Account()
	settings, _, err := config.Open(dirs) // a new folder has no problems
	if err != nil {
		return err
	}
	if err := settings.SaveAccount(account); err != nil {
		return err
	}
	secrets := secret.NewMemory()
	if err := secrets.Set(ctx, account.ID, account.Binding(), s.server.Password()); err != nil {
		return err
	}
	s.Session, err = host.Connect(ctx, host.Options{
		Dirs: dirs, Holder: control.HolderCtl, Build: build(), Secrets: secrets, Demo: true, PollInterval: demoPoll,
	})
	return err
}

// Close ends the engine, then the server, then removes the folder.
func (s *demoSession) Close() error {
	var errs []error
	if s.Session != nil {
		errs = append(errs, s.Session.Close())
	}
	if s.server != nil {
		s.server.Close()
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}
