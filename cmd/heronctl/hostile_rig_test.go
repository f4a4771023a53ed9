//go:build linux

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hostile is a server that signs everybody in, has an inbox of three messages,
// and answers some command as no server would. It never says more than its
// client reads.
type hostile struct {
	caps   string
	answer func(c *victim, tag, cmd string) bool // false: as other servers do

	armed    atomic.Bool // until then it is as others are
	listener net.Listener
	wg       sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]bool
}

// victim is one connection to a hostile server.
type victim struct {
	out  *bufio.Writer
	gone bool // it had enough
}

func (c *victim) say(format string, args ...any) {
	_, err := fmt.Fprintf(c.out, format, args...)
	c.gone = c.gone || err != nil
}

// forever says something until the client has had enough.
func (c *victim) forever(say func(i int)) bool {
	for i := 1; !c.gone; i++ {
		say(i)
	}
	return true
}

func (h *hostile) start(t *testing.T) {
	t.Helper()
	var err error
	if h.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	h.conns = map[net.Conn]bool{}
	h.wg.Go(func() {
		for {
			c, err := h.listener.Accept()
			if err != nil {
				return
			}
			h.mu.Lock()
			h.conns[c] = true
			h.mu.Unlock()
			h.wg.Go(func() { h.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = h.listener.Close()
		h.mu.Lock()
		for c := range h.conns {
			_ = c.Close()
		}
		h.mu.Unlock()
		h.wg.Wait()
	})
}

func (h *hostile) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in, c := bufio.NewScanner(conn), &victim{out: bufio.NewWriterSize(conn, 64<<10)}
	c.say("* OK [CAPABILITY %s] ready\r\n", h.caps)
	for c.flush() && in.Scan() {
		tag, cmd, _ := strings.Cut(in.Text(), " ")
		if h.armed.Load() && h.answer(c, tag, cmd) || usual(c, h.caps, tag, cmd) {
			continue
		}
		c.say("%s BAD what?\r\n", tag)
	}
}

func (c *victim) flush() bool { return c.out.Flush() == nil && !c.gone }

// usual answers as a server does that means no harm.
func usual(c *victim, caps, tag, cmd string) bool {
	word, _, _ := strings.Cut(cmd, " ")
	if rest, ok := strings.CutPrefix(cmd, "UID "); ok {
		word, _, _ = strings.Cut(rest, " ")
	}
	switch word {
	case "CAPABILITY":
		c.say("* CAPABILITY %s\r\n", caps)
	case "LIST", "LSUB":
		c.say("* %s () \"/\" INBOX\r\n", word)
	case "STATUS":
		c.say("* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 3)\r\n")
	case "SELECT":
		c.say("* 3 EXISTS\r\n* OK [UIDVALIDITY 7] hm\r\n* OK [UIDNEXT 4] hm\r\n")
	case "SEARCH":
		c.say("* SEARCH 1 2 3\r\n")
	case "FETCH":
		if strings.Contains(cmd, "ENVELOPE") {
			for i := range 3 {
				c.message(i+1, "hello", `\Seen`)
			}
		}
	case "LOGIN", "NOOP", "LOGOUT", "ENABLE":
	case "IDLE":
		c.say("+ idling\r\n")
		return true
	case "":
		return tag == "DONE"
	default:
		return false
	}
	c.say("%s OK done\r\n", tag)
	return true
}

// message says a message; its subject is as it stands on the wire.
func (c *victim) message(uid int, subject, flags string) {
	c.say(`* %d FETCH (UID %d FLAGS (%s) RFC822.SIZE 100 INTERNALDATE "02-Jan-2006 15:04:05 +0000" `+
		`ENVELOPE ("Mon, 02 Jan 2006 15:04:05 +0000" %s%s "<%d@example.org>"))`+"\r\n",
		uid, uid, flags, nstring(subject), strings.Repeat(" NIL", 7), uid)
}

// nstring is s as a literal, if it needs to be one.
func nstring(s string) string {
	if strings.ContainsAny(s, "\r\n\x00\"\\") || len(s) > 1000 {
		return fmt.Sprintf("{%d}\r\n%s", len(s), s)
	}
	return `"` + s + `"`
}

// watchMemory returns the most memory that a process had until it ended, in
// KiB. What wait4 tells of it counts in the process that started it.
func watchMemory(pid int, ended <-chan struct{}) int {
	most := 0
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
			if _, rest, ok := strings.Cut(string(b), "VmHWM:"); ok {
				if n, err := strconv.Atoi(strings.Fields(rest)[0]); err == nil {
					most = max(most, n)
				}
			}
		}
		select {
		case <-ended:
			return most
		case <-tick.C:
		}
	}
}
