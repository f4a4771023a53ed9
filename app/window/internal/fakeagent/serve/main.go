// Command serve answers for a fake agent on the control socket of a data
// folder, so that heron-window can be looked at without an engine.
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/heronmail/heron/app/window/internal/fakeagent"
	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

func main() {
	dir := flag.String("data-dir", "", "folder that heron-window is given too")
	scene := flag.String("scene", "usual", "usual, empty, none, offline, auth, first, keyring, settings, disk, long, certificate, refused")
	rows := flag.Int("rows", 5000, "messages in a list")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := serve(*dir, *scene, *rows, log); err != nil {
		log.Error("ended", "err", err)
		os.Exit(1)
	}
}

func serve(dir, scene string, rows int, log *slog.Logger) error {
	dirs, err := config.DirsUnder(dir)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ln, err := control.Listen(context.Background(), dirs.SocketPath())
	if err != nil {
		return err
	}
	return control.Serve(ctx, ln, stage(scene, rows, time.Now()), log)
}

// stage makes the agent of a scene.
func stage(scene string, rows int, now time.Time) *fakeagent.Agent {
	st := fakeagent.Sample(now)
	check := fakeagent.SampleCheck(400 * time.Millisecond)
	home := &st.Accounts[1]
	switch scene {
	case "none":
		st.Accounts, st.Unread = nil, 0
	case "empty":
		rows = 0
	case "offline":
		home.State, home.NextTry = mail.StateOffline, now.Add(50*time.Second)
		home.Problems = []api.Problem{{Code: mail.CodeUnknownHost, Class: mail.ClassOffline, Args: mail.Args{"host": "imap.home.example"}}}
		home.PendingOps = 2
	case "auth":
		home.State = mail.StateNeedsSignIn
		home.Problems = []api.Problem{{Code: mail.CodeSignInRefused, Class: mail.ClassAuth, Args: mail.Args{"host": "imap.home.example", "user": "me", "text": "[AUTHENTICATIONFAILED] Authentication failed."}}}
	case "first":
		st.Accounts[0].Progress = &api.Progress{Done: 8200, Total: 21412}
	case "keyring":
		st.Accounts[0].State = mail.StateError
		st.Accounts[0].Problems = []api.Problem{{Code: mail.CodeKeyringLocked, Class: mail.ClassLocal}}
	case "settings":
		st.Problems = []api.Problem{{Code: mail.CodeSettingsBroken, Class: mail.ClassLocal, Args: mail.Args{
			"path": "/home/maria/.config/heron/settings.toml", "line": "7", "text": "expected '=' after a key", "backup": "/home/maria/.config/heron/settings.toml.bak",
		}}}
	case "disk":
		st.Problems = []api.Problem{{Code: mail.CodeDiskFull, Class: mail.ClassLocal, Args: mail.Args{"path": "/home/maria/.local/share/heron"}}}
	case "long":
		st.Accounts[0].Folders = append(st.Accounts[0].Folders,
			api.Folder{ID: 21, Path: "Projects/Receipts/2026/Reisekostenabrechnungen der Außenstelle/Nachträge", Total: 5, Unread: 123456, Selectable: true},
			api.Folder{ID: 22, Path: "תיקייה ארוכה מאוד עם שם ארוך", Total: 3, Selectable: true},
			api.Folder{ID: 23, Path: strings.Repeat("長い名前のフォルダー", 8), Total: 3, Unread: 2, Selectable: true})
	case "certificate":
		check.Accept = func(d api.Draft) error {
			if d.Fingerprint != "" {
				return nil
			}
			return &mail.Fault{Code: mail.CodeCertUnknown, Class: mail.ClassTLS, Args: mail.Args{
				"host": d.Host, "fingerprint": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
			}}
		}
		check.Steps[2].State = api.StepFailed
	case "refused":
		check.Accept = func(d api.Draft) error {
			return &mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth, Args: mail.Args{
				"host": d.Host, "user": d.User, "text": "[AUTHENTICATIONFAILED] Authentication failed.",
			}}
		}
		check.Steps[3].State = api.StepFailed
	}
	a := fakeagent.New(st)
	a.SetRows(fakeagent.SampleRows(now, rows))
	a.SetActivity(fakeagent.SampleActivity(now))
	a.SetCheck(check)
	return a
}
