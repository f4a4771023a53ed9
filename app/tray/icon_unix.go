//go:build !windows && !darwin

package tray

import (
	"strings"

	"fyne.io/systray"

	"github.com/heronmail/heron/app/tray/badge"
)

// iconSize is twice the usual height of a panel's icons: hosts halve it
// exactly, and on a dense screen it is sharp.
const iconSize = 44

// run needs no thread of its own here: the icon lives on the session bus.
func run(lay, _ func()) {
	start, end := systray.RunWithExternalLoop(nil, nil)
	start()
	lay()
	end()
}

func encode(a *badge.Artist, s badge.Spec) ([]byte, error) { return a.PNG(s, iconSize) }

func setIcon(data []byte) { systray.SetIcon(data) }

func setTitle(t string) { systray.SetTitle(t) }

// escape keeps an underscore from marking an access key
// (com.canonical.dbusmenu, "label").
func escape(s string) string { return strings.ReplaceAll(s, "_", "__") }
