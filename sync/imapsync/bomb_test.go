package imapsync

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestMoreUIDsThanMessages: a server says in a few bytes that a mailbox has all UIDs
// that there can be. They are not asked for; the problem names the server, and nothing
// that is known is taken for gone.
func TestMoreUIDsThanMessages(t *testing.T) {
	t.Parallel()
	open := func(tag, next string, exists string) string {
		return "S: * " + exists + " EXISTS\nS: * OK [UIDVALIDITY 7] hm\n" + next + "S: * OK [HIGHESTMODSEQ 50] hm\nS: " + tag + " OK done\n"
	}
	const (
		bomb = "S: * ESEARCH (TAG \"B2\") UID ALL 1:4294967295\nS: B2 OK done\n"
		next = "S: * OK [UIDNEXT 601] hm\n"
		sel  = " SELECT \"INBOX\" (CONDSTORE)\n"
	)
	status := func(numbers string) string {
		return rich + "S: * STATUS INBOX (" + numbers + " UIDVALIDITY 7 HIGHESTMODSEQ 50)\nS: A1 OK done\n"
	}
	three := "S: * OK [UIDNEXT 4] hm\n"
	for name, c := range map[string]struct {
		parts []string
		known int
	}{
		"first sync": {[]string{
			status("MESSAGES 600 UIDNEXT 601 UNSEEN 600") + "C: A2" + sel + "C: A3 FETCH 401:* " + richItems + "\n" + open("A2", next, "600") + messages(599, 600) + "S: A3 OK done\n" +
				peek("599:600") + "C: B1" + sel + "C: B2 UID SEARCH RETURN (ALL) UID 1:598\n" + open("B1", next, "600") + bomb,
		}, 2},
		"no UIDNEXT": {[]string{
			status("MESSAGES 2 UNSEEN 2") + "C: A2" + sel + "C: A3 FETCH 1:* " + richItems + "\n" + open("A2", "", "2") + messages(1, 2) + "S: A3 OK done\n" +
				"C: B1" + sel + "C: B2 UID SEARCH RETURN (ALL) UID 1:*\nC: B3 FETCH 1:* " + richItems + "\n" + open("B1", "", "2") + bomb + messages(1, 2) + "S: B3 OK done\n",
		}, 0},
		"one is gone": {[]string{
			status("MESSAGES 3 UIDNEXT 4 UNSEEN 3") + "C: A2" + sel + "C: A3 FETCH 1:* " + richItems + "\n" + open("A2", three, "3") + messages(1, 3) + "S: A3 OK done\n" + peek("1:3"),
			status("MESSAGES 2 UIDNEXT 4 UNSEEN 2") + "C: A4" + sel + "C: A5 UID FETCH 1:3 (UID FLAGS) (CHANGEDSINCE 50)\nC: A6 UID FETCH 4:* " + richItems + "\n" + open("A4", three, "2") + "S: A5 OK done\nS: A6 OK done\n" +
				"C: B1" + sel + "C: B2 UID SEARCH RETURN (ALL) UID 1:3\nC: B3 UID FETCH 1:3 (UID FLAGS) (CHANGEDSINCE 50)\nC: B4 UID FETCH 4:* " + richItems + "\n" + open("B1", three, "2") + bomb + "S: B3 OK done\nS: B4 OK done\n",
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, c.parts...)
			for range c.parts[1:] {
				o.mustPass()
			}
			_, err := o.pass()
			f := mail.FaultOf(err)
			if f == nil || f.Code != mail.CodeBadAnswer || f.Args["host"] != o.cfg.Account.Endpoint.Host {
				t.Errorf("the pass ended with %v", err)
			}
			if got := o.uids(); len(got) != c.known {
				t.Errorf("known are %v", got)
			}
		})
	}
}

// TestVanishedMore: VANISHED names all UIDs that there can be. What is there shows by
// a search, and the number of messages stays one.
func TestVanishedMore(t *testing.T) {
	t.Parallel()
	l := ladders()["CONDSTORE"]
	vanished := "S: * VANISHED 1:4294967295\n"
	o := against(t, l.adopts(3),
		l.signIn(2, 4)+l.round(round{tag: "F", known: 3, n: 2, next: 4, after: vanished})+
			l.round(round{tag: "G", known: 3, n: 2, next: 4, uids: "1:2", after: vanished}))
	o.mustPass()
	o.mustPass()
	if got := o.uids(); len(got) != 2 || o.inbox().Cursor.Messages < 0 {
		t.Errorf("known are %v, %+v", got, o.inbox())
	}
}
