//go:build !windows && !darwin

package tray

import (
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"strings"

	"fyne.io/systray"
	"github.com/godbus/dbus/v5"

	"github.com/heronmail/heron/app/tray/badge"
)

// iconSize is twice the usual height of a panel's icons: hosts halve it
// exactly, and on a dense screen it is sharp.
const iconSize = 44

// run needs no thread of its own here: the icon lives on the session bus.
func run(lay, _ func()) {
	image.RegisterFormat("heron tray icon", pixelMagic, decodePixels, decodePixelConfig)
	start, end := systray.RunWithExternalLoop(nil, nil)
	trays := watchTrays()
	start()
	go registerWith(trays)
	lay()
	end()
}

const (
	trayName   = "org.kde.StatusNotifierWatcher"
	trayPath   = "/StatusNotifierWatcher"
	busName    = "org.freedesktop.DBus"
	ownersPath = "/org/freedesktop/DBus"
	itemPath   = "/StatusNotifierItem"
)

// watchTrays listens for trays that come up, on the connection of systray. That
// listens too, but only after its first try to register: a tray that comes
// between the two, as at the start of a session, would never hear of the icon.
// What comes back is nil without a session bus, of which systray complains.
func watchTrays() <-chan *dbus.Signal {
	conn, err := dbus.SessionBus()
	if err != nil {
		return nil
	}
	err = conn.AddMatchSignal(
		dbus.WithMatchSender(busName), dbus.WithMatchObjectPath(ownersPath), dbus.WithMatchInterface(busName),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, trayName),
	)
	if err != nil {
		return nil
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	return signals
}

// registerWith tells each tray of the icon until the connection is closed. It
// may hear so twice: an icon is known by the connection and path that it is on.
func registerWith(trays <-chan *dbus.Signal) {
	if trays == nil {
		return
	}
	for s := range trays {
		if s.Name != busName+".NameOwnerChanged" || len(s.Body) != 3 || s.Body[0] != trayName || s.Body[2] == "" {
			continue
		}
		conn, err := dbus.SessionBus()
		if err != nil {
			return // it is gone, and the icon with it
		}
		// systray logs what a tray answers.
		conn.Object(trayName, trayPath).Call(trayName+".RegisterStatusNotifierItem", dbus.FlagNoReplyExpected, itemPath)
	}
}

// pixelMagic begins a picture as we hand it to systray: magic, width (32 bit,
// big endian), and the bytes of a square image.NRGBA.
//
// A PNG would not do: StatusNotifierItem wants colours that are not
// premultiplied, and systray sends the low byte of premultiplied 16-bit ones,
// which is a random colour wherever a pixel is half covered.
const pixelMagic = "HERON-NRGBA\x00"

const maxPixels = 512

var errPixels = errors.New("not a tray icon")

func encode(a *badge.Artist, s badge.Spec) ([]byte, error) {
	img := a.Draw(s, iconSize)
	out := binary.BigEndian.AppendUint32([]byte(pixelMagic), iconSize)
	return append(out, img.Pix...), nil
}

func decodePixels(r io.Reader) (image.Image, error) {
	c, err := decodePixelConfig(r)
	if err != nil {
		return nil, err
	}
	img := image.NewNRGBA(image.Rect(0, 0, c.Width, c.Height))
	if _, err := io.ReadFull(r, img.Pix); err != nil {
		return nil, err
	}
	return straight{img}, nil
}

func decodePixelConfig(r io.Reader) (image.Config, error) {
	head := make([]byte, len(pixelMagic)+4)
	if _, err := io.ReadFull(r, head); err != nil {
		return image.Config{}, err
	}
	n := binary.BigEndian.Uint32(head[len(pixelMagic):])
	if n == 0 || n > maxPixels {
		return image.Config{}, errPixels
	}
	return image.Config{ColorModel: color.NRGBAModel, Width: int(n), Height: int(n)}, nil
}

// straight is a picture whose colours say what they are, without regard to how
// much they cover.
type straight struct{ *image.NRGBA }

func (s straight) At(x, y int) color.Color { return straightColour(s.NRGBAAt(x, y)) }

type straightColour color.NRGBA

// RGBA is not premultiplied, see pixelMagic.
func (c straightColour) RGBA() (r, g, b, a uint32) {
	wide := func(v uint8) uint32 { return uint32(v) * 0x101 }
	return wide(c.R), wide(c.G), wide(c.B), wide(c.A)
}

func setTitle(t string) { systray.SetTitle(t) }

// escape keeps an underscore from marking an access key
// (com.canonical.dbusmenu, "label").
func escape(s string) string { return strings.ReplaceAll(s, "_", "__") }
