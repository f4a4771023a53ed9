package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/mailtest"
)

// quick is an IMAP server with one inbox that answers everything at once, so
// that what is measured is Heron's own share.
type quick struct {
	ln     net.Listener
	caFile string

	mu       sync.Mutex
	messages int
	unseen   int
	idle     net.Conn // the connection that idles
	idling   chan struct{}
}

func startQuick(t mailtest.TB) (*quick, error) {
	certs := mailtest.Certs(t)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", certs.ServerConfig(mailtest.CertGood))
	if err != nil {
		return nil, err
	}
	q := &quick{ln: ln, caFile: certs.CAFile, messages: 10, idling: make(chan struct{}, 1)}
	go q.serve()
	return q, nil
}

// account is what `heronctl account add` is told of the server.
func (q *quick) account() account {
	_, port, _ := net.SplitHostPort(q.ln.Addr().String()) // an address of net's own
	return account{address: "you@example.org", host: "localhost", port: port, user: "you", password: "x", caFile: q.caFile}
}

func (q *quick) close() { _ = q.ln.Close() }

func (q *quick) serve() {
	for {
		c, err := q.ln.Accept()
		if err != nil {
			return
		}
		go q.talk(c)
	}
}

// awaitIdle returns when a connection idles.
func (q *quick) awaitIdle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		q.mu.Lock()
		ready := q.idle != nil
		q.mu.Unlock()
		if ready {
			return nil
		}
		select {
		case <-q.idling:
		case <-ctx.Done():
			return errors.New("nobody idles")
		}
	}
}

// push delivers a message and says so; it returns when the line was written.
func (q *quick) push() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages++
	q.unseen++
	c := q.idle
	q.idle = nil
	start := time.Now()
	_, _ = fmt.Fprintf(c, "* %d EXISTS\r\n", q.messages) // a client that is gone is told by the reader
	return start
}

func (q *quick) numbers() (messages, unseen int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.messages, q.unseen
}

func (q *quick) talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	const caps = "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE UIDPLUS ESEARCH CONDSTORE LIST-EXTENDED LIST-STATUS SPECIAL-USE"
	w := bufio.NewWriter(c)
	// The writer keeps an error, and Flush tells it.
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\r\n", args...) }
	say("* OK [CAPABILITY %s AUTH=PLAIN] ready", caps)
	if w.Flush() != nil {
		return
	}
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		tag, cmd, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		up := strings.ToUpper(cmd)
		messages, unseen := q.numbers()
		switch {
		case strings.HasPrefix(up, "AUTHENTICATE"), strings.HasPrefix(up, "LOGIN"):
			say("%s OK [CAPABILITY %s] in", tag, caps)
		case up == "CAPABILITY":
			say("* CAPABILITY %s\r\n%s OK done", caps, tag)
		case strings.HasPrefix(up, "ID "):
			say("* ID NIL\r\n%s OK done", tag)
		case strings.HasPrefix(up, "LIST"):
			say(`* LIST (\HasNoChildren \Subscribed) "/" INBOX`)
			if strings.Contains(up, "STATUS") {
				say("* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN %d HIGHESTMODSEQ %d)", messages, messages+1, unseen, messages)
			}
			say("%s OK done", tag)
		case strings.HasPrefix(up, "STATUS"):
			say("* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN %d HIGHESTMODSEQ %d)\r\n%s OK done", messages, messages+1, unseen, messages, tag)
		case strings.HasPrefix(up, "SELECT"), strings.HasPrefix(up, "EXAMINE"):
			say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] ok\r\n* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT %d] ok\r\n* OK [HIGHESTMODSEQ %d] ok\r\n%s OK [READ-WRITE] in", messages, messages+1, messages, tag)
		case strings.HasPrefix(up, "UID SEARCH"):
			say("* ESEARCH (TAG %q) UID ALL 1:%d\r\n%s OK done", tag, messages, tag)
		case strings.HasPrefix(up, "UID FETCH"), strings.HasPrefix(up, "FETCH"):
			q.fetch(say, strings.TrimPrefix(up, "UID "), messages)
			say("%s OK done", tag)
		case up == "IDLE":
			say("+ idling")
			if w.Flush() != nil {
				return
			}
			q.mu.Lock()
			q.idle = c
			q.mu.Unlock()
			select {
			case q.idling <- struct{}{}:
			default:
			}
			if _, err := r.ReadString('\n'); err != nil { // DONE
				return
			}
			q.mu.Lock()
			if q.idle == c {
				q.idle = nil
			}
			q.mu.Unlock()
			say("%s OK done", tag)
		case up == "LOGOUT":
			say("* BYE\r\n%s OK done", tag)
			_ = w.Flush()
			return
		default:
			say("%s OK done", tag)
		}
		if r.Buffered() == 0 && w.Flush() != nil {
			return
		}
	}
}

// fetch answers FETCH a:b (items) [(CHANGEDSINCE n)]; message n has UID n.
func (q *quick) fetch(say func(string, ...any), cmd string, messages int) {
	var from, to, since int
	set := strings.Fields(cmd)[1]
	if n, _ := fmt.Sscanf(set, "%d:%d", &from, &to); n < 2 {
		to = messages
		if n == 1 && !strings.Contains(set, ":") {
			to = from
		}
	}
	if i := strings.Index(cmd, "CHANGEDSINCE "); i >= 0 {
		_, _ = fmt.Sscanf(cmd[i:], "CHANGEDSINCE %d", &since) // without a number: 0
	}
	from = min(from, messages)
	for uid := max(from, since+1); uid <= min(to, messages); uid++ {
		flags := `\Seen`
		if uid > 10 {
			flags = ""
		}
		if !strings.Contains(cmd, "ENVELOPE") {
			say("* %d FETCH (UID %d FLAGS (%s) MODSEQ (%d))", uid, uid, flags, uid)
			continue
		}
		say(`* %d FETCH (UID %d FLAGS (%s) MODSEQ (%d) RFC822.SIZE 1200 INTERNALDATE "%s" ENVELOPE ("Mon, 02 Mar 2026 10:42:00 +0000" "Message %d" (("Ann Lee" NIL "ann" "example.org")) NIL NIL (("You" NIL "you" "example.org")) NIL NIL NIL "<m%d@example.org>"))`, //nolint:dupword // the empty lists of an ENVELOPE
			uid, uid, flags, uid, time.Now().Format("02-Jan-2006 15:04:05 -0700"), uid, uid)
	}
}
