package wizard

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// entry is Fyne's, with Escape.
type entry struct {
	widget.Entry
	escape func()
}

func newEntry(password bool, escape func()) *entry {
	e := &entry{escape: escape}
	e.Password, e.Wrapping = password, fyne.TextWrap(fyne.TextTruncateClip) // as widget.NewEntry has it
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey implements fyne.Focusable.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		e.escape()
		return
	}
	e.Entry.TypedKey(k)
}

// check is Fyne's, with the keys of a page.
type check struct {
	widget.Check
	enter, escape func()
}

func newCheck(w *Wizard, text string, changed func(bool)) *check {
	c := &check{enter: w.Next, escape: w.escape}
	c.Text, c.OnChanged = text, changed
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey implements fyne.Focusable.
func (c *check) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		c.enter()
	case fyne.KeyEscape:
		c.escape()
	default:
		c.Check.TypedKey(k)
	}
}

// field is an entry with its name above and, when it is not right, the reason
// below.
type field struct {
	w       *Wizard
	name    Field
	entry   *entry
	mistake *widget.Label
	all     *fyne.Container
}

func newField(w *Wizard, name Field, hint string) *field {
	f := &field{w: w, name: name, entry: newEntry(name == FieldPassword, w.escape), mistake: widget.NewLabel("")}
	f.entry.PlaceHolder = hint
	f.entry.Text = w.flow.Value(name)
	f.entry.OnChanged = func(s string) {
		w.flow.Set(name, s)
		f.refresh()
	}
	f.entry.OnSubmitted = func(string) { w.Next() }
	f.mistake.Importance = widget.DangerImportance
	f.mistake.Wrapping = fyne.TextWrapWord
	f.mistake.Hide()
	label := widget.NewLabelWithStyle(w.p.T("wizard.field."+string(name)), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	f.all = container.New(view.Stack{}, label, inset(f.entry, 0, 8), f.mistake)
	return f
}

// refresh shows the flow's value and mistake.
func (f *field) refresh() {
	if v := f.w.flow.Value(f.name); f.entry.Text != v {
		f.entry.SetText(v)
	}
	showMistake(f.mistake, f.w.p, f.name, f.w.flow.Mistake(f.name))
}

func showMistake(l *widget.Label, p *i18n.Printer, name Field, why string) {
	text := ""
	if why != "" {
		text = p.T("wizard.mistake." + string(name) + "." + why)
	}
	if l.Text != text {
		l.SetText(text)
	}
	setVisible(l, text != "")
}

// heading is the question of a page, and a line of help.
func heading(title, help string) fyne.CanvasObject {
	t := widget.NewLabelWithStyle(title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	t.SizeName = theme.SizeNameHeadingText
	t.Wrapping = fyne.TextWrapWord
	return container.New(view.Stack{Overlap: 6}, t, quiet(help))
}

// quiet is text beside the main thing.
func quiet(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Importance = widget.LowImportance
	l.Wrapping = fyne.TextWrapWord
	return l
}

// trouble says a problem: title, what happened, what can be done.
func trouble(p *i18n.Printer, pr mail.Problem) fyne.CanvasObject {
	d := health.Describe(p, pr)
	title := widget.NewLabelWithStyle(mail.Printable(d.Title), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	title.Importance = widget.DangerImportance
	text := widget.NewLabel(mail.Printable(d.Text + " " + d.Remedy))
	title.Wrapping, text.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord
	text.Selectable = true
	return container.New(view.Stack{Overlap: 12}, title, text)
}

// wide gives a button the room that a short word would not.
type wide struct{}

func (wide) MinSize(os []fyne.CanvasObject) fyne.Size {
	m := os[0].MinSize()
	return fyne.NewSize(max(m.Width, 88), m.Height)
}

func (wide) Layout(os []fyne.CanvasObject, s fyne.Size) { os[0].Resize(s) }

// inset keeps room around an object.
func inset(o fyne.CanvasObject, v, h float32) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(v, v, h, h), o)
}
