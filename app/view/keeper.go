package view

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// selectable is what of a widget.Label gets the keyboard when its text is
// clicked. It takes every key and does nothing with any but that for copying.
type selectable interface {
	fyne.Focusable
	fyne.Shortcutable
	SelectedText() string
}

// keeper has the keyboard in the place of a text that was clicked, or when
// nothing else has it, so that the window's keys work there too. The text is
// left to believe that it has the focus, because it shows what is selected only
// then.
type keeper struct {
	widget.BaseWidget
	text  selectable // nil when nothing was clicked
	key   func(fyne.KeyName, fyne.KeyModifier)
	typed func(r rune) bool
	check func() // told when the focus has gone, or may have
}

// The keeper counts as disabled, and as a text: that is what Fyne takes for
// something that may have the focus but is not stepped on by Tab.
var (
	_ fyne.Disableable = (*keeper)(nil)
	_ fyne.Tabbable    = (*keeper)(nil)
	_ selectable       = (*keeper)(nil)
)

func newKeeper() *keeper {
	k := &keeper{}
	k.ExtendBaseWidget(k)
	return k
}

// CreateRenderer implements fyne.Widget.
func (k *keeper) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(room(0)) }

// Enable implements fyne.Disableable.
func (k *keeper) Enable() {}

// Disable implements fyne.Disableable.
func (k *keeper) Disable() {}

// Disabled implements fyne.Disableable.
func (k *keeper) Disabled() bool { return true }

// AcceptsTab implements fyne.Tabbable: Tab goes on from the text.
func (k *keeper) AcceptsTab() bool { return true }

// SelectedText is the text's.
func (k *keeper) SelectedText() string {
	if k.text == nil {
		return ""
	}
	return k.text.SelectedText()
}

// FocusGained implements fyne.Focusable.
func (k *keeper) FocusGained() {
	if k.text != nil {
		k.text.FocusGained()
	}
}

// FocusLost implements fyne.Focusable. The window's going to the back counts
// too, so the text is kept.
func (k *keeper) FocusLost() {
	if k.text != nil {
		k.text.FocusLost()
	}
	k.check()
}

// TypedKey implements fyne.Focusable.
func (k *keeper) TypedKey(e *fyne.KeyEvent) {
	mod := fyne.KeyModifier(0)
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		mod = d.CurrentKeyModifiers()
	}
	if e.Name == fyne.KeyTab {
		k.step(mod == fyne.KeyModifierShift)
		return
	}
	k.key(e.Name, mod)
}

// step gives the keyboard to what comes after the text, or before it.
func (k *keeper) step(back bool) {
	c := fyne.CurrentApp().Driver().CanvasForObject(k)
	if c == nil {
		return
	}
	c.Focus(k.text) // nil is the beginning of the window
	if back {
		c.FocusPrevious()
	} else {
		c.FocusNext()
	}
}

// TypedRune implements fyne.Focusable.
func (k *keeper) TypedRune(r rune) { k.typed(r) }

// TypedShortcut implements fyne.Shortcutable.
func (k *keeper) TypedShortcut(s fyne.Shortcut) {
	if k.text != nil {
		k.text.TypedShortcut(s)
	}
}

// adopt takes the keyboard from a text, or when nothing has it.
func (k *keeper) adopt(c fyne.Canvas) {
	if c.Overlays().Top() != nil {
		return
	}
	switch f := c.Focused().(type) {
	case *keeper:
	case nil: // also at the end of a drag over a text: Fyne knows nothing of us
		c.Focus(k)
	case selectable:
		k.text = nil // it must not hide what it selected when the focus comes to us
		c.Focus(k)
		k.text = f
		f.FocusGained()
	default:
		k.text = nil
	}
}

// forget lets go of the text: it is about to be replaced.
func (k *keeper) forget() { k.text = nil }
