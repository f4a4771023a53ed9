package main

import (
	"context"
	"errors"
	"os"

	"github.com/heronmail/heron/app/agent"
	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/demo"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/secret"
)

// startDemo runs the agent on the built-in account, in a folder that is gone
// afterwards and with a secret that only memory knows: nothing of the user's
// is read or written.
func startDemo(ctx context.Context, o agent.Options) (end agent.End, err error) {
	dir, err := os.MkdirTemp("", "heron-demo-")
	if err != nil {
		return "", disk(os.TempDir(), err)
	}
	defer func() { err = errors.Join(err, disk(dir, os.RemoveAll(dir))) }()
	server, err := demo.Start(ctx, demo.Options{Log: o.Log})
	if err != nil {
		return "", err
	}
	defer server.Close()
	if o.Dirs, err = config.DirsUnder(dir); err != nil {
		return "", err
	}
	account := server.Account()
	secrets := secret.NewMemory()
	if err := secrets.Set(ctx, account.ID, account.Binding(), server.Password()); err != nil {
		return "", err
	}
	settings, _, err := config.Open(o.Dirs) // an empty folder has no problems
	if err != nil {
		return "", err
	}
	if err := settings.SaveAccount(account); err != nil {
		return "", err
	}
	o.Secrets, o.Demo = secrets, true
	o.WindowArgs = []string{"--data-dir", dir}
	return agent.Run(ctx, o)
}

// disk makes a Fault of what went wrong with a folder; nil stays nil.
func disk(path string, err error) error {
	if err == nil {
		return nil
	}
	return &mail.Fault{Code: mail.CodeReadOnly, Class: mail.ClassLocal, Args: mail.Args{"path": path}, Err: err}
}
