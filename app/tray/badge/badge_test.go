package badge

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// specs are the pictures that are kept as masters.
func specs() []Spec {
	return []Spec{
		{Online, 0},
		{Online, 1},
		{Online, 7},
		{Online, 42},
		{Online, 99},
		{Online, 100},
		{Connecting, 0},
		{Connecting, 12},
		{Connecting, 1000},
		{Offline, 0},
		{Offline, 3},
		{Offline, 38},
		{Problem, 0},
		{Problem, 5},
		{Problem, 27},
		{Problem, 250},
		{Paused, 0},
		{Paused, 8},
		{Paused, 64},
		{Paused, 164},
	}
}

func artist(t *testing.T) *Artist {
	t.Helper()
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMasters(t *testing.T) {
	a := artist(t)
	for _, s := range specs() {
		for _, size := range []int{22, 44} {
			name := fmt.Sprintf("%s-%d-%d.png", s.State, s.Unread, size)
			t.Run(name, func(t *testing.T) {
				path := filepath.Join("testdata", name)
				got := a.Draw(s, size)
				if os.Getenv("HERON_UPDATE") != "" {
					data, err := a.PNG(s, size)
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, data, 0o600); err != nil {
						t.Fatal(err)
					}
					return
				}
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				want, err := png.Decode(bytes.NewReader(data))
				if err != nil {
					t.Fatal(err)
				}
				// Processors differ in the last bit of a product and a sum.
				if n := differing(got, want, 3); n > 0 {
					t.Errorf("%d pixels differ from %s", n, path)
				}
			})
		}
	}
}

// differing counts the pixels that differ by more than slack in any channel.
func differing(a *image.NRGBA, b image.Image, slack int) int {
	if a.Bounds() != b.Bounds() {
		return a.Rect.Dx() * a.Rect.Dy()
	}
	n := 0
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			p := a.NRGBAAt(x, y)
			q, ok := color.NRGBAModel.Convert(b.At(x, y)).(color.NRGBA)
			if !ok {
				return a.Rect.Dx() * a.Rect.Dy()
			}
			far := func(i, j uint8) bool { return int(i)-int(j) > slack || int(j)-int(i) > slack }
			if far(p.A, q.A) || p.A > 8 && (far(p.R, q.R) || far(p.G, q.G) || far(p.B, q.B)) {
				n++
			}
		}
	}
	return n
}

// panels are the grounds that LOOK names.
func panels() []rgb { return []rgb{0xFFFFFF, 0x2E3436, 0x000000} }

func TestContrast(t *testing.T) {
	for _, ground := range panels() {
		for name, c := range map[string]rgb{"bird": birdColour, "offline": offlineColour, "warn": warnColour} {
			if r := contrast(c, ground); r < 3 {
				t.Errorf("%s on %06X: contrast %.2f, want 3 at least", name, ground, r)
			}
		}
	}
	if r := contrast(digitColour, pillColour); r < 4.5 {
		t.Errorf("digits on the pill: contrast %.2f, want 4.5 at least", r)
	}
}

// contrast is the ratio of WCAG 2.2.
func contrast(a, b rgb) float64 {
	lum := func(v rgb) float64 {
		c := v.nrgba()
		lin := func(v uint8) float64 {
			f := float64(v) / 255
			if f <= 0.04045 {
				return f / 12.92
			}
			return math.Pow((f+0.055)/1.055, 2.4)
		}
		return 0.2126*lin(c.R) + 0.7152*lin(c.G) + 0.0722*lin(c.B)
	}
	x, y := lum(a)+0.05, lum(b)+0.05
	return max(x, y) / min(x, y)
}

// The digits are at least 7 pixels high at 22, as LOOK asks, in every number.
func TestDigitHeight(t *testing.T) {
	a := artist(t)
	for _, text := range []string{"1", "8", "42", "99+"} {
		layers := a.pill(text)
		digits := layers[len(layers)-1].shape
		top, low := math.Inf(1), math.Inf(-1)
		for y := bottom - 10; y < field; y += 0.1 {
			for x := 0.0; x < field; x += 0.2 {
				if digits.distance(point{x, y}) < 0 {
					top, low = min(top, y), max(low, y)
				}
			}
		}
		if low-top < 7 {
			t.Errorf("%q is %.2f high, want 7 at least", text, low-top)
		}
		if low >= bottom || top < bottom-10 {
			t.Errorf("%q reaches from %.2f to %.2f: out of its pill", text, top, low)
		}
	}
}

