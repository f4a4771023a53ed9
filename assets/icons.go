package assets

import (
	"embed"
	"fmt"
)

//go:embed icon/heron-*.png icon/heron-tray.svg icon/heron.svg
var icons embed.FS

// IconSizes are the edge lengths in pixels at which the program icon is kept,
// smallest first.
func IconSizes() []int { return []int{16, 22, 24, 32, 48, 64, 128, 256} }

// Icon returns the program icon as PNG, in the smallest kept size that is at
// least size pixels wide, or the largest.
func Icon(size int) ([]byte, error) {
	best := 0
	for _, s := range IconSizes() {
		best = s
		if s >= size {
			break
		}
	}
	return icons.ReadFile(fmt.Sprintf("icon/heron-%d.png", best))
}

// TraySilhouette returns the one-coloured bird as SVG on a field of 22 by 22,
// from which package badge draws.
func TraySilhouette() ([]byte, error) { return icons.ReadFile("icon/heron-tray.svg") }

// IconSVG returns the program icon as SVG.
func IconSVG() ([]byte, error) { return icons.ReadFile("icon/heron.svg") }
