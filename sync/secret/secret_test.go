package secret

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/heronmail/heron/sync/mail"
)

func account() mail.Account {
	return mail.Account{
		ID:       "work",
		Endpoint: mail.Endpoint{Protocol: mail.IMAP, Host: "imap.example.org", Port: 993, Security: mail.TLS},
		Auth:     mail.Auth{User: "ann"},
	}
}

func code(err error) mail.Code {
	if err == nil {
		return ""
	}
	return mail.FaultOf(err).Code
}

// fake is go-keyring over a map, as its own mock, but without global state.
func fake(m map[string]string) backend {
	return backend{
		get: func(s, u string) (string, error) {
			if v, ok := m[s+"/"+u]; ok {
				return v, nil
			}
			return "", keyring.ErrNotFound
		},
		set: func(s, u, v string) error { m[s+"/"+u] = v; return nil },
		delete: func(s, u string) error {
			if _, ok := m[s+"/"+u]; !ok {
				return keyring.ErrNotFound
			}
			delete(m, s+"/"+u)
			return nil
		},
	}
}

// over is the store on a backend, with a limit of 5 s.
func over(b backend) Store {
	usable := func() *mail.Fault { return nil }
	return &osKeyring{service: "s", limit: 5 * time.Second, b: b, usable: usable, gate: make(chan struct{}, 1)}
}

func stores() map[string]Store {
	return map[string]Store{
		"memory":  NewMemory(),
		"keyring": over(fake(map[string]string{})),
	}
}

// TestASecretBelongsToItsEndpoint: each way to edit the settings so that the
// password would travel elsewhere ends in secret-bound.
func TestASecretBelongsToItsEndpoint(t *testing.T) {
	edits := map[string]func(*mail.Account){
		"host":        func(a *mail.Account) { a.Endpoint.Host = "evil.example" },
		"port":        func(a *mail.Account) { a.Endpoint.Port = 1993 },
		"user":        func(a *mail.Account) { a.Auth.User = "bob" },
		"security":    func(a *mail.Account) { a.Endpoint.Security = mail.Plain },
		"fingerprint": func(a *mail.Account) { a.Endpoint.Trust.Fingerprint = "00" },
		"ca file":     func(a *mail.Account) { a.Endpoint.Trust.CAFile = "/tmp/ca.pem" },
		"protocol":    func(a *mail.Account) { a.Endpoint.Protocol = mail.POP3 },
	}
	for name, s := range stores() {
		ctx := context.Background()
		a := account()
		if _, err := s.Get(ctx, a.ID, a.Binding()); code(err) != mail.CodeSecretMissing {
			t.Errorf("%s: before it is set: %v", name, err)
		}
		if err := s.Set(ctx, a.ID, a.Binding(), "pä ss\n"); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(ctx, a.ID, a.Binding()); err != nil || got != "pä ss\n" {
			t.Errorf("%s: Get = %q, %v", name, got, err)
		}
		for what, edit := range edits {
			b := account()
			edit(&b)
			got, err := s.Get(ctx, b.ID, b.Binding())
			if code(err) != mail.CodeSecretBound || got != "" {
				t.Errorf("%s: with another %s: %q, %v", name, what, got, err)
			}
			if err != nil && strings.Contains(err.Error(), "pä") {
				t.Errorf("%s: the error shows the secret: %v", name, err)
			}
		}
		for range 2 { // the second finds nothing, which is no error
			if err := s.Delete(ctx, a.ID); err != nil {
				t.Errorf("%s: Delete: %v", name, err)
			}
		}
		if _, err := s.Get(ctx, a.ID, a.Binding()); code(err) != mail.CodeSecretMissing {
			t.Errorf("%s: after Delete: %v", name, err)
		}
	}
}

func TestASecretIsKeptAsItIsOrNotAtAll(t *testing.T) {
	for name, s := range stores() {
		for _, c := range []struct {
			secret string
			want   mail.Code
		}{{"p\"ä <&>\u2028\x00\\ ", ""}, {"p\xe4ss", mail.CodeUsage}} {
			secret, want := c.secret, c.want
			if err := s.Set(t.Context(), "work", "b", secret); code(err) != want {
				t.Errorf("%s: Set(%q) = %v", name, secret, err)
			}
			got, err := s.Get(t.Context(), "work", "b")
			if want == "" && (err != nil || got != secret) || want != "" && got == secret {
				t.Errorf("%s: %q is kept as %q, %v", name, secret, got, err)
			}
			if err := s.Delete(t.Context(), "work"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAKeyringThatDoesNotAnswerIsLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		var dialogs atomic.Int32
		s := over(backend{get: func(string, string) (string, error) {
			dialogs.Add(1)
			<-open
			return "", keyring.ErrNotFound
		}})
		start := time.Now()
		_, err := s.Get(t.Context(), "work", "b")
		if code(err) != mail.CodeKeyringLocked || time.Since(start) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Get(ctx, "work", "b"); !errors.Is(err, context.Canceled) {
			t.Errorf("with an ended context: %v", err)
		}
		if _, err := s.Get(t.Context(), "home", "b"); code(err) != mail.CodeKeyringLocked || dialogs.Load() != 1 {
			t.Errorf("while its user is asked: %v, %d dialogs", err, dialogs.Load())
		}
		close(open)
		if _, err := s.Get(t.Context(), "work", "b"); code(err) != mail.CodeSecretMissing {
			t.Errorf("when it answers again: %v", err)
		}
	})
}

func TestWhatTheKeyringSays(t *testing.T) {
	for text, want := range map[string]mail.Code{
		"failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'": mail.CodeKeyringLocked,
		"The name org.freedesktop.secrets was not provided by any .service files":        mail.CodeKeyringMissing,
		"dial unix /run/user/1000/bus: connect: no such file or directory":               mail.CodeKeyringMissing,
		"data passed to Set was too big":                                                 mail.CodeKeyringFailed, // more than 2,560 bytes on Windows
		"something else":                                                                 mail.CodeKeyringFailed,
	} {
		s := over(backend{
			get:    func(string, string) (string, error) { return "", errors.New(text) },
			set:    func(string, string, string) error { return errors.New(text) },
			delete: func(string, string) error { return errors.New(text) },
		})
		_, get := s.Get(t.Context(), "a", "b")
		for _, err := range []error{get, s.Set(t.Context(), "a", "b", "c"), s.Delete(t.Context(), "a")} {
			if code(err) != want {
				t.Errorf("%q is %v, want %s", text, err, want)
			}
		}
	}
}

// TestWithoutABus: go-keyring would start a bus daemon that nobody ends.
func TestWithoutABus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	if _, err := NewKeyring("heron-test", time.Second).Get(t.Context(), "a", "b"); code(err) != mail.CodeKeyringMissing {
		t.Errorf("without a bus: %v", err)
	}
}
