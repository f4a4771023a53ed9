// Package badge draws the tray icon: the one-coloured bird, a mark at lower
// left for what is wrong or waiting, and a pill at lower right with the number
// of unread messages.
//
// Everything is drawn from distances on a field of 22 by 22 units, so one
// drawing serves every size. The bird and the marks have a lightness between
// the panels they stand on: at least 3:1 against white, #2E3436 and black
// (WCAG 2.2, 1.4.11), which is why they need no outline. A clear gap, not a
// line, parts the layers, so nothing depends on the panel's colour.
//
// To test it: go test ./app/tray/badge. The masters are in testdata; after a
// wanted change, HERON_UPDATE=1 writes them anew, and HERON_SHEET=file.png
// draws every state on every panel to be looked at.
package badge
