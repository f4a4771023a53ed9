package view

import (
	"image/color"

	"fyne.io/fyne/v2"
)

// palette gives each role its colour. Texts meet WCAG AA on each ground.
type palette struct {
	background, surface, sidebar, border       color.NRGBA
	text, muted, primary, onPrimary, selection color.NRGBA
	ok, warn, danger                           color.NRGBA
	button, disabled, scroll                   color.NRGBA
	menu                                       color.NRGBA // above the surface
	outline                                    color.NRGBA // of fields and boxes, 3:1 on the surface
	line                                       float32     // of borders, in pixels
	accounts                                   [8]color.NRGBA
}

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8 & 0xFF), B: uint8(v & 0xFF), A: 0xFF}
}

func faint(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}

func lightPalette() palette {
	return palette{
		background: rgb(0xF6F8FA), surface: rgb(0xFFFFFF), sidebar: rgb(0xEDF1F5), border: rgb(0xD5DCE3),
		text: rgb(0x1B2631), muted: rgb(0x566472), primary: rgb(0x1D6A9F), onPrimary: rgb(0xFFFFFF), selection: rgb(0xDAE9F4),
		ok: rgb(0x267044), warn: rgb(0x8A5A00), danger: rgb(0xB3261E),
		button: rgb(0xE4E9EE), disabled: rgb(0x566472), scroll: faint(rgb(0x566472), 0x70), outline: rgb(0x83919E), menu: rgb(0xFFFFFF), line: 1,
		accounts: lightAccounts(),
	}
}

func darkPalette() palette {
	return palette{
		background: rgb(0x12181E), surface: rgb(0x192129), sidebar: rgb(0x151C23), border: rgb(0x2C3743),
		text: rgb(0xE4EAF0), muted: rgb(0x9BA9B7), primary: rgb(0x6BB2E6), onPrimary: rgb(0x0B1A26), selection: rgb(0x21384B),
		ok: rgb(0x63BE8A), warn: rgb(0xE2B455), danger: rgb(0xF38B82),
		button: rgb(0x26313B), disabled: rgb(0x9BA9B7), scroll: faint(rgb(0x9BA9B7), 0x70), outline: rgb(0x647483), menu: rgb(0x232E38), line: 1,
		accounts: darkAccounts(),
	}
}

func contrastPalette(dark bool) palette {
	accounts := lightAccounts()
	ground, ink, primary, onPrimary, selection, button := rgb(0xFFFFFF), rgb(0x000000), rgb(0x0000C8), rgb(0xFFFFFF), rgb(0xC8D4FF), rgb(0xDCDCDC)
	if dark {
		ground, ink, primary, onPrimary, selection, button = rgb(0x000000), rgb(0xFFFFFF), rgb(0xFFFF00), rgb(0x000000), rgb(0x3A3A00), rgb(0x3A3A3A)
		accounts = darkAccounts()
	}
	return palette{
		background: ground, surface: ground, sidebar: ground, border: ink,
		text: ink, muted: ink, primary: primary, onPrimary: onPrimary, selection: selection,
		ok: ink, warn: ink, danger: ink, button: button, disabled: ink, scroll: ink, outline: ink, menu: ground, line: 2,
		accounts: accounts,
	}
}

// The accounts' colours are eight muted hues of like lightness, for a light and
// for a dark ground.
func lightAccounts() [8]color.NRGBA {
	return [8]color.NRGBA{
		rgb(0x4A7BA6), rgb(0xA66A3A), rgb(0x4F8450), rgb(0x8B66A3), rgb(0x2F8486), rgb(0xAE5F5F), rgb(0x7C7A34), rgb(0xA65F8A),
	}
}

func darkAccounts() [8]color.NRGBA {
	return [8]color.NRGBA{
		rgb(0x7FB0DC), rgb(0xDC9F70), rgb(0x84BA84), rgb(0xBF9BD8), rgb(0x63B9BB), rgb(0xE29494), rgb(0xB3B06A), rgb(0xDB95BE),
	}
}

// accountPaint is the colour of the n-th account; nothing for -1.
func accountPaint(n int) color.Color {
	if n < 0 {
		return color.Transparent
	}
	p := lightPalette()
	if t, ok := fyne.CurrentApp().Settings().Theme().(*Theme); ok { // not theme.Current, which in a list is flatTheme
		p = *t.palette(fyne.CurrentApp().Settings().ThemeVariant())
	}
	return p.accounts[n%len(p.accounts)]
}
