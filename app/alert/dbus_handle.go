//go:build !windows && !darwin

package alert

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"strconv"
	"strings"
)

// busHandle names a notification of one server on one bus: ids start anew with
// the server, and unique names with the bus.
type busHandle struct {
	bus   string
	owner string
	id    uint32
}

func (h busHandle) String() string {
	return h.bus + "/" + h.owner + "/" + strconv.FormatUint(uint64(h.id), 10)
}

// parseHandle reads what String wrote.
func parseHandle(s string) (busHandle, bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return busHandle{}, false
	}
	id, err := strconv.ParseUint(parts[2], 10, 32)
	if err != nil || id == 0 {
		return busHandle{}, false
	}
	return busHandle{parts[0], parts[1], uint32(id)}, true
}

// escapeMarkup makes text plain in the small markup of notifications.
func escapeMarkup(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// imageData is the hint "image-data", (iiibiiay) on the bus.
type imageData struct {
	Width, Height, Stride int32
	Alpha                 bool
	Bits, Channels        int32
	Pixels                []byte
}

// decodeImage turns a PNG of at most 256 by 256 pixels into a hint; nil for none.
func decodeImage(data []byte) (*imageData, error) {
	if len(data) == 0 {
		return nil, nil //nolint:nilnil // no picture is fine
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decode picture: %w", err)
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w > 256 || h > 256 {
		return nil, fmt.Errorf("picture is %d by %d pixels", w, h)
	}
	pix := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(pix, pix.Rect, img, img.Bounds().Min, draw.Src)
	return &imageData{
		Width: int32(w), Height: int32(h), Stride: int32(pix.Stride),
		Alpha: true, Bits: 8, Channels: 4, Pixels: pix.Pix,
	}, nil
}
