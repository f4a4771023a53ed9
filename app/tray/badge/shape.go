package badge

import (
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// point is a place on the field, in units; y grows downwards.
type point struct{ x, y float64 }

// shape tells how far a point is from its edge, in units: negative inside.
type shape interface{ distance(p point) float64 }

// union is the nearest of several shapes.
type union []shape

func (u union) distance(p point) float64 {
	d := math.Inf(1)
	for _, s := range u {
		d = min(d, s.distance(p))
	}
	return d
}

// line is a polyline drawn with a round pen.
type line struct {
	points []point
	half   float64 // half the pen's width
}

func (l line) distance(p point) float64 {
	d := math.Inf(1)
	for i := 1; i < len(l.points); i++ {
		d = min(d, segment(p, l.points[i-1], l.points[i]))
	}
	return math.Sqrt(d) - l.half
}

// area is what closed contours enclose, by the non-zero winding rule.
type area [][]point

func (a area) distance(p point) float64 {
	d, winding := math.Inf(1), 0
	for _, c := range a {
		from := c[len(c)-1]
		for _, to := range c {
			d = min(d, segment(p, from, to))
			side := (to.x-from.x)*(p.y-from.y) - (p.x-from.x)*(to.y-from.y)
			switch {
			case from.y <= p.y && to.y > p.y && side > 0:
				winding++
			case from.y > p.y && to.y <= p.y && side < 0:
				winding--
			}
			from = to
		}
	}
	if winding != 0 {
		return -math.Sqrt(d)
	}
	return math.Sqrt(d)
}

// box is a rectangle with round corners.
type box struct {
	centre        point
	width, height float64
	corner        float64
}

func (b box) distance(p point) float64 {
	x := math.Abs(p.x-b.centre.x) - b.width/2 + b.corner
	y := math.Abs(p.y-b.centre.y) - b.height/2 + b.corner
	return math.Hypot(max(x, 0), max(y, 0)) + min(max(x, y), 0) - b.corner
}

// grown is a shape whose edge is moved outwards.
type grown struct {
	of shape
	by float64
}

func (g grown) distance(p point) float64 { return g.of.distance(p) - g.by }

// rim is a band along the outside of a shape's edge.
type rim struct {
	of    shape
	width float64
}

func (r rim) distance(p point) float64 {
	return math.Abs(r.of.distance(p)-r.width/2) - r.width/2
}

// segment is the square of the distance from p to the nearest point between a
// and b.
func segment(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := 0.0
	if n := dx*dx + dy*dy; n > 0 {
		t = min(1, max(0, ((p.x-a.x)*dx+(p.y-a.y)*dy)/n))
	}
	dx, dy = p.x-a.x-t*dx, p.y-a.y-t*dy
	return dx*dx + dy*dy
}

// curveSteps is into how many straight pieces a curve is cut: enough that the
// error stays below a tenth of a pixel at 256 pixels.
const curveSteps = 14

// cubic appends the curve from the last point of ps.
func cubic(ps []point, b, c, d point) []point {
	a := ps[len(ps)-1]
	for i := 1; i <= curveSteps; i++ {
		t := float64(i) / curveSteps
		u := 1 - t
		ps = append(ps, point{
			u*u*u*a.x + 3*u*u*t*b.x + 3*u*t*t*c.x + t*t*t*d.x,
			u*u*u*a.y + 3*u*u*t*b.y + 3*u*t*t*c.y + t*t*t*d.y,
		})
	}
	return ps
}

// readSVG reads the paths of a drawing: those with a stroke-width become
// lines, the others areas. Only absolute M, L, C and Z are known.
func readSVG(svg []byte) (union, error) {
	var u union
	dec := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		tok, err := dec.Token()
		if tok == nil {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read drawing: %w", err)
		}
		el, ok := tok.(xml.StartElement)
		if !ok || el.Name.Local != "path" {
			continue
		}
		s, err := readPath(el.Attr)
		if err != nil {
			return nil, fmt.Errorf("read path: %w", err)
		}
		u = append(u, s)
	}
	if len(u) == 0 {
		return nil, errors.New("drawing has no path")
	}
	return u, nil
}

func readPath(attrs []xml.Attr) (shape, error) {
	var contours [][]point
	width := 0.0
	var err error
	for _, a := range attrs {
		switch a.Name.Local {
		case "d":
			contours, err = readData(a.Value)
		case "stroke-width":
			width, err = strconv.ParseFloat(a.Value, 64)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case len(contours) == 0:
		return nil, errors.New("no data")
	case width == 0:
		return area(contours), nil
	case len(contours) > 1:
		return nil, errors.New("a line of several pieces")
	}
	return line{contours[0], width / 2}, nil
}

func readData(d string) ([][]point, error) {
	var out [][]point
	words := strings.Fields(d)
	for i := 0; i < len(words); {
		cmd := words[i]
		i++
		if cmd == "Z" {
			continue
		}
		want, ok := map[string]int{"M": 1, "L": 1, "C": 3}[cmd]
		if !ok || len(words) < i+2*want || cmd != "M" && len(out) == 0 {
			return nil, fmt.Errorf("cannot read %q", cmd)
		}
		args := make([]point, want)
		for j := range args {
			x, errX := strconv.ParseFloat(words[i], 64)
			y, errY := strconv.ParseFloat(words[i+1], 64)
			if err := errors.Join(errX, errY); err != nil {
				return nil, err
			}
			args[j] = point{x, y}
			i += 2
		}
		last := len(out) - 1
		switch cmd {
		case "M":
			out = append(out, args)
		case "L":
			out[last] = append(out[last], args[0])
		case "C":
			out[last] = cubic(out[last], args[0], args[1], args[2])
		}
	}
	return out, nil
}
