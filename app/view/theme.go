package view

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Look is a choice of colours.
type Look string

// The looks. The system's is light or dark as the desktop says.
const (
	LookSystem   Look = ""
	LookLight    Look = "light"
	LookDark     Look = "dark"
	LookContrast Look = "high-contrast"
)

// Theme is the program's look. It is for Fyne's goroutine.
type Theme struct {
	look Look
	base fyne.Theme // fonts and icons
	told bool       // the system says whether it is dark; else LookSystem is light

	light, dark palette
}

var _ fyne.Theme = (*Theme)(nil)

// NewTheme makes a theme. told says whether Fyne knows if the desktop is dark;
// else LookSystem is light until Follow is called.
func NewTheme(l Look, told bool) *Theme {
	t := &Theme{look: l, told: told, base: theme.DefaultTheme(), light: lightPalette(), dark: darkPalette()}
	if l == LookContrast {
		t.light, t.dark = contrastPalette(false), contrastPalette(true)
	}
	return t
}

// Follow has LookSystem follow the desktop, whose variant is v now. It reports
// whether anything looks different.
func (t *Theme) Follow(v fyne.ThemeVariant) bool {
	was := t.palette(v)
	t.told = true
	return t.palette(v) != was
}

func (t *Theme) palette(v fyne.ThemeVariant) *palette {
	switch {
	case t.look == LookLight:
		return &t.light
	case t.look == LookSystem && !t.told:
		return &t.light // Fyne takes a desktop that says nothing for a dark one
	case t.look == LookDark, v == theme.VariantDark:
		return &t.dark
	default:
		return &t.light
	}
}

// Color implements fyne.Theme.
func (t *Theme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
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
func (t *Theme) Size(n fyne.ThemeSizeName) float32 {
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
func (t *Theme) Font(s fyne.TextStyle) fyne.Resource { return t.base.Font(s) }

// Icon implements fyne.Theme.
func (t *Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return t.base.Icon(n) }
