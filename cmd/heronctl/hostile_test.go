//go:build linux

package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// mostMemory is what a hostile server may make heronctl use at its highest, in KiB.
const mostMemory = 100 << 10

// hostileCase is what a server does. Without a text it is survived: the account
// is in step. With one it is told as a problem that names the server.
type hostileCase struct {
	caps   string // beside IMAP4rev1
	answer func(c *victim, tag, cmd string) bool
	text   string
	then   func(*testing.T, *rig)
}

// to answers commands that begin with word in its own way, and whose it is not
// in the usual one.
func to(word string, answer func(c *victim, tag, cmd string) bool) func(*victim, string, string) bool {
	return func(c *victim, tag, cmd string) bool { return strings.HasPrefix(cmd, word) && answer(c, tag, cmd) }
}

// envelopes answers what asks for messages.
func envelopes(answer func(c *victim, tag string) bool) func(*victim, string, string) bool {
	return func(c *victim, tag, cmd string) bool { return strings.Contains(cmd, "ENVELOPE") && answer(c, tag) }
}

const nasty = "a\x00b\r\nc\u202edcb\u2066\x1b[2J"

func hostileCases() map[string]hostileCase {
	line, mega := strings.Repeat("a", 1000), strings.Repeat("word ", 200_000)
	return map[string]hostileCase{
		"line without end": {text: "line", answer: to("LIST", func(c *victim, _, _ string) bool {
			c.say("* LIST () \"/\" ")
			return c.forever(func(int) { c.say("%s", line) })
		})},
		"literal of 4 GB": {text: "literal", answer: envelopes(func(c *victim, _ string) bool {
			c.say("* 1 FETCH (UID 1 ENVELOPE (NIL {4294967296}\r\n")
			return c.forever(func(int) { c.say("%s", line) })
		})},
		"literal of 30 MB": {answer: envelopes(func(c *victim, tag string) bool {
			c.message(1, strings.Repeat(mega, 30), "")
			c.say("%s OK done\r\n", tag)
			return true
		}), then: hasMessages(1)},
		"two hundred subjects of 1 MB": {answer: envelopes(func(c *victim, tag string) bool {
			for i := range 200 {
				c.message(i%3+1, mega, "")
			}
			c.say("%s OK done\r\n", tag)
			return true
		}), then: hasMessages(3)},
		"a hundred thousand keywords": {answer: envelopes(func(c *victim, tag string) bool {
			var words strings.Builder
			for i := range 100_000 {
				words.WriteString("word" + strconv.Itoa(i) + " ")
			}
			for i := range 3 {
				c.message(i+1, "hello", words.String())
			}
			c.say("%s OK done\r\n", tag)
			return true
		}), then: hasMessages(3)},
		"10 million EXISTS": {text: "too many responses", answer: to("SELECT", func(c *victim, _, _ string) bool {
			return c.forever(func(i int) { c.say("* %d EXISTS\r\n", i) })
		})},
		"10 million UIDs":          {text: "line", caps: " ESEARCH", answer: manyUIDs(10_000_000, 1)},
		"as many UIDs as can be":   {caps: " ESEARCH", answer: manyUIDs(1_300_000, 2), then: hasMessages(0)},
		"more UIDs than messages":  {text: "SEARCH", caps: " ESEARCH", answer: allUIDs(600, 4_294_967_294)},
		"all messages that can be": {text: "FETCH", caps: " ESEARCH", answer: allUIDs(2_000_000_000, 2_000_000_000)},
		"messages without end": {text: "too many", answer: envelopes(func(c *victim, _ string) bool {
			return c.forever(func(i int) { c.message(i, line[:i%100], "a b c") })
		})},
		"flags without end": {text: "too many", answer: envelopes(func(c *victim, _ string) bool {
			return c.forever(func(i int) { c.say("* %d FETCH (UID %d FLAGS (\\Seen a b c))\r\n", i, i) })
		})},
		"a million folders": {text: "too many folders", answer: to("LIST", func(c *victim, _, _ string) bool {
			return c.forever(func(i int) { c.say("* LIST (\\HasNoChildren) \"/\" folder%d\r\n", i) })
		})},
		"folders with long names": {text: "too many folders", answer: to("LIST", func(c *victim, _, _ string) bool {
			return c.forever(func(i int) { c.say("* LIST () \"/\" %s%s%s%d\r\n", line, line, line, i) })
		})},
		"roles with long names": {text: "too many folders", caps: " XLIST", answer: to("XLIST", func(c *victim, _, _ string) bool {
			return c.forever(func(i int) { c.say("* XLIST (\\Trash) \"/\" folder%d&%s%s%s\r\n", i, line, line, line) })
		})},
		"nasty names": {answer: nastyNames, then: nothingEscaped},
	}
}