func TestDigitsAreTabular(t *testing.T) {
	g := artist(t).glyphs
	for r := '1'; r <= '9'; r++ {
		if g[r].advance != g['0'].advance {
			t.Errorf("%q is %.3f wide, 0 is %.3f", r, g[r].advance, g['0'].advance)
		}
	}
}

func TestPillText(t *testing.T) {
	for n, want := range map[int]string{-1: "", 0: "", 1: "1", 99: "99", 100: "99+", 20000: "99+"} {
		if got := pillText(n); got != want {
			t.Errorf("pillText(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestICO(t *testing.T) {
	sizes := []int{16, 24, 32, 256}
	data, err := artist(t).ICO(Spec{Online, 3}, sizes...)
	if err != nil {
		t.Fatal(err)
	}
	var head icoDir
	entries := make([]icoEntry, len(sizes))
	r := bytes.NewReader(data)
	for _, part := range []any{&head, entries} {
		if err := binary.Read(r, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	if head.Type != 1 || int(head.Count) != len(sizes) {
		t.Fatalf("head %+v", head)
	}
	for i, e := range entries {
		pic, err := png.Decode(bytes.NewReader(data[e.Offset : e.Offset+e.Size]))
		if err != nil {
			t.Fatalf("picture %d: %v", i, err)
		}
		if pic.Bounds().Dx() != sizes[i] || int(e.Width) != sizes[i]%256 {
			t.Errorf("picture %d is %d wide, entry says %d, want %d", i, pic.Bounds().Dx(), e.Width, sizes[i])
		}
	}
}

func TestReadSVGRefuses(t *testing.T) {
	for _, d := range []string{"", "L 1 2", "M 1", "M 1 x", "M 1 2 Q 3 4 5 6", "m 1 2"} {
		if _, err := readSVG([]byte(`<svg><path d="` + d + `"/></svg>`)); err == nil {
			t.Errorf("path %q was taken", d)
		}
	}
	if _, err := readSVG([]byte(`<svg><path d="M 1 2 L 3 4"`)); err == nil {
		t.Error("half a file was taken")
	}
}

// TestSheet draws every state on every panel, as it is and enlarged, into the
// file that HERON_SHEET names, to be looked at.
func TestSheet(t *testing.T) {
	file := os.Getenv("HERON_SHEET")
	if file == "" {
		file = filepath.Join(t.TempDir(), "sheet.png")
	}
	a := artist(t)
	const cell = 104
	sizes := []int{16, 22, 44}
	sheet := image.NewNRGBA(image.Rect(0, 0, cell*len(specs()), cell*len(sizes)*len(panels())))
	for col, s := range specs() {
		for i, size := range sizes {
			drawn := a.Draw(s, size)
			for row, ground := range panels() {
				at := image.Rect(col*cell, (row*len(sizes)+i)*cell, (col+1)*cell, (row*len(sizes)+i+1)*cell)
				draw.Draw(sheet, at, image.NewUniform(ground.nrgba()), image.Point{}, draw.Src)
				pic := enlarge(drawn, (cell-8)/size)
				draw.Draw(sheet, pic.Bounds().Add(at.Min).Add(image.Pt(4, 4)), pic, image.Point{}, draw.Over)
			}
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, sheet); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func enlarge(img *image.NRGBA, by int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, img.Rect.Dx()*by, img.Rect.Dy()*by))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.SetNRGBA(x, y, img.NRGBAAt(x/by, y/by))
		}
	}
	return out
}

func BenchmarkPNG(b *testing.B) {
	a, err := New()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := a.PNG(Spec{Problem, 250}, 44); err != nil {
			b.Fatal(err)
		}
	}
}
