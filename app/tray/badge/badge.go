package badge

import (
	"image"
	"image/color"
	"math"
	"strconv"

	"github.com/heronmail/heron/assets"
)

// State is what the icon says besides the number.
type State string

// The states of the icon.
const (
	Online     State = "online"     // the plain bird
	Connecting State = "connecting" // three dots at the foot
	Offline    State = "offline"    // the outline only
	Problem    State = "problem"    // a triangle at lower left
	Paused     State = "paused"     // two bars
)

// Spec is everything the icon depends on: equal specs give equal pictures.
type Spec struct {
	State  State
	Unread int // no pill for 0 and below, "99+" above 99
}

// The measures of the drawing, in units of the field.
const (
	field  = 22.0
	gap    = 0.9 // clear space around a mark and a pill
	bottom = 22.0
)

// The colours, 0xRRGGBB; doc.go says why these.
const (
	birdColour    rgb = 0x4A93C8
	offlineColour rgb = 0x808D99
	warnColour    rgb = 0xBC820C
	pillColour    rgb = 0x1D6A9F
	digitColour   rgb = 0xFFFFFF
)

// rgb is an opaque colour.
type rgb uint32

func (c rgb) nrgba() color.NRGBA {
	return color.NRGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 0xFF}
}

// Artist draws icons. It is made once and may be used by several goroutines.
type Artist struct {
	bird   union
	glyphs glyphs
}

// New reads the silhouette and the digits.
func New() (*Artist, error) {
	svg, err := assets.TraySilhouette()
	if err != nil {
		return nil, err
	}
	bird, err := readSVG(svg)
	if err != nil {
		return nil, err
	}
	g, err := loadGlyphs()
	if err != nil {
		return nil, err
	}
	return &Artist{bird: bird, glyphs: g}, nil
}

// layer is a shape in one colour. Before it is painted, what lies beneath is
// cleared up to clear units around it.
type layer struct {
	shape  shape
	colour rgb
	clear  float64 // negative: nothing is cleared
}

// Draw returns the icon, size pixels wide and high (8 to 512), on a
// transparent ground.
func (a *Artist) Draw(s Spec, size int) *image.NRGBA {
	size = min(max(size, 8), 512)
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	scale := float64(size) / field
	for _, l := range a.layers(s) {
		paint(img, l, scale)
	}
	return img
}

func (a *Artist) layers(s Spec) []layer {
	var ls []layer
	if s.State == Offline {
		ls = append(ls, layer{rim{a.bird, 1.15}, offlineColour, -1})
	} else {
		ls = append(ls, layer{a.bird, birdColour, -1})
	}
	text := pillText(s.Unread)
	ls = append(ls, mark(s.State, len(text) > 1)...)
	if text != "" {
		ls = append(ls, a.pill(text)...)
	}
	return ls
}

// mark is what stands at lower left, left of the leg; raised onto the bird's
// back when the pill needs that place.
func mark(s State, raised bool) []layer {
	foot := bottom - 0.25
	if raised {
		foot = 10.25
	}
	switch s {
	case Connecting:
		const radius = 1.15
		y := foot - 1.25
		dots := union{disc(point{1.25, y}, radius), disc(point{4.25, y}, radius), disc(point{7.25, y}, radius)}
		return []layer{{dots, birdColour, gap}}
	case Paused:
		bars := union{
			box{point{2.5, foot - 3.75}, 1.5, 4, 0.3},
			box{point{5.25, foot - 3.75}, 1.5, 4, 0.3},
		}
		return []layer{{disc(point{3.875, foot - 3.75}, 3.75), offlineColour, gap}, {bars, digitColour, -1}}
	case Problem:
		triangle := grown{area{{{4, foot - 6.6}, {7.25, foot - 0.6}, {0.75, foot - 0.6}}}, 0.6}
		shout := union{
			line{[]point{{4, foot - 4.9}, {4, foot - 3}}, 0.65},
			disc(point{4, foot - 1.25}, 0.7),
		}
		return []layer{{triangle, warnColour, gap}, {shout, digitColour, -1}}
	default:
		return nil
	}
}

// disc is a round dot.
func disc(centre point, radius float64) shape {
	return line{[]point{centre, centre}, radius}
}

// pill is the number at lower right.
func (a *Artist) pill(text string) []layer {
	const pillHeight = 10.0
	height, width, pad := 8.0, 0.92, 1.6
	if len(text) > 2 {
		height, width, pad = 7.5, 0.86, 1.4
	}
	wide := a.glyphs.measure(text, height, width)
	w := max(pillHeight, wide+2*pad)
	centre := point{field - w/2, bottom - pillHeight/2}
	digits := a.glyphs.set(text, centre.x-wide/2, centre.y+height/2, height, width)
	return []layer{
		{box{centre, w, pillHeight, pillHeight / 2}, pillColour, gap},
		{digits, digitColour, -1},
	}
}

func pillText(unread int) string {
	switch {
	case unread <= 0:
		return ""
	case unread > 99:
		return "99+"
	default:
		return strconv.Itoa(unread)
	}
}

// tile is the edge of the squares that are looked at as one, in pixels.
const tile = 6

// paint lays one layer over the picture. A distance bounds all distances
// around it, so a look at the middle of a tile tells whether any of its pixels
// can be touched.
func paint(img *image.NRGBA, l layer, scale float64) {
	reach := (tile*math.Sqrt2/2+1)/scale + max(l.clear, 0)
	for y := 0; y < img.Rect.Dy(); y += tile {
		for x := 0; x < img.Rect.Dx(); x += tile {
			middle := point{(float64(x) + tile/2) / scale, (float64(y) + tile/2) / scale}
			if l.shape.distance(middle) < reach {
				paintTile(img, l, scale, x, y)
			}
		}
	}
}

func paintTile(img *image.NRGBA, l layer, scale float64, left, top int) {
	for y := top; y < min(top+tile, img.Rect.Dy()); y++ {
		for x := left; x < min(left+tile, img.Rect.Dx()); x++ {
			d := l.shape.distance(point{(float64(x) + 0.5) / scale, (float64(y) + 0.5) / scale})
			i := img.PixOffset(x, y)
			px := img.Pix[i : i+4 : i+4]
			if l.clear >= 0 {
				px[3] = uint8(float64(px[3])*(1-cover(d-l.clear, scale)) + 0.5)
			}
			over(px, l.colour.nrgba(), cover(d, scale))
		}
	}
}

// cover is how much of a pixel lies inside an edge that is d units away.
func cover(d, scale float64) float64 { return min(1, max(0, 0.5-d*scale)) }

// over blends a colour onto a pixel that is not premultiplied.
func over(px []uint8, c color.NRGBA, alpha float64) {
	if alpha == 0 {
		return
	}
	under := float64(px[3]) / 255 * (1 - alpha)
	sum := alpha + under
	mix := func(old, add uint8) uint8 {
		return uint8((float64(add)*alpha+float64(old)*under)/sum + 0.5)
	}
	px[0], px[1], px[2] = mix(px[0], c.R), mix(px[1], c.G), mix(px[2], c.B)
	px[3] = uint8(sum*255 + 0.5)
}
