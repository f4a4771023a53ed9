// Package view draws Heron's main window: folders, message list, preview,
// activity and the line that says how each account stands. It takes a [State],
// which it never changes, and tells what the user did through [Intents]. It
// holds no logic of mail: nothing here asks a server or keeps data beyond what
// is on the screen.
//
// What it promises:
//
//   - [Main.Show] may be called as often as something changes; it redraws what
//     differs. Memory does not depend on the length of a list, see [Rows].
//   - What a sender wrote is cleaned before it is drawn.
//   - Everything can be reached with the keyboard alone.
//
// All functions are for Fyne's goroutine only.
//
// To test it: go test ./app/view. The tests use Fyne's test driver and need no
// display.
package view
