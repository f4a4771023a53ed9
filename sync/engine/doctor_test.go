package engine

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// summed is what Doctor found, as "store ok, keyring keyring-locked".
func summed(checks []Check) string {
	var out []string
	for _, c := range checks {
		name := string(c.Name)
		if c.Name == CheckAccount {
			name = string(c.Account)
		}
		how := []string{name}
		switch {
		case c.Paused:
			how = append(how, "paused")
		case len(c.Problems) == 0:
			how = append(how, "ok")
		}
		for _, p := range c.Problems {
			how = append(how, string(p.Code))
		}
		out = append(out, strings.Join(how, " "))
	}
	return strings.Join(out, ", ")
}

// TestDoctor: each part is looked at by itself, and one that fails keeps no
// other from being looked at.
func TestDoctor(t *testing.T) {
	offers := "CONDSTORE IDLE IMAP4REV1"
	var refused error
	r := newRig(t, func(c *Config) {
		offline(&fakeWorker{})(c)
		c.check = func(_ context.Context, a mail.Account, _ string, step func(Step)) error {
			step(Step{Name: "resolve", State: "ok", Detail: "192.0.2.1"})
			if a.ID == "b-example.org" && refused != nil {
				return refused
			}
			step(Step{Name: StepCapabilities, State: StepRunning})
			step(Step{Name: StepCapabilities, State: "ok", Detail: offers})
			return nil
		}
	})
	r.run()
	for _, address := range []string{"a@example.org", "b@example.org", "c@example.org"} {
		d := draft(address)
		d.Policy.Paused = address[0] == 'c'
		_, err := r.Add(t.Context(), d, "pw", nil)
		r.must(err)
	}
	look := func(want string) []Check {
		t.Helper()
		checks, err := r.Doctor(t.Context())
		r.must(err)
		if got := summed(checks); got != want {
			t.Errorf("found %q, want %q", got, want)
		}
		return checks
	}
	checks := look("settings ok, store ok, keyring ok, a-example.org ok, b-example.org ok, c-example.org paused")
	a := checks[3]
	if finds, tells := a.Rungs(); finds != "condstore" || tells != mail.ToldByIdle || len(a.Steps) != 2 {
		t.Errorf("%q, %q, %+v", finds, tells, a.Steps)
	}
	refused = &mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}
	look("settings ok, store ok, keyring ok, a-example.org ok, b-example.org sign-in-refused, c-example.org paused")
	r.secrets.lock(errLocked)
	look("settings ok, store ok, keyring keyring-locked, a-example.org keyring-locked, b-example.org keyring-locked, c-example.org paused")
	r.secrets.lock(nil)
	refused = nil
	r.must(r.store.RaiseProblem(t.Context(), mail.Problem{Code: mail.CodeNoTray, Class: mail.ClassLocal}))
	r.problems.raise(mail.Problem{Code: mail.CodeSettingsBroken, Args: mail.Args{"path": filepath.Join(r.dirs.Config, "settings.toml")}})
	look("settings settings-broken, store ok, keyring ok, desktop no-tray, a-example.org ok, b-example.org ok, c-example.org paused")
}

func TestRungs(t *testing.T) {
	for caps, want := range map[string]string{
		"": " ", "IMAP4REV1": "flags poll", "IDLE": "flags idle", "IMAP4REV2": "flags idle",
		"CONDSTORE IDLE NOTIFY": "condstore notify", "CONDSTORE QRESYNC": "qresync poll",
	} {
		finds, tells := Check{Capabilities: strings.Fields(caps)}.Rungs()
		if got := finds + " " + string(tells); got != want {
			t.Errorf("%q: %q, want %q", caps, got, want)
		}
	}
}

// TestDoctorNamesWhatCannotBeRead: also when the server answers well.
func TestDoctorNamesWhatCannotBeRead(t *testing.T) {
	r := newRig(t, func(c *Config) {
		offline(&fakeWorker{})(c)
		c.check = func(context.Context, mail.Account, string, func(Step)) error { return nil }
	})
	r.run()
	a, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	r.must(r.store.RaiseProblem(t.Context(), mail.Problem{
		Account: a.ID, Code: mail.CodeUnreadable, Class: mail.ClassProtocol, Args: mail.Args{"folder": "Work", "uid": "7"},
	}))
	r.must(r.store.RaiseProblem(t.Context(), mail.Problem{
		Account: a.ID, Code: mail.CodeFolderRefused, Class: mail.ClassProtocol, Args: mail.Args{"folder": "Lists", "text": "broken"},
	}))
	checks, err := r.Doctor(t.Context())
	r.must(err)
	last := checks[len(checks)-1]
	if len(last.Problems) != 2 || last.Problems[0].Args["folder"] != "Work" || last.Problems[0].Args["uid"] != "7" || last.Problems[1].Args["folder"] != "Lists" {
		t.Errorf("%+v", last)
	}
}
