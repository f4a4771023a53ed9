//go:build !windows && !darwin

package alert

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names of the Desktop Notifications Specification 1.2.
const (
	service   = "org.freedesktop.Notifications"
	object    = dbus.ObjectPath("/org/freedesktop/Notifications")
	keyOpen   = "default" // a click on the notification itself
	keyMark   = "mark-read"
	callLimit = 5 * time.Second
	maxKnown  = 256
)

// busAlerter speaks to the notification service over a connection of its own:
// the shared one is closed by the tray.
type busAlerter struct {
	o       Options
	image   *imageData
	actions chan Action
	ctx     context.Context //nolint:containedctx // the connection's life, not a request's
	stop    context.CancelFunc
	tasks   sync.WaitGroup

	connecting sync.Mutex // held while conn and server are being found

	mu     sync.Mutex
	conn   *dbus.Conn // nil: none, or broken
	bus    busInfo    // of conn
	server *server    // nil: not known
	known  []string   // handles whose actions are wanted, oldest first
}

// busInfo is what is asked of a bus once.
type busInfo struct {
	id     string
	starts bool // it starts a notification service when one is needed
}

// server is the program that shows notifications now.
type server struct {
	owner   string // unique name on the bus
	actions bool
	markup  bool
}

// New returns an alerter, which lives until Close. It looks for the notification
// service at once, and again with every alert while there is none.
func New(ctx context.Context, o Options) Alerter {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	b := &busAlerter{o: o, actions: make(chan Action, 8), ctx: ctx, stop: stop, known: slices.Clone(o.Known)}
	img, err := decodeImage(o.Icon)
	if err != nil {
		o.Log.Warn("alerts have no picture", "error", err)
	}
	b.image = img
	b.tasks.Go(func() {
		if _, _, err := b.connect(ctx); err != nil {
			o.Log.Info("no notification service yet", "error", err)
		}
	})
	return b
}

func (b *busAlerter) Actions() <-chan Action { return b.actions }

func (b *busAlerter) Caps() Caps {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Caps{Actions: b.server != nil && b.server.actions, Withdraw: true, Outlive: true}
}

func (b *busAlerter) Close() {
	b.stop()
	b.mu.Lock()
	conn := b.conn
	b.conn, b.server = nil, nil
	b.mu.Unlock()
	if conn != nil {
		_ = conn.Close() // nothing is left to be written
	}
	b.tasks.Wait()
}

func (b *busAlerter) Show(ctx context.Context, a Alert) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	a = clean(a)
	var handle string
	err := b.withServer(ctx, func(conn *dbus.Conn, s server) error {
		var replaces uint32
		if h, ok := parseHandle(a.Replaces); ok && h.bus == b.busID() && h.owner == s.owner {
			replaces = h.id
		}
		var id uint32
		err := conn.Object(s.owner, object).CallWithContext(ctx, service+".Notify", 0,
			"Heron", replaces, "", a.Title, bodyFor(s, a.Body), actionsFor(s, a), b.hints(), int32(-1)).Store(&id)
		if err != nil {
			return err
		}
		handle = busHandle{b.busID(), s.owner, id}.String()
		b.remember(handle)
		return nil
	})
	if err != nil {
		return "", fault(err)
	}
	return handle, nil
}

func (b *busAlerter) Withdraw(ctx context.Context, handle string) error {
	h, ok := parseHandle(handle)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	err := b.withServer(ctx, func(conn *dbus.Conn, s server) error {
		if h.bus != b.busID() || h.owner != s.owner {
			return nil // it went with its server
		}
		err := conn.Object(s.owner, object).CallWithContext(ctx, service+".CloseNotification", 0, h.id).Err
		var refused dbus.Error
		if errors.As(err, &refused) && !missing(err) {
			return nil // the server's way to say that it is closed already
		}
		return err
	})
	if err != nil {
		return fault(err)
	}
	return nil
}

// withServer calls do with the server of now, and once more when that has just
// gone and another is there.
func (b *busAlerter) withServer(ctx context.Context, do func(*dbus.Conn, server) error) error {
	var err error
	for range 2 {
		conn, s, errConnect := b.connect(ctx)
		if errConnect != nil {
			return errConnect
		}
		err = do(conn, s)
		if err == nil || !missing(err) {
			return err
		}
		b.forget(conn)
	}
	return err
}

// missing reports whether an error means that nobody is there to answer.
func missing(err error) bool {
	var e dbus.Error
	if errors.As(err, &e) {
		switch e.Name {
		case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
			"org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Disconnected":
			return true
		}
	}
	return errors.Is(err, dbus.ErrClosed)
}

func (b *busAlerter) busID() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bus.id
}

func (b *busAlerter) startsAgain() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bus.starts
}

func (b *busAlerter) remember(handle string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.Contains(b.known, handle) {
		return
	}
	b.known = append(b.known, handle)
	if extra := len(b.known) - maxKnown; extra > 0 {
		b.known = slices.Delete(b.known, 0, extra)
	}
}

// bodyFor escapes the body if the server reads markup.
func bodyFor(s server, body string) string {
	if s.markup {
		return escapeMarkup(body)
	}
	return body
}

// actionsFor is keys and labels by turns; empty for a server that shows none.
func actionsFor(s server, a Alert) []string {
	out := []string{}
	if !s.actions {
		return out
	}
	if a.Open != "" {
		out = append(out, keyOpen, a.Open)
	}
	if a.MarkRead != "" {
		out = append(out, keyMark, a.MarkRead)
	}
	return out
}

func (b *busAlerter) hints() map[string]dbus.Variant {
	h := map[string]dbus.Variant{
		"desktop-entry": dbus.MakeVariant(AppID),
		"category":      dbus.MakeVariant("email.arrived"),
		"urgency":       dbus.MakeVariant(byte(1)),
	}
	if b.image != nil {
		h["image-data"] = dbus.MakeVariant(*b.image)
	}
	return h
}

// signal takes what the bus and the server tell unasked.
func (b *busAlerter) signal(conn *dbus.Conn, sig *dbus.Signal) {
	switch sig.Name {
	case "org.freedesktop.DBus.NameOwnerChanged":
		var name, before, after string
		if dbus.Store(sig.Body, &name, &before, &after) != nil || name != service {
			return
		}
		b.forget(nil)
		if after == "" {
			if !b.startsAgain() { // else it may have ended because it had nothing to show
				b.available(false)
			}
			return
		}
		b.tasks.Go(func() {
			if _, _, err := b.connect(b.ctx); err != nil {
				b.o.Log.Info("the notification service does not answer", "error", err)
			}
		})
	case service + ".ActionInvoked":
		var id uint32
		var key string
		if dbus.Store(sig.Body, &id, &key) != nil {
			return
		}
		b.mu.Lock()
		handle := busHandle{b.bus.id, sig.Sender, id}.String()
		ours := conn == b.conn && slices.Contains(b.known, handle)
		b.mu.Unlock()
		does := map[string]Does{keyOpen: DoesOpen, keyMark: DoesMarkRead}[key]
		if !ours || does == "" {
			return // the signal goes to everybody on the bus
		}
		select {
		case b.actions <- Action{handle, does}:
		default:
			b.o.Log.Warn("an alert's action was dropped")
		}
	}
}

func (b *busAlerter) available(yes bool) {
	if b.o.Available != nil {
		b.o.Available(yes)
	}
}

// forget drops what is known of the server, and a connection that broke.
func (b *busAlerter) forget(broken *dbus.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.server = nil
	if broken != nil && broken == b.conn && !broken.Connected() {
		b.conn = nil
	}
}
