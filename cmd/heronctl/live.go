package main

import (
	"context"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/host"
)

// live makes sessions with the Heron of one set of folders.
type live struct {
	options  host.Options
	language string
}

// newConnector finds the folders and reads the language that is asked for
// there.
func newConnector(dataDir string) (connector, error) {
	find := config.DefaultDirs
	if dataDir != "" {
		find = func() (config.Dirs, error) { return config.DirsUnder(dataDir) }
	}
	dirs, err := find()
	if err != nil {
		return nil, err
	}
	return live{
		options:  host.Options{Dirs: dirs, Holder: control.HolderCtl, Build: build()},
		language: config.Language(dirs),
	}, nil
}

func (c live) Language() string { return c.language }

func (c live) Connect(ctx context.Context, n need) (session, error) {
	if n == toRead {
		return host.ConnectToRead(ctx, c.options)
	}
	return host.Connect(ctx, c.options)
}
