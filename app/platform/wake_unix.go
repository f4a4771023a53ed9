//go:build !windows && !darwin

package platform

import (
	"context"
	"log/slog"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	logindName   = "org.freedesktop.login1"
	logindPath   = "/org/freedesktop/login1"
	logind       = "org.freedesktop.login1.Manager"
	networkPath  = "/org/freedesktop/NetworkManager"
	network      = "org.freedesktop.NetworkManager"
	properties   = "org.freedesktop.DBus.Properties"
	connectedMin = 50 // NM_STATE_CONNECTED_LOCAL; all above are better
	// busAgainMin and busAgainMax bound how long a system bus that cannot be had,
	// or is gone, is left before the next try.
	busAgainMin = 5 * time.Second
	busAgainMax = 30 * time.Minute
)

// listen says what the system bus tells, until ctx ends.
func listen(ctx context.Context, log *slog.Logger, said chan<- Wake) {
	again := busAgainMin
	for ctx.Err() == nil {
		began := time.Now()
		err := listenOnce(ctx, said)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > busAgainMax {
			again = busAgainMin
		}
		log.Info("the system does not tell of sleep and network", "again_in", again, "error", err)
		t := time.NewTimer(again)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
		again = min(2*again, busAgainMax)
	}
}

// listenOnce listens on one connection. Nothing is asked of the services: they
// need not run, and are heard when they start.
func listenOnce(ctx context.Context, said chan<- Wake) error {
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is left to be said
	for _, m := range [][]dbus.MatchOption{
		{
			dbus.WithMatchSender(logindName), dbus.WithMatchObjectPath(logindPath),
			dbus.WithMatchInterface(logind), dbus.WithMatchMember("PrepareForSleep"),
		},
		{
			dbus.WithMatchSender(network), dbus.WithMatchObjectPath(networkPath),
			dbus.WithMatchInterface(network), dbus.WithMatchMember("StateChanged"),
		},
		{
			dbus.WithMatchSender(network), dbus.WithMatchObjectPath(networkPath), dbus.WithMatchInterface(properties),
			dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchArg(0, network),
		},
	} {
		if err := conn.AddMatchSignalContext(ctx, m...); err != nil {
			return err
		}
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals) // it is closed with the connection
	var n netState
	for s := range signals {
		w, ok := n.read(s)
		if !ok {
			continue
		}
		select {
		case said <- w:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return dbus.ErrClosed
}

// netState is the network as NetworkManager last told of it.
type netState struct {
	known     bool
	connected bool
	primary   dbus.ObjectPath
}

// read says what a signal means, if anything.
func (n *netState) read(s *dbus.Signal) (Wake, bool) {
	switch s.Name {
	case logind + ".PrepareForSleep":
		var going bool
		if dbus.Store(s.Body, &going) != nil {
			return "", false
		}
		return Resumed, !going
	case network + ".StateChanged":
		var state uint32
		if dbus.Store(s.Body, &state) != nil {
			return "", false
		}
		return Network, n.state(state)
	case properties + ".PropertiesChanged":
		var name string
		var values map[string]dbus.Variant
		var gone []string
		if dbus.Store(s.Body, &name, &values, &gone) != nil || name != network {
			return "", false
		}
		changed := false
		if state, ok := values["State"].Value().(uint32); ok {
			changed = n.state(state)
		}
		// Another way out, such as a cable beside Wi-Fi, leaves the state as it is.
		if primary, ok := values["PrimaryConnection"].Value().(dbus.ObjectPath); ok && primary != n.primary {
			n.primary = primary
			changed = changed || primary != "/"
		}
		return Network, changed
	default:
		return "", false
	}
}

// state takes a state, and reports whether it is another one than before. The
// first that is told is: it would not be told otherwise.
func (n *netState) state(state uint32) bool {
	connected := state >= connectedMin
	changed := !n.known || connected != n.connected
	n.known, n.connected = true, connected
	return changed
}
