//go:build !windows && !darwin

package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"
)

var errNoBus = errors.New("there is no session bus")

// connect returns the connection and the server, found anew when needed.
func (b *busAlerter) connect(ctx context.Context) (*dbus.Conn, server, error) {
	b.connecting.Lock()
	defer b.connecting.Unlock()
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	b.mu.Lock()
	conn, s := b.conn, b.server
	b.mu.Unlock()
	if conn != nil && conn.Connected() && s != nil {
		return conn, *s, nil
	}
	if conn == nil || !conn.Connected() {
		var err error
		if conn, err = b.dial(ctx); err != nil {
			b.available(false)
			return nil, server{}, err
		}
	}
	found, err := findServer(ctx, conn)
	if err != nil {
		b.available(false)
		return nil, server{}, err
	}
	b.mu.Lock()
	b.server = &found
	b.mu.Unlock()
	b.available(true)
	return conn, found, nil
}

// dial connects to the session bus and listens. No bus is ever launched.
func (b *busAlerter) dial(ctx context.Context) (*dbus.Conn, error) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(b.ctx)) //nolint:contextcheck // it outlives the request
	if err != nil {
		return nil, errors.Join(errNoBus, err)
	}
	bus, err := greet(ctx, conn)
	if err != nil {
		_ = conn.Close() // it was never used
		return nil, fmt.Errorf("greet the bus: %w", err)
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	b.mu.Lock()
	b.conn, b.bus, b.server = conn, bus, nil
	b.mu.Unlock()
	b.tasks.Go(func() {
		for sig := range signals { // closed with the connection
			b.signal(conn, sig)
		}
		b.forget(conn)
		if b.ctx.Err() == nil {
			b.available(false)
		}
	})
	return conn, nil
}

func greet(ctx context.Context, conn *dbus.Conn) (busInfo, error) {
	if err := conn.Auth(nil); err != nil {
		return busInfo{}, err
	}
	if err := conn.Hello(); err != nil {
		return busInfo{}, err
	}
	for _, m := range [][]dbus.MatchOption{
		{dbus.WithMatchObjectPath(object), dbus.WithMatchInterface(service), dbus.WithMatchMember("ActionInvoked")},
		{
			dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"),
			dbus.WithMatchArg(0, service),
		},
	} {
		if err := conn.AddMatchSignalContext(ctx, m...); err != nil {
			return busInfo{}, err
		}
	}
	var bus busInfo
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetId", 0).Store(&bus.id); err != nil {
		return busInfo{}, err
	}
	var startable []string
	err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.ListActivatableNames", 0).Store(&startable)
	bus.starts = slices.Contains(startable, service)
	return bus, err
}

// findServer asks the service what it can do, which starts it if the bus can.
func findServer(ctx context.Context, conn *dbus.Conn) (server, error) {
	var caps []string
	err := conn.Object(service, object).CallWithContext(ctx, service+".GetCapabilities", 0).Store(&caps)
	if err != nil {
		return server{}, fmt.Errorf("ask the notification service: %w", err)
	}
	s := server{actions: slices.Contains(caps, "actions"), markup: slices.Contains(caps, "body-markup")}
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, service).Store(&s.owner)
	if err != nil {
		return server{}, fmt.Errorf("find the notification service: %w", err)
	}
	return s, nil
}
