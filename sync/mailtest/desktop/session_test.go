//go:build linux

package desktop_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest/desktop"
	"github.com/heronmail/heron/sync/secret"
)

// TestSecretsInTheRealKeyring is here and not in package secret, since it needs
// a desktop: what go-keyring does on a real Secret Service, unlocked, locked
// and gone.
func TestSecretsInTheRealKeyring(t *testing.T) {
	s := desktop.Start(t, desktop.Options{Keyring: true})
	for _, kv := range s.Env() {
		k, v, _ := strings.Cut(kv, "=")
		t.Setenv(k, v)
	}
	keyring := secret.NewKeyring("io.github.heronmail.Heron.test", 10*time.Second)
	ctx := t.Context()
	if err := keyring.Set(ctx, "work", "binding", "pä ss"); err != nil {
		t.Fatal(err)
	}
	if got, err := keyring.Get(ctx, "work", "binding"); err != nil || got != "pä ss" {
		t.Errorf("Get = %q, %v", got, err)
	}
	if _, err := keyring.Get(ctx, "work", "another"); mail.FaultOf(err).Code != mail.CodeSecretBound {
		t.Errorf("with another binding: %v", err)
	}
	if _, err := keyring.Get(ctx, "home", "binding"); mail.FaultOf(err).Code != mail.CodeSecretMissing {
		t.Errorf("unknown account: %v", err)
	}

	s.StopKeyring()
	if err := s.StartKeyring(false); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Get(ctx, "work", "binding"); mail.FaultOf(err).Code != mail.CodeKeyringLocked {
		t.Errorf("locked: %v", err)
	}

	s.StopKeyring()
	if err := s.StartKeyring(true); err != nil {
		t.Fatal(err)
	}
	if err := keyring.Delete(ctx, "work"); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if _, err := keyring.Get(ctx, "work", "binding"); mail.FaultOf(err).Code != mail.CodeSecretMissing {
		t.Errorf("after Delete: %v", err)
	}
}

func TestEveryPartIsThere(t *testing.T) {
	for _, notifier := range []string{"dunst", "xfce4-notifyd"} {
		t.Run(notifier, func(t *testing.T) {
			s := desktop.Start(t, desktop.Options{Keyring: true, Display: true, Panel: true, Notifier: notifier})
			if s.Display == "" || len(s.Env()) == 0 {
				t.Errorf("display %q", s.Display)
			}
			if _, err := os.Stat(s.Dir); err != nil {
				t.Error(err)
			}
		})
	}
}
