package desktop

import (
	"slices"
	"sync"

	"github.com/godbus/dbus/v5"
)

const notifications = "org.freedesktop.Notifications"

// Notification is an alert that a program asked the daemon to show.
type Notification struct {
	ID      uint32 // the daemon's
	Summary string
	Body    string
	Actions []string // keys and labels in turn
	Closed  bool     // the daemon said that it is gone
	Asked   bool     // the program asked for that
}

// Alerts listens to everything between programs and the notification daemon.
type Alerts struct {
	mu   sync.Mutex
	list []Notification
	wait map[waiting]int // Notify calls without an answer yet → index in list
}

type waiting struct {
	sender string
	serial uint32
}

// WatchAlerts starts to listen; what was shown before is not known.
func (s *Session) WatchAlerts() *Alerts {
	s.t.Helper()
	bus := s.Bus()
	rules := []string{
		"interface='" + notifications + "'",
		"type='method_return'",
	}
	if err := bus.BusObject().Call("org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, rules, uint32(0)).Err; err != nil {
		s.t.Fatalf("listening to alerts: %v", err)
	}
	a := &Alerts{wait: map[waiting]int{}}
	messages := make(chan *dbus.Message, 100)
	bus.Eavesdrop(messages) // the channel is closed with the connection
	go func() {
		for m := range messages {
			a.hear(m)
		}
	}()
	return a
}

// List returns the alerts so far, oldest first.
func (a *Alerts) List() []Notification {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.list)
}

// Open returns those that are still shown.
func (a *Alerts) Open() []Notification {
	return slices.DeleteFunc(a.List(), func(n Notification) bool { return n.Closed })
}

func (a *Alerts) hear(m *dbus.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	member, _ := m.Headers[dbus.FieldMember].Value().(string)
	switch {
	case m.Type == dbus.TypeMethodCall && member == "Notify" && len(m.Body) >= 6:
		n := Notification{}
		n.ID, _ = m.Body[1].(uint32)
		n.Summary, _ = m.Body[3].(string)
		n.Body, _ = m.Body[4].(string)
		n.Actions, _ = m.Body[5].([]string)
		sender, _ := m.Headers[dbus.FieldSender].Value().(string)
		if i := a.index(n.ID); n.ID != 0 && i >= 0 {
			a.list[i] = n // replaces one that is shown
			a.wait[waiting{sender, m.Serial()}] = i
			return
		}
		a.list = append(a.list, n)
		a.wait[waiting{sender, m.Serial()}] = len(a.list) - 1
	case m.Type == dbus.TypeMethodReply && len(m.Body) == 1:
		serial, _ := m.Headers[dbus.FieldReplySerial].Value().(uint32)
		to, _ := m.Headers[dbus.FieldDestination].Value().(string)
		if i, ok := a.wait[waiting{to, serial}]; ok {
			delete(a.wait, waiting{to, serial})
			a.list[i].ID, _ = m.Body[0].(uint32)
		}
	case m.Type == dbus.TypeMethodCall && member == "CloseNotification" && len(m.Body) == 1:
		if id, ok := m.Body[0].(uint32); ok {
			if i := a.index(id); i >= 0 {
				a.list[i].Asked = true
			}
		}
	case m.Type == dbus.TypeSignal && member == "NotificationClosed" && len(m.Body) == 2:
		if id, ok := m.Body[0].(uint32); ok {
			if i := a.index(id); i >= 0 {
				a.list[i].Closed = true
			}
		}
	}
}

// index finds the newest alert with the daemon's id.
func (a *Alerts) index(id uint32) int {
	for i, n := range slices.Backward(a.list) {
		if n.ID == id {
			return i
		}
	}
	return -1
}
