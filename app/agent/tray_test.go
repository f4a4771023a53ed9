package agent

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestNoTray: a tray that is missing is a problem after a while, and said if it
// never was there.
func TestNoTray(t *testing.T) {
	type step struct {
		after time.Duration
		tray  string // "there", "gone", or "" to only look
		want  []string
	}
	for name, steps := range map[string][]step{
		"it never comes": {
			{time.Second, "gone", nil},
			{trayPatience - time.Second, "", nil},
			{time.Minute, "", []string{"problem", "say"}},
		},
		"it comes late": {
			{time.Second, "gone", nil},
			{time.Minute, "there", []string{"problem", "say", "fine"}},
			{time.Minute, "", []string{"problem", "say", "fine"}},
		},
		"it starts anew": {
			{time.Second, "there", []string{"fine"}},
			{time.Hour, "gone", []string{"fine"}},
			{time.Second, "there", []string{"fine", "fine"}},
			{time.Hour, "", []string{"fine", "fine"}},
		},
		"it goes": {
			{time.Second, "there", []string{"fine"}},
			{time.Hour, "gone", []string{"fine"}},
			{time.Minute, "", []string{"fine", "problem"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var did []string
				done := make(chan string, 10)
				found := make(chan bool)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go minTray(ctx, found, func(is bool) {
					done <- map[bool]string{true: "problem", false: "fine"}[is]
				}, func() { done <- "say" })
				for i, s := range steps {
					time.Sleep(s.after)
					if s.tray != "" {
						found <- s.tray == "there"
					}
					synctest.Wait()
					for len(done) > 0 {
						did = append(did, <-done)
					}
					if !slices.Equal(did, s.want) {
						t.Fatalf("after step %d: %v, want %v", i, did, s.want)
					}
				}
			})
		})
	}
}
