package badge

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/png"
)

// PNG draws the icon and encodes it.
func (a *Artist) PNG(s Spec, size int) ([]byte, error) {
	var buf bytes.Buffer
	if err := png.Encode(&buf, a.Draw(s, size)); err != nil {
		return nil, fmt.Errorf("encode icon: %w", err)
	}
	return buf.Bytes(), nil
}

// icoDir and icoEntry are the headers of an ICO file.
type icoDir struct{ Reserved, Type, Count uint16 }

type icoEntry struct {
	Width, Height    uint8 // 0 is 256
	Colours, Padding uint8
	Planes, Bits     uint16
	Size, Offset     uint32
}

// ICO draws the icon in several sizes (each 8 to 256 pixels) and encodes them
// as one Windows icon of PNG pictures, which Windows reads since Vista.
func (a *Artist) ICO(s Spec, sizes ...int) ([]byte, error) {
	const dirSize, entrySize = 6, 16
	head := icoDir{Type: 1, Count: uint16(len(sizes))}
	entries := make([]icoEntry, len(sizes))
	var pictures bytes.Buffer
	for i, size := range sizes {
		size = min(max(size, 8), 256)
		pic, err := a.PNG(s, size)
		if err != nil {
			return nil, err
		}
		entries[i] = icoEntry{
			Width: uint8(size % 256), Height: uint8(size % 256), Planes: 1, Bits: 32,
			Size:   uint32(len(pic)),
			Offset: uint32(dirSize + entrySize*len(sizes) + pictures.Len()),
		}
		pictures.Write(pic)
	}
	var out bytes.Buffer
	for _, part := range []any{head, entries} {
		if err := binary.Write(&out, binary.LittleEndian, part); err != nil {
			return nil, fmt.Errorf("encode icon: %w", err)
		}
	}
	out.Write(pictures.Bytes())
	return out.Bytes(), nil
}
