package view

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// room is empty room of a height.
func room(h float32) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(1, h))
	return r
}

// Stack puts objects under each other, each as wide as there is room. Labels
// have room around them already; Overlap takes some of it away.
type Stack struct{ Overlap float32 }

// MinSize implements fyne.Layout.
func (l Stack) MinSize(os []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	over := float32(0)
	for _, o := range os {
		if o.Visible() {
			m := o.MinSize()
			s.Width = max(s.Width, m.Width)
			s.Height += m.Height - over
			over = l.Overlap
		}
	}
	return s
}

// Layout implements fyne.Layout.
func (l Stack) Layout(os []fyne.CanvasObject, s fyne.Size) {
	y := float32(0)
	for _, o := range os {
		if !o.Visible() {
			continue
		}
		o.Resize(fyne.NewSize(s.Width, o.MinSize().Height))
		h := o.MinSize().Height // of a wrapped label, known once it has its width
		rect(o, 0, y, s.Width, h)
		y += h - l.Overlap
	}
}

// frame puts a head above and a foot below what fills the rest. The objects are:
// head, middle, foot.
type frame struct{}

// MinSize implements fyne.Layout.
func (frame) MinSize(os []fyne.CanvasObject) fyne.Size { return Stack{}.MinSize(os) }

// Layout implements fyne.Layout.
func (frame) Layout(os []fyne.CanvasObject, s fyne.Size) {
	os[0].Resize(fyne.NewSize(s.Width, os[0].MinSize().Height))
	top, bottom := os[0].MinSize().Height, os[2].MinSize().Height // with wrapped labels at their width
	rect(os[0], 0, 0, s.Width, top)
	rect(os[1], 0, top, s.Width, s.Height-top-bottom)
	rect(os[2], 0, s.Height-bottom, s.Width, bottom)
}
