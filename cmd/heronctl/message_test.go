package main

import (
	"strings"
	"testing"
)

// TestEveryListedMessageCanBeNamed: one that has no UID yet, as it was moved here
// offline, is listed by the id that every command takes.
func TestEveryListedMessageCanBeNamed(t *testing.T) {
	f := sample()
	f.messages[0].UID = 0
	o := try(t, &fakes{worker: f}, "message", "list", "work", "INBOX")
	lines := strings.Split(o.out, "\n")
	if o.code != 0 || len(lines) != 3 {
		t.Fatalf("exit %d, %q", o.code, o.out)
	}
	for i, want := range []string{"id:204", "16"} {
		name := strings.Fields(lines[i])[0]
		if name != want {
			t.Errorf("row %d is named %q, want %q", i, name, want)
		}
		target := []string{"work", "INBOX", name}
		if o := try(t, &fakes{worker: f}, append([]string{"message", "archive"}, target...)...); o.code != 0 {
			t.Errorf("archiving %s: exit %d, %s", name, o.code, o.errOut)
		}
	}
}
