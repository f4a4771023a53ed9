package view

import (
	"sort"
	"strconv"

	"fyne.io/fyne/v2"

	"github.com/heronmail/heron/sync/i18n"
)

// Measures of LOOK, in Fyne's device-independent pixels.
const (
	unit        = 4
	gap         = 8  // inside a group
	groupGap    = 16 // between groups
	textSize    = 14
	smallSize   = 13
	captionSize = 12
	titleSize   = 16
	barHeight   = 44
	statusLine  = 28
	folderRow   = 28
	messageRow  = 56
	accountBar  = 4
)

// maxMeasured bounds what is measured: no row is that wide.
const maxMeasured = 400 // runes

// elide shortens s to width. Subjects lose their end, addresses and paths
// their middle.
func elide(s string, size, width float32, style fyne.TextStyle, middle bool) string {
	if s == "" || width <= 0 {
		return ""
	}
	runes := []rune(s)
	if len(runes) <= maxMeasured && measure(s, size, style) <= width {
		return s
	}
	if len(runes) > maxMeasured && !middle {
		runes = runes[:maxMeasured]
	}
	cut := func(n int) string {
		if !middle {
			return string(runes[:n]) + "…"
		}
		left := (n + 1) / 2
		return string(runes[:left]) + "…" + string(runes[len(runes)-(n-left):])
	}
	// The first length that is too wide.
	n := sort.Search(min(len(runes), maxMeasured), func(n int) bool { return measure(cut(n), size, style) > width })
	if n <= 1 {
		return "…"
	}
	return cut(n - 1)
}

func measure(s string, size float32, style fyne.TextStyle) float32 {
	return fyne.MeasureText(s, size, style).Width
}

// fileSize writes a number of bytes as people do.
func fileSize(p *i18n.Printer, n int64) string {
	switch {
	case n < 1000:
		return p.T("window.size.bytes", "Count", int(n))
	case n < 1000*1000:
		return p.T("window.size.kb", "N", p.Number(int((n+500)/1000)))
	default:
		tenths := int((n + 50_000) / 100_000)
		return p.T("window.size.mb", "N", p.T("window.size.decimal", "Whole", strconv.Itoa(tenths/10), "Tenth", strconv.Itoa(tenths%10)))
	}
}

// count writes the number of a badge.
func count(p *i18n.Printer, n int) string {
	if n > 99_999 {
		return p.Number(99_999) + "+"
	}
	return p.Number(n)
}
