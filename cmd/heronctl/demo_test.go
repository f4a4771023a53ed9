package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/demo"
	"github.com/heronmail/heron/sync/mail"
)

// tellDemo runs the demo on a fake whose second machine does every kind of act.
func tellDemo(t *testing.T, f *fake, args ...string) outcome {
	t.Helper()
	return tryIn(t.Context(), t, &fakes{}, func(e *env) {
		e.Demo = func(_ context.Context, told func(demo.StoryEvent)) (session, error) {
			for _, k := range []demo.StoryKind{
				demo.Delivered, demo.Read, demo.Starred, demo.Unstarred, demo.Filed, demo.Deleted, demo.FolderCreated, demo.FolderRemoved,
			} {
				told(demo.StoryEvent{Kind: k, Subject: "Lun\u202ech", From: "Ann Lee", Folder: "Receipts", Time: now})
			}
			return f, nil
		}
	}, append([]string{"demo"}, args...)...)
}

func TestDemoTellsBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		f := sample()
		o := tellDemo(t, f, "--for", "40s")
		if o.code != 0 || o.errOut != "" || time.Since(began) != 40*time.Second || f.closed != 1 || f.query.Since != 0 {
			t.Errorf("exit %d after %v, %d closed: %s", o.code, time.Since(began), f.closed, o.errOut)
		}
		compare(t, "demo.txt", o.out)
		o = tellDemo(t, sample(), "--for", "1s", "--json")
		compare(t, "demo.json", o.out)
	})
	f := sample()
	f.eventsEnd = &mail.Fault{Code: mail.CodeDiskFull, Class: mail.ClassLocal}
	if o := tellDemo(t, f); o.code != 1 || f.closed != 1 {
		t.Errorf("a demo that breaks: exit %d, %d closed", o.code, f.closed)
	}
	if o := tellDemo(t, f, "--for=0s"); o.code != 2 {
		t.Errorf("a demo of no time ends with %d", o.code)
	}
	if o := tellDemo(t, f, "--for=-1s"); o.code != 2 {
		t.Errorf("a negative time: exit %d", o.code)
	}
}

// TestDemoIsTrue: what the second machine does is noticed, and nothing is left
// behind, without a home or a keyring.
func TestDemoIsTrue(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	cmd := exec.Command(built(t), "demo", "--json")
	cmd.Env = []string{"HOME=/nowhere", "TMPDIR=" + tmp}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	var did []string
	noticed := false
	for sc := bufio.NewScanner(out); sc.Scan(); {
		var line struct {
			api.Event
			Act string `json:"act"`
		}
		if err := json.Unmarshal(sc.Bytes(), &line); err != nil {
			t.Errorf("%v: %s", err, sc.Text())
		}
		if line.Act != "" {
			did = append(did, line.Act)
		}
		if len(did) > 0 && line.Origin == mail.Elsewhere && line.Rev > 0 && !noticed {
			noticed = true
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || !noticed {
		t.Errorf("the demo ended with %v; it did %s, and Heron noticed: %v", err, strings.Join(did, ", "), noticed)
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
