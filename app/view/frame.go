package view

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// seenRows is how many rows of the list are looked at for their scripts: as
// many as a window of the usual size shows.
const seenRows = 12

// LoadFonts reads the fonts that a state is going to be drawn with, on a
// goroutine of its own, and closes the channel when they are there. Fyne's
// fonts are for one goroutine at a time: until then nothing else may measure
// or draw a text.
func LoadFonts(p *i18n.Printer, st State) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, bold := range []bool{false, true} {
			measure(" ", textSize, fyne.TextStyle{Bold: bold})
		}
		// A script that the theme's fonts lack is looked for among the system's.
		for _, r := range placeRows(p, st.Status) {
			measure(r.name, textSize, fyne.TextStyle{Bold: r.header || r.unread > 0})
		}
		for i := range min(seenRows, length(st)) {
			if row, ok := st.Rows.At(i); ok {
				style := fyne.TextStyle{Bold: !row.Flags.Has(mail.FlagSeen)}
				measure(senders(p, row), textSize, style)
				measure(elide(subject(p, row.Subject), smallSize, tipWidth, style, false), smallSize, style)
				elide(mail.Printable(row.Preview), smallSize, tipWidth, fyne.TextStyle{}, false)
			}
		}
	}()
	return done
}

func length(st State) int {
	if st.Rows == nil || !st.Known {
		return 0
	}
	return st.Rows.Len()
}

// NewFrame is what the window shows before there is a Main: the same grounds
// in the same places, and not a word, so that it can be drawn without fonts.
func NewFrame() fyne.CanvasObject {
	rows := container.New(Stack{})
	for range skeletons {
		rows.Add(newMessageItem(nil, newTips()))
	}
	no := func() bool { return false }
	middle := container.New(&columns{open: no, alone: no, narrowed: func(bool) {}},
		onGround(theme.ColorNameHeaderBackground, nil), hairline(),
		onGround(theme.ColorNameInputBackground, rows), hairline(),
		onGround(theme.ColorNameInputBackground, nil))
	return container.New(frame{},
		container.New(Stack{}, room(barHeight), hairline()), middle,
		container.New(Stack{}, hairline(), room(statusLine)))
}
