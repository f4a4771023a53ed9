package view

import "fyne.io/fyne/v2"

// Widths at which the columns are put differently.
const (
	threeColumns = 720 // below, the preview goes under the list
	twoColumns   = 480 // below, the folders become a menu
)

// columns lays out sidebar, list and preview side by side, or in less room
// one under the other. The objects are: sidebar, line, list, line, preview.
type columns struct {
	open     func() bool // the preview has something to show
	alone    func() bool // there is nothing but what is said in place of the list
	narrowed func(bool)  // whether the folders are a menu
	narrow   *bool
	was      bool // alone, at the last layout
}

// MinSize implements fyne.Layout.
func (columns) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(340, 260) }

// Layout implements fyne.Layout.
func (c *columns) Layout(os []fyne.CanvasObject, s fyne.Size) {
	side, line1, list, line2, preview := os[0], os[1], os[2], os[3], os[4]
	narrow := s.Width < twoColumns
	if c.narrow == nil || *c.narrow != narrow {
		c.narrow = &narrow
		c.narrowed(narrow)
	}
	c.was = c.alone()
	show(side, !narrow && !c.was)
	show(line1, !narrow && !c.was)
	if c.was {
		show(preview, false)
		show(line2, false)
		rect(list, 0, 0, s.Width, s.Height)
		return
	}
	x := float32(0)
	if !narrow {
		w := min(max(s.Width*0.23, 176), 260)
		rect(side, 0, 0, w, s.Height)
		rect(line1, w, 0, 1, s.Height)
		x = w + 1
	}
	rest := s.Width - x
	if s.Width >= threeColumns {
		show(preview, true)
		show(line2, true)
		w := min(max(rest*0.44, 260), 460)
		rect(list, x, 0, w, s.Height)
		rect(line2, x+w, 0, 1, s.Height)
		rect(preview, x+w+1, 0, rest-w-1, s.Height)
		return
	}
	both := c.open()
	show(preview, both)
	show(line2, both)
	if !both {
		rect(list, x, 0, rest, s.Height)
		return
	}
	h := float32(int(s.Height * 0.42))
	rect(list, x, 0, rest, h)
	rect(line2, x, h, rest, 1)
	rect(preview, x, h+1, rest, s.Height-h-1)
}
