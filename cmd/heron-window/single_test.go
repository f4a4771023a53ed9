package main

import (
	"log/slog"
	"testing"

	"github.com/heronmail/heron/sync/config"
)

func TestOneWindowAtATime(t *testing.T) {
	dirs, err := config.DirsUnder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	release, ok := alone(dirs, log)
	if !ok {
		t.Fatal("the first window is refused")
	}
	if _, ok := alone(dirs, log); ok {
		t.Error("a second window is let in")
	}
	release()
	release, ok = alone(dirs, log)
	if !ok {
		t.Error("after the first has ended, the next is refused")
	}
	release()
}
