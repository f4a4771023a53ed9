package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// look is a choice of colours.
type look string

// The looks. The system's is light or dark as the desktop says.
const (
	lookSystem   look = ""
	lookLight    look = "light"
	lookDark     look = "dark"
	lookContrast look = "high-contrast"
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
	}
}

func darkPalette() palette {
	return palette{
		background: rgb(0x12181E), surface: rgb(0x192129), sidebar: rgb(0x151C23), border: rgb(0x2C3743),
		text: rgb(0xE4EAF0), muted: rgb(0x9BA9B7), primary: rgb(0x6BB2E6), onPrimary: rgb(0x0B1A26), selection: rgb(0x21384B),
		ok: rgb(0x63BE8A), warn: rgb(0xE2B455), danger: rgb(0xF38B82),
		button: rgb(0x26313B), disabled: rgb(0x9BA9B7), scroll: faint(rgb(0x9BA9B7), 0x70), outline: rgb(0x647483), menu: rgb(0x232E38), line: 1,
	}
}

func contrastPalette(dark bool) palette {
	ground, ink, primary, onPrimary, selection, button := rgb(0xFFFFFF), rgb(0x000000), rgb(0x0000C8), rgb(0xFFFFFF), rgb(0xC8D4FF), rgb(0xDCDCDC)
	if dark {
		ground, ink, primary, onPrimary, selection, button = rgb(0x000000), rgb(0xFFFFFF), rgb(0xFFFF00), rgb(0x000000), rgb(0x3A3A00), rgb(0x3A3A3A)
	}
	return palette{
		background: ground, surface: ground, sidebar: ground, border: ink,
		text: ink, muted: ink, primary: primary, onPrimary: onPrimary, selection: selection,
		ok: ink, warn: ink, danger: ink, button: button, disabled: ink, scroll: ink, outline: ink, menu: ground, line: 2,
	}
}

// heronTheme is the program's look.
type heronTheme struct {
	look look
	base fyne.Theme // fonts and icons
	told bool       // the system says whether it is dark; else lookSystem is light

	light, dark palette
}

var _ fyne.Theme = (*heronTheme)(nil)

func newTheme(l look) *heronTheme {
	t := &heronTheme{look: l, base: theme.DefaultTheme(), light: lightPalette(), dark: darkPalette()}
	if l == lookContrast {
		t.light, t.dark = contrastPalette(false), contrastPalette(true)
	}
	return t
}

func (t *heronTheme) palette(v fyne.ThemeVariant) *palette {
	switch {
	case t.look == lookLight:
		return &t.light
	case t.look == lookSystem && !t.told:
		return &t.light // Fyne takes a desktop that says nothing for a dark one
	case t.look == lookDark, v == theme.VariantDark:
		return &t.dark
	default:
		return &t.light
	}
}

// Color implements fyne.Theme.
func (t *heronTheme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	p := t.palette(v)
	switch n {
	case theme.ColorNameBackground:
		return p.background
	case theme.ColorNameInputBackground:
		return p.surface
	case theme.ColorNameMenuBackground, theme.ColorNameOverlayBackground:
		return p.menu
	case theme.ColorNameHeaderBackground:
		return p.sidebar
	case theme.ColorNameSeparator:
		return p.border
	case theme.ColorNameInputBorder:
		return p.outline
	case theme.ColorNameForeground:
		return p.text
	case theme.ColorNamePlaceHolder:
		return p.muted
	case theme.ColorNamePrimary, theme.ColorNameHyperlink:
		return p.primary
	case theme.ColorNameForegroundOnPrimary, theme.ColorNameForegroundOnError,
		theme.ColorNameForegroundOnSuccess, theme.ColorNameForegroundOnWarning:
		return p.onPrimary
	case theme.ColorNameSelection:
		return p.selection
	case theme.ColorNameSuccess:
		return p.ok
	case theme.ColorNameWarning:
		return p.warn
	case theme.ColorNameError:
		return p.danger
	case theme.ColorNameButton, theme.ColorNameDisabledButton:
		return p.button
	case theme.ColorNameDisabled:
		return p.disabled
	case theme.ColorNameHover:
		return faint(p.text, 0x12)
	case theme.ColorNamePressed:
		return faint(p.text, 0x24)
	case theme.ColorNameFocus:
		return faint(p.primary, 0x48)
	case theme.ColorNameScrollBar:
		return p.scroll
	case theme.ColorNameScrollBarBackground:
		return color.Transparent
	case theme.ColorNameShadow:
		return faint(rgb(0x000000), 0x14)
	default:
		return t.base.Color(n, v)
	}
}

// Size implements fyne.Theme.
func (t *heronTheme) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case theme.SizeNamePadding:
		return 4
	case theme.SizeNameInnerPadding:
		return 8
	case theme.SizeNameText:
		return 14
	case theme.SizeNameCaptionText:
		return 12
	case theme.SizeNameSubHeadingText:
		return 16
	case theme.SizeNameHeadingText:
		return 20
	case theme.SizeNameInlineIcon:
		return 18
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius, theme.SizeNameButtonRadius,
		theme.SizeNameCardRadius, theme.SizeNameDialogRadius, theme.SizeNamePopupRadius, theme.SizeNameMenuRadius:
		return 6
	case theme.SizeNameInputBorder, theme.SizeNameSeparatorThickness:
		return t.light.line
	case theme.SizeNameScrollBar:
		return 10
	default:
		return t.base.Size(n)
	}
}

// Font implements fyne.Theme.
func (t *heronTheme) Font(s fyne.TextStyle) fyne.Resource { return t.base.Font(s) }

// Icon implements fyne.Theme.
func (t *heronTheme) Icon(n fyne.ThemeIconName) fyne.Resource { return t.base.Icon(n) }
