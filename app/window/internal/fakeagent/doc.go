// Package fakeagent is an agent made of plain data, for tests of the window and
// for looking at it: it implements control.Backend without an engine. What it
// shows is set by its fields and methods, and every call can be made to fail.
//
// To look at the window with it:
//
//	go run ./app/window/internal/fakeagent/serve --data-dir /tmp/look &
//	heron-window --data-dir /tmp/look
package fakeagent
