//go:build linux

package agent

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/heronmail/heron/app/platform"
	"github.com/heronmail/heron/sync/imapsync"
	desk "github.com/heronmail/heron/sync/mailtest/desktop"
)

// TestWakeConnectsAnew: what logind says has the accounts drop their sockets.
func TestWakeConnectsAnew(t *testing.T) {
	d := desk.Start(t, desk.Options{Bare: true})
	d.EnterSystem(t)
	d.MockSystem("logind", "org.freedesktop.login1")
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	kicks, done := make(chan imapsync.Reason, 100), make(chan struct{})
	go func() {
		defer close(done)
		wake(ctx, slog.New(slog.DiscardHandler), func(_ context.Context, r imapsync.Reason) error { kicks <- r; return nil })
	}()
	t.Cleanup(func() { cancel(); <-done })
	bus := d.Bus()
	for _, c := range []struct {
		name, path, iface, member, sig string
		arg                            any
		want                           imapsync.Reason
	}{
		{"org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep", "b", false, imapsync.ReasonResume},
	} {
		kicked := false
		for range 20 { // the watcher may still be connecting
			o := bus.Object(c.name, dbus.ObjectPath(c.path))
			if err := o.Call("org.freedesktop.DBus.Mock.EmitSignal", 0, c.iface, c.member, c.sig, []dbus.Variant{dbus.MakeVariant(c.arg)}).Err; err != nil {
				t.Fatal(err)
			}
			select {
			case r := <-kicks:
				kicked = r == c.want
			case <-time.After(time.Second):
			}
			if kicked {
				break
			}
		}
		if !kicked {
			t.Errorf("%s: nobody was kicked", c.member)
		}
	}
}

// TestReasons: a way out that is gained keeps connections, the rest drops them.
func TestReasons(t *testing.T) {
	for w, want := range map[platform.Wake]imapsync.Reason{
		platform.Resumed: imapsync.ReasonResume,
		platform.Network: imapsync.ReasonNetwork,
		platform.Gained:  imapsync.ReasonSettings,
	} {
		if got := reason(w); got != want {
			t.Errorf("%s: %s, want %s", w, got, want)
		}
	}
}