// manyUIDs is a mailbox that claims n messages, step apart, and has none.
func manyUIDs(n, step int) func(*victim, string, string) bool {
	return func(c *victim, tag, cmd string) bool {
		switch {
		case strings.HasPrefix(cmd, "STATUS"):
			c.say("* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN 3)\r\n%s OK done\r\n", n, n*step+1, tag)
		case strings.HasPrefix(cmd, "SELECT"):
			c.say("* %d EXISTS\r\n* OK [UIDVALIDITY 7] hm\r\n* OK [UIDNEXT %d] hm\r\n%s OK done\r\n", n, n*step+1, tag)
		case strings.HasPrefix(cmd, "UID SEARCH"):
			c.say("* ESEARCH (TAG \"%s\") UID ALL 1", tag)
			for i := 1; i < n && !c.gone; i++ {
				c.say(",%d", 1+i*step)
			}
			c.say("\r\n%s OK done\r\n", tag)
		case strings.HasPrefix(cmd, "UID FETCH"):
			c.say("* BYE that is all\r\n")
			c.gone = true
		case strings.HasPrefix(cmd, "FETCH"):
			c.say("%s OK none of them\r\n", tag)
		default:
			return false
		}
		return true
	}
}

// allUIDs is a mailbox that claims n messages and all UIDs up to one, and has none.
func allUIDs(n, last int) func(*victim, string, string) bool {
	return func(c *victim, tag, cmd string) bool {
		switch {
		case strings.HasPrefix(cmd, "STATUS"):
			c.say("* STATUS INBOX (MESSAGES %d UIDNEXT 4294967295 UIDVALIDITY 7 UNSEEN 3)\r\n", n)
		case strings.HasPrefix(cmd, "SELECT"):
			c.say("* %d EXISTS\r\n* OK [UIDVALIDITY 7] hm\r\n* OK [UIDNEXT 4294967295] hm\r\n", n)
		case strings.HasPrefix(cmd, "UID SEARCH"):
			c.say("* ESEARCH (TAG \"%s\") UID ALL 1:%d\r\n", tag, last)
		case strings.Contains(cmd, "FETCH"):
		default:
			return false
		}
		c.say("%s OK done\r\n", tag)
		return true
	}
}

func nastyNames(c *victim, tag, cmd string) bool {
	switch {
	case strings.HasPrefix(cmd, "LIST"):
		c.say("* LIST () \"/\" INBOX\r\n")
		for _, name := range []string{"../../x", "..", "/etc/passwd", nasty, "\xff\xfe", "CON", strings.Repeat("a/", 1000), ""} {
			c.say("* LIST () \"/\" {%d}\r\n%s\r\n", len(name), name)
		}
		c.say("* LIST () {1}\r\n\x00 {3}\r\na\x00b\r\n* LIST ({1}\r\na) {1}\r\n/ {1}\r\nb {2}\r\nxx\r\n%s OK done\r\n", tag)
	case strings.HasPrefix(cmd, "STATUS"):
		c.say("* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 3)\r\n%s OK done\r\n", tag)
	case strings.Contains(cmd, "ENVELOPE"):
		for i := range 3 {
			c.message(i+1, nasty, "")
		}
		c.say("%s OK done\r\n", tag)
	default:
		return false
	}
	return true
}

// hasMessages: the inbox has so many.
func hasMessages(n int) func(*testing.T, *rig) {
	return func(t *testing.T, r *rig) {
		t.Helper()
		var ms []api.Message
		r.ok(&ms, "message", "list", "bad", "INBOX")
		if len(ms) != n {
			t.Errorf("%d messages in the inbox, want %d", len(ms), n)
		}
	}
}

