package view

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// pieceSize is how much of a text is laid out at once: a long one is shown
// piece by piece, because laying out a megabyte takes seconds.
const pieceSize = 24 << 10 // bytes

// preview shows one message.
type preview struct {
	p       *i18n.Printer
	intents Intents
	shown   Opened
	started bool

	subject, from, to, date *widget.Label
	mark                    *button
	text                    *fyne.Container
	files                   *fyne.Container
	scroll                  *container.Scroll
	page                    fyne.CanvasObject // a message
	empty                   *emptyPage
	all                     *fyne.Container
}

func newPreview(p *i18n.Printer, in Intents) *preview {
	v := &preview{p: p, intents: in}
	v.subject = widget.NewLabelWithStyle("", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	v.subject.SizeName, v.subject.Selectable = theme.SizeNameSubHeadingText, true
	v.from, v.to, v.date = widget.NewLabel(""), widget.NewLabel(""), widget.NewLabel("")
	for _, l := range []*widget.Label{v.subject, v.from, v.to} {
		l.Wrapping = fyne.TextWrapWord
	}
	v.from.Selectable, v.to.Selectable = true, true
	v.to.Importance, v.date.Importance = widget.LowImportance, widget.LowImportance
	v.mark = newButton("", nil, v.toggle)
	v.mark.Keys = v.move
	v.text, v.files = container.New(Stack{}), container.New(Stack{Overlap: 10})
	head := container.New(Stack{Overlap: 12}, v.subject, v.from, v.to, v.date)
	buttons := container.New(layout.NewCustomPaddedLayout(0, gap, gap, gap), container.NewHBox(v.mark))
	v.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(unit, gap, unit, unit),
		container.New(Stack{}, head, buttons, hairline(), v.files, v.text)))
	v.page = v.scroll
	v.empty = newEmptyPage()
	v.all = container.NewStack(v.page, v.empty)
	return v
}

// move scrolls the message by a key.
func (v *preview) move(k fyne.KeyName) {
	const step = 48
	screenful := max(v.scroll.Size().Height-step, step)
	switch k {
	case fyne.KeyDown:
		v.by(step)
	case fyne.KeyUp:
		v.by(-step)
	case fyne.KeyPageDown:
		v.by(screenful)
	case fyne.KeyPageUp:
		v.by(-screenful)
	case fyne.KeyHome:
		v.scroll.ScrollToTop()
	case fyne.KeyEnd:
		v.scroll.ScrollToBottom()
	}
}

func (v *preview) by(dy float32) {
	end := max(v.scroll.Content.MinSize().Height-v.scroll.Size().Height, 0)
	v.scroll.ScrollToOffset(fyne.NewPos(0, min(max(v.scroll.Offset.Y+dy, 0), end)))
}

func (v *preview) toggle() {
	if id := v.shown.ID; id != 0 && v.shown.Row.ID == id {
		v.intents.MarkRead(id, !v.shown.Row.Flags.Has(mail.FlagSeen))
	}
}

// show draws what is open in a state.
func (v *preview) show(st State) {
	o := st.Open
	was := v.shown
	v.shown = o
	show(v.page, o.ID != 0)
	show(v.empty, o.ID == 0)
	if o.ID == 0 {
		v.empty.say(v.p.T("window.preview.none"), "", "", nil)
		return
	}
	if was.ID != o.ID {
		v.scroll.ScrollToTop()
	}
	v.head(o.Row, st)
	if v.started && was.ID == o.ID && was.Body == o.Body && was.Problem == o.Problem {
		return
	}
	v.started = true
	v.body(o)
	v.scroll.Refresh() // its size is known before the first key
}

