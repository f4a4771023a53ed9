//go:build linux

package desktop_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
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

// TestAnAlertIsHeard: what a program says to the daemon, and the daemon to it.
func TestAnAlertIsHeard(t *testing.T) {
	s := desktop.Start(t, desktop.Options{Display: true, Notifier: "xfce4-notifyd"})
	alerts := s.WatchAlerts()
	daemon := s.Bus().Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
	var id uint32
	err := daemon.Call("org.freedesktop.Notifications.Notify", 0, "test", uint32(0), "", "Ann Lee", "Lunch on Friday",
		[]string{"read", "Mark read"}, map[string]dbus.Variant{}, int32(60_000)).Store(&id)
	if err != nil {
		t.Fatal(err)
	}
	mailtest.Eventually(t, 20*time.Second, "the alert is heard of", func() string {
		if open := alerts.Open(); len(open) != 1 || open[0].Summary != "Ann Lee" || open[0].ID != id {
			return fmt.Sprintf("open alerts = %+v", open)
		}
		text, err := s.ScreenText()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "Lunch on Friday") {
			return fmt.Sprintf("on the screen stands %q", text)
		}
		return ""
	})
	if err := s.ClickText("Mark read"); err != nil {
		t.Fatal(err)
	}
	mailtest.Eventually(t, 20*time.Second, "the alert is heard of", func() string {
		if list := alerts.List(); len(list) != 1 || !list[0].Closed {
			return fmt.Sprintf("after the click: %+v", list)
		}
		return ""
	})
}
