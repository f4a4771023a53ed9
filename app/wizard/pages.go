package wizard

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/sync/mail"
)

// formPage is a page of a heading and fields.
type formPage struct {
	all    fyne.CanvasObject
	fields []*field
	more   func()                // what else refresh does
	other  func() fyne.Focusable // what else is to be mended, nil if nothing; may be nil
}

func (p *formPage) object() fyne.CanvasObject { return p.all }

func (p *formPage) refresh() {
	for _, f := range p.fields {
		f.refresh()
	}
	if p.more != nil {
		p.more()
	}
}

// first is the first field that is empty or wrong.
func (p *formPage) first() fyne.Focusable {
	for _, f := range p.fields {
		if f.w.flow.Value(f.name) == "" || f.w.flow.Mistake(f.name) != "" {
			return f.entry
		}
	}
	if p.other != nil {
		if o := p.other(); o != nil {
			return o
		}
	}
	return p.fields[0].entry
}

func newAddressPage(w *Wizard) page {
	f := newField(w, FieldAddress, w.p.T("wizard.address.hint"))
	return &formPage{
		fields: []*field{f},
		all: container.New(view.Stack{},
			heading(w.p.T("wizard.address.title"), w.p.T("wizard.address.help")), gap(12), f.all),
	}
}

func newServerPage(w *Wizard) page {
	p := w.p
	host, port := newField(w, FieldHost, ""), newField(w, FieldPort, "")
	names := []string{p.T("wizard.security.tls"), p.T("wizard.security.starttls"), p.T("wizard.security.plain")}
	kinds := []mail.Security{mail.TLS, mail.StartTLS, mail.Plain}
	security := newChoices(w, slices.Index(kinds, w.flow.Security()), names...)
	warning := widget.NewLabel(p.T("wizard.plain.warning"))
	warning.Wrapping, warning.Importance = fyne.TextWrapWord, widget.WarningImportance
	agree := newCheck(w, p.T("wizard.plain.agree"), nil)
	agree.Checked = w.flow.Agreed()
	mistake := widget.NewLabel("")
	mistake.Importance, mistake.Wrapping = widget.DangerImportance, fyne.TextWrapWord
	plain := container.New(view.Stack{}, warning, inset(agree, 0, 4), mistake)

	protocol := newChoices(w, 0, p.T("wizard.protocol.imap"), p.T("wizard.protocol.pop"))
	protocol.options[1].Disable()

	page := &formPage{fields: []*field{host, port}}
	scroll := container.NewVScroll(nil)
	page.other = func() fyne.Focusable {
		if w.flow.Mistake(FieldPlain) != "" {
			return agree
		}
		return nil
	}
	page.more = func() {
		warned := plain.Visible()
		setVisible(plain, w.flow.Security() == mail.Plain)
		defer func() {
			switch {
			case plain.Visible() && (!warned || w.flow.Mistake(FieldPlain) != ""):
				scroll.Refresh()
				scroll.ScrollToBottom() // the warning is not to be overlooked
			case warned && !plain.Visible():
				scroll.Refresh()
				scroll.ScrollToTop() // all fits again
			}
		}()
		showMistake(mistake, p, FieldPlain, w.flow.Mistake(FieldPlain))
		if agree.Checked != w.flow.Agreed() {
			agree.SetChecked(w.flow.Agreed())
		}
	}
	agree.OnChanged = func(yes bool) {
		w.flow.Agree(yes)
		page.refresh()
	}
	security.changed = func(i int) {
		w.flow.SetSecurity(kinds[i])
		page.refresh()
	}
	label := widget.NewLabelWithStyle(p.T("wizard.field.security"), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	form := container.New(view.Stack{},
		heading(p.T("wizard.server.title"), p.T("wizard.server.help")),
		option(protocol.options[0], p.T("wizard.protocol.imap.text")),
		option(protocol.options[1], p.T("wizard.protocol.pop.text")),
		container.New(hostAndPort{}, host.all, port.all),
		label, inset(security.row(), 0, 4), plain)
	scroll.Content = form
	page.all = scroll
	return page
}

// option is a choice with what it means below.
func option(choice fyne.CanvasObject, text string) fyne.CanvasObject {
	return container.New(tucked{}, inset(choice, 0, 4), quiet(text))
}

// tucked puts an explanation close under its choice, indented.
type tucked struct{}

func (tucked) MinSize(os []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(200, os[0].MinSize().Height+os[1].MinSize().Height-10)
}

func (tucked) Layout(os []fyne.CanvasObject, s fyne.Size) {
	h := os[0].MinSize().Height
	os[0].Resize(fyne.NewSize(s.Width, h))
	os[1].Move(fyne.NewPos(26, h-10))
	os[1].Resize(fyne.NewSize(s.Width-26, os[1].MinSize().Height))
}

// hostAndPort gives the port the room of five digits.
type hostAndPort struct{}

func (hostAndPort) MinSize(os []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(300, max(os[0].MinSize().Height, os[1].MinSize().Height))
}

func (hostAndPort) Layout(os []fyne.CanvasObject, s fyne.Size) {
	const port = 150
	os[0].Resize(fyne.NewSize(s.Width-port, s.Height))
	os[1].Move(fyne.NewPos(s.Width-port, 0))
	os[1].Resize(fyne.NewSize(port, s.Height))
}

func newSignInPage(w *Wizard) page {
	title, help := w.p.T("wizard.sign-in.title"), w.p.T("wizard.sign-in.help")
	user, pass := newField(w, FieldUser, ""), newField(w, FieldPassword, "")
	if w.flow.Existing() {
		title = w.p.T("wizard.sign-in.again", "Account", mail.Printable(w.flow.Value(FieldAddress)))
		user.entry.Disable()
	}
	at := quiet(w.p.T("wizard.sign-in.server", "Server", mail.Printable(w.flow.Value(FieldHost))))
	fields := []*field{pass}
	if !w.flow.Existing() {
		fields = []*field{user, pass}
	}
	return &formPage{
		fields: fields,
		all:    container.New(view.Stack{}, heading(title, help), gap(12), user.all, gap(4), pass.all, gap(4), at),
	}
}

// foldersPage asks which folders alert.
type foldersPage struct {
	w    *Wizard
	all  fyne.CanvasObject
	fail *fyne.Container
	said *mail.Problem
}

func newFoldersPage(w *Wizard) page {
	box := container.New(view.Stack{})
	for _, c := range w.flow.Folders() {
		name := mail.Printable(c.Folder.Path)
		if c.Fixed {
			name = w.p.T("wizard.folders.inbox")
		}
		check := newCheck(w, name, func(on bool) { w.flow.Watch(c.Folder.Path, on) })
		check.Checked = c.On
		if c.Fixed {
			check.Disable()
		}
		box.Add(inset(check, 0, 4))
	}
	p := &foldersPage{w: w, fail: container.New(view.Stack{})}
	p.all = container.NewBorder(heading(w.p.T("wizard.folders.title"), w.p.T("wizard.folders.help")),
		p.fail, nil, nil, container.NewVScroll(box))
	return p
}

func (p *foldersPage) object() fyne.CanvasObject { return p.all }
func (p *foldersPage) first() fyne.Focusable     { return nil }

func (p *foldersPage) refresh() {
	f := p.w.flow.Failure()
	if f == p.said {
		return
	}
	p.said = f
	p.fail.RemoveAll()
	if f != nil {
		p.fail.Add(trouble(p.w.p, *f))
	}
	p.all.Refresh()
}

// donePage ends the wizard.
type donePage struct{ all fyne.CanvasObject }

func newDonePage(w *Wizard) page {
	icon := widget.NewIcon(theme.NewSuccessThemedResource(theme.ConfirmIcon()))
	text := w.p.T("wizard.done.text", "Account", mail.Printable(w.flow.Value(FieldAddress)))
	if w.flow.Existing() {
		text = w.p.T("wizard.done.again", "Account", mail.Printable(w.flow.Value(FieldAddress)))
	}
	return &donePage{all: container.New(view.Stack{}, gap(24),
		container.NewHBox(inset(container.NewGridWrap(fyne.NewSize(48, 48), icon), 0, 4)),
		heading(w.p.T("wizard.done.title"), text))}
}

func (p *donePage) object() fyne.CanvasObject { return p.all }
func (p *donePage) first() fyne.Focusable     { return nil }
func (p *donePage) refresh()                  {}

// gap is empty room.
func gap(h float32) fyne.CanvasObject {
	return container.NewGridWrap(fyne.NewSize(1, h))
}