// nothingEscaped: no file is where a folder's name would put it, and nothing
// that was said reaches a terminal as it came.
func nothingEscaped(t *testing.T, r *rig) {
	t.Helper()
	hasMessages(3)(t, r)
	entries, err := os.ReadDir(filepath.Dir(r.data))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == "x" {
			t.Error("a folder's name made a file")
		}
	}
	for _, args := range [][]string{{"folder", "list", "bad"}, {"message", "list", "bad", "INBOX"}, {"activity"}, {"status"}} {
		o := r.run("", args...)
		if o.code != 0 || strings.ContainsAny(o.out, "\x00\x1b\u202e\u2066") {
			t.Errorf("heronctl %v: exit %d: %q", args, o.code, o.out)
		}
	}
}

// TestHostileServers: whatever a server says, heronctl neither crashes nor
// takes more memory than it may, and what cannot be borne is said, with the
// name of the server.
func TestHostileServers(t *testing.T) {
	desk := desktop.Start(t, desktop.Options{Keyring: true})
	for name, test := range hostileCases() {
		t.Run(name, func(t *testing.T) {
			h := &hostile{caps: "IMAP4rev1" + test.caps, answer: test.answer}
			h.start(t)
			r := &rig{t: t, bin: built(t), data: filepath.Join(t.TempDir(), "data"), desk: desk}
			r.addHostile(h)
			h.armed.Store(true)
			test.sync(t, r)
		})
	}
}

// sync brings the account in step, as far as it can be.
func (h hostileCase) sync(t *testing.T, r *rig) {
	t.Helper()
	cmd := r.command("sync", "--json")
	cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "GOMEMLIMIT=") || strings.HasPrefix(v, "GOGC=") })
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	highest := make(chan int, 1)
	go func() { highest <- watchMemory(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	close(ended)
	most := <-highest
	t.Logf("%d MiB at the highest, %v of a processor", most>>10, cmd.ProcessState.UserTime())
	if most == 0 || most > mostMemory {
		t.Errorf("heronctl took %d MiB", most>>10)
	}
	var st api.Status
	r.ok(&st, "status")
	if len(st.Accounts) != 1 {
		t.Fatalf("status: %+v", st)
	}
	p, has := hasProblem(st.Accounts[0].Problems, mail.CodeBadAnswer)
	switch {
	case h.text == "" && has:
		t.Errorf("problem: %+v", p)
	case h.text != "" && (err == nil || !has || !strings.Contains(p.Text, "127.0.0.1") || !strings.Contains(p.Text, h.text)):
		t.Errorf("sync: %v, %s; problems: %+v", err, &out, st.Accounts[0].Problems)
	}
	if h.then != nil {
		h.then(t, r)
	}
}

// TestHostileWhileIdle: who is told without end is told nothing.
func TestHostileWhileIdle(t *testing.T) {
	t.Parallel()
	h := &hostile{caps: "IMAP4rev1 IDLE", answer: to("IDLE", func(c *victim, _, _ string) bool {
		c.say("+ idling\r\n")
		return c.forever(func(int) { c.say("* OK still here\r\n") })
	})}
	h.armed.Store(true)
	h.start(t)
	r := &rig{t: t, bin: built(t), data: filepath.Join(t.TempDir(), "data"), desk: desktop.Start(t, desktop.Options{Keyring: true})}
	r.addHostile(h)
	w := r.watch()
	highest, ended := make(chan int, 1), make(chan struct{})
	go func() { highest <- watchMemory(w.cmd.Process.Pid, ended) }()
	e := w.await("a problem", func(e api.Event) bool { return e.Problem != nil && e.Problem.Code == mail.CodeBadAnswer })
	close(ended)
	if !strings.Contains(e.Problem.Text, "127.0.0.1") || !strings.Contains(e.Problem.Text, "too many") {
		t.Errorf("told %+v", e.Problem)
	}
	if most := <-highest; most == 0 || most > mostMemory {
		t.Errorf("heronctl took %d MiB", most>>10)
	}
}

// addHostile adds the account of a hostile server, which must go well.
func (r *rig) addHostile(h *hostile) {
	r.t.Helper()
	_, port, err := net.SplitHostPort(h.listener.Addr().String())
	if err != nil {
		r.t.Fatal(err)
	}
	if o := r.run("s3cret\n", "account", "add", "user@heron.example", "--id", "bad", "--host", "127.0.0.1", "--port", port,
		"--security", "plain", "--allow-plaintext", "--password-stdin"); o.code != 0 {
		r.t.Fatalf("account add: exit %d\n%s%s", o.code, o.out, o.errOut)
	}
}
