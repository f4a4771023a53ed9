package desktop

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Tray reads and clicks one tray icon, through the interfaces that panels use
// (StatusNotifierItem and com.canonical.dbusmenu).
type Tray struct {
	bus  *dbus.Conn
	item dbus.BusObject
	menu dbus.BusObject
}

// MenuItem is a line of a tray menu.
type MenuItem struct {
	ID       int32
	Label    string
	Disabled bool
	Items    []MenuItem
}

// TrayIcons counts the icons that the panel shows.
func (s *Session) TrayIcons() int {
	s.t.Helper()
	return len(s.trayItems(s.Bus()))
}

func (s *Session) trayItems(bus *dbus.Conn) []string {
	watcher := bus.Object("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
	v, err := watcher.GetProperty("org.kde.StatusNotifierWatcher.RegisteredStatusNotifierItems")
	if err != nil {
		return nil
	}
	items, ok := v.Value().([]string)
	if !ok {
		return nil
	}
	return items
}

// Tray waits for the one icon in the tray.
func (s *Session) Tray() *Tray {
	s.t.Helper()
	bus := s.Bus()
	var t *Tray
	err := s.await("an icon in the tray", func() bool {
		items := s.trayItems(bus)
		if len(items) != 1 {
			return false
		}
		name, path, _ := strings.Cut(items[0], "/")
		item := bus.Object(name, dbus.ObjectPath("/"+path))
		v, err := item.GetProperty("org.kde.StatusNotifierItem.Menu")
		if err != nil {
			return false
		}
		p, ok := v.Value().(dbus.ObjectPath)
		t = &Tray{bus: bus, item: item, menu: bus.Object(name, p)}
		return ok
	})
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	return t
}

// Title is the icon's title.
func (t *Tray) Title() (string, error) {
	v, err := t.item.GetProperty("org.kde.StatusNotifierItem.Title")
	if err != nil {
		return "", err
	}
	return v.String(), nil
}

// Icon is the largest picture of the icon, as ARGB bytes in network order.
func (t *Tray) Icon() ([]byte, error) {
	v, err := t.item.GetProperty("org.kde.StatusNotifierItem.IconPixmap")
	if err != nil {
		return nil, err
	}
	var pix []struct {
		W, H int32
		Data []byte
	}
	if err := dbus.Store([]any{v.Value()}, &pix); err != nil {
		return nil, err
	}
	var best []byte
	for _, p := range pix {
		if len(p.Data) > len(best) {
			best = p.Data
		}
	}
	return best, nil
}

type layout struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

// Menu reads the whole menu.
func (t *Tray) Menu() ([]MenuItem, error) {
	var rev uint32
	var l layout
	err := t.menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&rev, &l)
	if err != nil {
		return nil, err
	}
	return items(l)
}

func items(l layout) ([]MenuItem, error) {
	var out []MenuItem
	for _, v := range l.Children {
		var c layout
		if err := dbus.Store([]any{v.Value()}, &c); err != nil {
			return nil, err
		}
		m := MenuItem{ID: c.ID}
		if p, ok := c.Properties["label"]; ok {
			// A single underscore marks a key, two stand for one.
			m.Label = strings.ReplaceAll(strings.Trim(p.String(), `"`), "__", "_")
		}
		if p, ok := c.Properties["enabled"]; ok {
			m.Disabled = p.Value() == false
		}
		if p, ok := c.Properties["visible"]; ok && p.Value() == false {
			continue
		}
		sub, err := items(c)
		if err != nil {
			return nil, err
		}
		m.Items = sub
		out = append(out, m)
	}
	return out, nil
}

// Text is the menu as lines, submenus indented.
func Text(menu []MenuItem) string {
	var b strings.Builder
	var walk func(items []MenuItem, indent string)
	walk = func(items []MenuItem, indent string) {
		for _, m := range items {
			fmt.Fprintf(&b, "%s%s\n", indent, m.Label)
			walk(m.Items, indent+"  ")
		}
	}
	walk(menu, "")
	return b.String()
}

// Click clicks the first line, at any depth, whose label holds the text.
func (t *Tray) Click(label string) error {
	menu, err := t.Menu()
	if err != nil {
		return err
	}
	id, ok := find(menu, label)
	if !ok {
		return fmt.Errorf("the tray menu has no %q:\n%s", label, Text(menu))
	}
	call := t.menu.Call("com.canonical.dbusmenu.Event", 0, id, "clicked", dbus.MakeVariant(int32(0)), uint32(time.Now().Unix()))
	// A program that quits on the click may be gone before it answers.
	var gone dbus.Error
	if errors.As(call.Err, &gone) && strings.HasSuffix(gone.Name, ".NoReply") {
		return nil
	}
	return call.Err
}

func find(menu []MenuItem, label string) (int32, bool) {
	for _, m := range menu {
		if strings.Contains(m.Label, label) {
			return m.ID, true
		}
		if id, ok := find(m.Items, label); ok {
			return id, true
		}
	}
	return 0, false
}