func (v *preview) head(m api.Message, st State) {
	enable(v.mark, m.ID != 0 && st.Link == LinkUp)
	if m.ID == 0 {
		return
	}
	label := v.p.T("window.mark-read")
	if m.Flags.Has(mail.FlagSeen) {
		label = v.p.T("window.mark-unread")
	}
	if v.mark.Text != label {
		v.mark.SetText(label)
	}
	setText(v.subject, subject(v.p, m.Subject))
	setText(v.from, people(v.p, m.From, v.p.T("window.no-sender")))
	to := v.p.T("window.to", "Names", people(v.p, m.To, v.p.T("window.nobody")))
	if len(m.Cc) > 0 {
		to += "\n" + v.p.T("window.cc", "Names", people(v.p, m.Cc, ""))
	}
	setText(v.to, to)
	local := m.Date.In(st.Now.Location())
	when := v.p.T("window.date", "When", v.p.When(m.Date, st.Now), "Date", local.Format(v.p.T("i18n.date-layout")), "Time", v.p.Clock(local))
	if m.Pending {
		when += " · " + v.p.T("window.pending")
	}
	setText(v.date, when)
}

// body fills in the text, or what stands for it.
func (v *preview) body(o Opened) {
	v.text.RemoveAll()
	v.files.RemoveAll()
	switch {
	case o.Problem != nil:
		v.text.Add(problemText(v.p, *o.Problem))
	case o.Body == nil:
		l := widget.NewLabel(v.p.T("window.fetching"))
		l.Importance = widget.LowImportance
		v.text.Add(l)
	default:
		for _, a := range o.Body.Attachments {
			v.files.Add(attachment(v.p, a))
		}
		text := strings.TrimRight(mail.PrintableText(o.Body.Text), "\n\t ")
		if text == "" {
			text = v.p.T("window.no-text")
		}
		v.more(text, o.Body.Truncated)
	}
}

// more lays out the next piece of a text and offers the rest.
func (v *preview) more(text string, cut bool) {
	piece, rest := split(text, pieceSize)
	l := widget.NewLabel(piece)
	l.Wrapping, l.Selectable = fyne.TextWrapWord, true
	v.text.Add(l)
	switch {
	case rest != "":
		var b *button
		b = newButton(v.p.T("window.show-more"), nil, func() {
			v.text.Remove(b)
			v.more(rest, cut)
		})
		v.text.Add(b)
	case cut:
		end := widget.NewLabel(v.p.T("window.cut"))
		end.Importance = widget.LowImportance
		v.text.Add(end)
	}
}

// split cuts a text at the end of a line near size bytes.
func split(text string, size int) (piece, rest string) {
	if len(text) <= size+size/4 {
		return text, ""
	}
	at := strings.LastIndexByte(text[:size], '\n')
	if at < size/2 {
		at = strings.LastIndexByte(text[:size], ' ')
	}
	if at < size/2 {
		at = size
		for at > 0 && text[at]&0xC0 == 0x80 { // not inside a character
			at--
		}
		return text[:at], text[at:]
	}
	return text[:at], text[at+1:]
}

// attachment is a line with a part's name and size.
func attachment(p *i18n.Printer, a api.Attachment) fyne.CanvasObject {
	name := mail.Printable(a.Name)
	if name == "" {
		name = p.T("window.unnamed", "Type", mail.Printable(a.Type))
	}
	l := widget.NewLabel(name)
	l.Wrapping = fyne.TextWrapBreak
	size := widget.NewLabel(fileSize(p, a.Size))
	size.Importance = widget.LowImportance
	icon := container.NewCenter(widget.NewIcon(theme.MailAttachmentIcon()))
	return container.NewBorder(nil, nil, container.NewPadded(icon), size, l)
}

// people writes addresses in full, at most a dozen.
func people(p *i18n.Printer, as []mail.Address, none string) string {
	const most = 12
	out := make([]string, 0, min(len(as), most)+1)
	for i, a := range as {
		if i == most {
			out = append(out, p.T("window.more-people", "Count", len(as)-most))
			break
		}
		name, addr := mail.Printable(a.Name), mail.Printable(a.Addr)
		switch {
		case name == "" || name == addr:
			out = append(out, addr)
		case addr == "":
			out = append(out, name)
		default:
			out = append(out, name+" <"+addr+">")
		}
	}
	if len(out) == 0 {
		return none
	}
	return strings.Join(out, ", ")
}

func setText(l *widget.Label, s string) {
	if l.Text != s {
		l.SetText(s)
	}
}
