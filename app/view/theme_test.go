package view

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// luminance is the relative luminance of WCAG 2.2.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) float64 {
		s := float64(v) / 0xFFFF
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextsCanBeRead(t *testing.T) {
	grounds := []fyne.ThemeColorName{
		theme.ColorNameBackground, theme.ColorNameInputBackground, theme.ColorNameHeaderBackground, theme.ColorNameSelection,
	}
	inks := []fyne.ThemeColorName{
		theme.ColorNameForeground, theme.ColorNamePlaceHolder, theme.ColorNameDisabled, theme.ColorNamePrimary,
		theme.ColorNameSuccess, theme.ColorNameWarning, theme.ColorNameError,
	}
	for _, l := range []Look{LookLight, LookDark, LookContrast} {
		th := NewTheme(l, true)
		for _, v := range []fyne.ThemeVariant{theme.VariantLight, theme.VariantDark} {
			for _, g := range grounds {
				for _, i := range inks {
					if c := contrast(th.Color(g, v), th.Color(i, v)); c < 4.5 {
						t.Errorf("look %q, variant %d: %s on %s has %.2f", l, v, i, g, c)
					}
				}
				if g == theme.ColorNameInputBackground {
					if c := contrast(th.Color(g, v), th.Color(theme.ColorNameInputBorder, v)); c < 3 {
						t.Errorf("look %q, variant %d: the border of a field has %.2f", l, v, c)
					}
				}
			}
			if c := contrast(th.Color(theme.ColorNamePrimary, v), th.Color(theme.ColorNameForegroundOnPrimary, v)); c < 4.5 {
				t.Errorf("look %q, variant %d: the main button has %.2f", l, v, c)
			}
			if c := contrast(th.Color(theme.ColorNameButton, v), th.Color(theme.ColorNameForeground, v)); c < 4.5 {
				t.Errorf("look %q, variant %d: buttons have %.2f", l, v, c)
			}
		}
	}
}

func TestADesktopThatSaysNothingIsLight(t *testing.T) {
	th := NewTheme(LookSystem, false)
	ground := func() color.Color { return th.Color(theme.ColorNameBackground, theme.VariantDark) }
	if luminance(ground()) < 0.5 {
		t.Error("dark, though nobody asked for it")
	}
	if !th.Follow(theme.VariantDark) {
		t.Error("what it says is not followed")
	}
	if th.Follow(theme.VariantDark) {
		t.Error("said twice, it looks different")
	}
	if luminance(ground()) > 0.5 {
		t.Error("light on a desktop that says it is dark")
	}
}

func TestAccountsAreToldByColour(t *testing.T) {
	test.NewTempApp(t)
	for _, l := range []Look{LookLight, LookDark, LookContrast} {
		th := NewTheme(l, true)
		fyne.CurrentApp().Settings().SetTheme(th)
		seen := map[color.Color]bool{}
		for i := range 8 {
			c := accountPaint(i)
			if r := contrast(c, theme.Color(theme.ColorNameHeaderBackground)); r < 3 {
				t.Errorf("look %q: account %d has %.2f", l, i, r)
			}
			seen[c] = true
		}
		if len(seen) != 8 || accountPaint(8) != accountPaint(0) {
			t.Errorf("look %q: %d colours", l, len(seen))
		}
	}
}

func TestListsHaveTheColoursOfTheGround(t *testing.T) {
	b := open(t, 960)
	fyne.CurrentApp().Settings().SetTheme(NewTheme(LookDark, true))
	m := NewMain(b.m.p, b.diary)
	m.Show(b.st)
	test.NewTempWindow(t, m.Object()).Resize(fyne.NewSize(960, 640))
	bars := 0
	seen(m.side.list, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if f, ok := o.(*folderItem); ok && f.row.header {
			bars++
			if f.bar.FillColor != color.Color(darkAccounts()[f.row.colour]) {
				t.Errorf("%s has %v", f.row.name, f.bar.FillColor)
			}
		}
	})
	if bars != 2 {
		t.Errorf("%d accounts are seen", bars)
	}
}
