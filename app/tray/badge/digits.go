package badge

import (
	"fmt"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// glyphs are the characters of a pill, one unit high and with the baseline at
// y = 0. The digits are tabular: a number does not jump as it counts.
type glyphs map[rune]glyph

type glyph struct {
	outline area
	advance float64
}

// loadGlyphs takes the digits and the plus sign from the Go font.
func loadGlyphs() (glyphs, error) {
	f, err := sfnt.Parse(gobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	const em = 1 << 12 // fine enough to lose nothing in fixed point
	var buf sfnt.Buffer
	out := make(glyphs, 11)
	height := 0.0
	// The zero first: the height of the digits is its height.
	for _, r := range "0123456789+" {
		i, err := f.GlyphIndex(&buf, r)
		if err != nil {
			return nil, fmt.Errorf("find glyph %q: %w", r, err)
		}
		segments, err := f.LoadGlyph(&buf, i, fixed.I(em), nil)
		if err != nil {
			return nil, fmt.Errorf("load glyph %q: %w", r, err)
		}
		if r == '0' {
			b := segments.Bounds()
			height = float64(b.Max.Y-b.Min.Y) / 64
		}
		outline := trace(segments, 1/height)
		advance, err := f.GlyphAdvance(&buf, i, fixed.I(em), font.HintingNone)
		if err != nil {
			return nil, fmt.Errorf("measure glyph %q: %w", r, err)
		}
		out[r] = glyph{outline, float64(advance) / 64 / height}
	}
	return out, nil
}

func trace(segments sfnt.Segments, scale float64) area {
	at := func(p fixed.Point26_6) point {
		return point{float64(p.X) / 64 * scale, float64(p.Y) / 64 * scale}
	}
	var out area
	for _, s := range segments {
		last := len(out) - 1
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			out = append(out, []point{at(s.Args[0])})
		case sfnt.SegmentOpLineTo:
			out[last] = append(out[last], at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			a, b, c := out[last][len(out[last])-1], at(s.Args[0]), at(s.Args[1])
			out[last] = cubic(out[last],
				point{a.x + (b.x-a.x)*2/3, a.y + (b.y-a.y)*2/3},
				point{c.x + (b.x-c.x)*2/3, c.y + (b.y-c.y)*2/3}, c)
		case sfnt.SegmentOpCubeTo:
			out[last] = cubic(out[last], at(s.Args[0]), at(s.Args[1]), at(s.Args[2]))
		}
	}
	return out
}

// set places text with its left edge at x and its baseline at y. The digits
// are height units high and width times as wide as the font has them.
func (g glyphs) set(text string, x, y, height, width float64) union {
	u := make(union, 0, len(text))
	for _, r := range text {
		gl := g[r]
		placed := make(area, len(gl.outline))
		for i, c := range gl.outline {
			placed[i] = make([]point, len(c))
			for j, p := range c {
				placed[i][j] = point{x + p.x*height*width, y + p.y*height}
			}
		}
		u = append(u, placed)
		x += gl.advance * height * width
	}
	return u
}

// measure is how wide set makes the text.
func (g glyphs) measure(text string, height, width float64) float64 {
	sum := 0.0
	for _, r := range text {
		sum += g[r].advance
	}
	return sum * height * width
}
