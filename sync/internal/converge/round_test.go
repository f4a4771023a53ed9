package converge

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// patience is how long it may take until everybody is at rest, on a machine that has
// much else to do.
const patience = 3 * time.Minute

// places are the folders that are made, renamed and deleted; the others stay.
var (
	fixed  = []string{"INBOX", "Archive", "Trash"}
	owned  = []string{"Sent", "Drafts"} // whose subscription is a machine's own
	places = []string{"Plans", "Plans/Near", "Lists", "Pläne & more"}
)

// letter is what is known of one message, by its Message-ID. What a step did
// whose answer was lost is counted as possible.
type letter struct {
	id      string
	subject string
	copies  int    // at most so many were made beside the first
	sure    int    // and at least so many
	gone    int    // at most so many were deleted
	carried []span // when the client moved it
	// What each machine last did with the flag that is its own.
	own map[string]bool
	// Who moved it, and where to, as that machine has the folder.
	movers map[string]mail.MailboxID
}

// round is one history.
type round struct {
	*rapid.T
	told     *testing.T // keeps what is logged, also of a round that does not fail again
	dc       *mailtest.Dovecot
	user     int
	store    storage
	marks    []mail.Flag // what everybody marks with
	dir      string
	letters  map[string]*letter
	order    []string
	client   *client
	machines []*machine
	story    []string
	validity int // the last UIDVALIDITY that a mailbox was given
}

func newRound(t *testing.T, rt *rapid.T, s *servers) *round {
	t.Helper()
	dc, user := s.next(t)
	dir := t.TempDir()
	rt.Cleanup(func() { _ = os.RemoveAll(dir) }) // there are many rounds
	r := &round{T: rt, told: t, dc: dc, user: user, store: s.storage, dir: dir, letters: map[string]*letter{}, validity: 2_000_000_000}
	rt.Cleanup(func() {
		if rt.Failed() {
			t.Logf("what was done:\n%s", strings.Join(r.story, "\n"))
		}
	})
	r.client = newClient(r)
	for _, box := range owned {
		r.must(r.client.c.Subscribe(box).Wait())
	}
	own := []mail.Flag{mail.FlagFlagged, mail.FlagAnswered}
	r.marks = []mail.Flag{mail.FlagSeen, mail.FlagDraft}
	if r.store.keywords {
		r.marks = append(r.marks, own...)
		r.marks = append(r.marks, "$forwarded", "later")
		own = []mail.Flag{"$one", "$two"}
	}
	r.machines = []*machine{
		newMachine(r, "one", ownThings{own[0], owned[0], mail.Plain}),
		newMachine(r, "two", ownThings{own[1], owned[1], mail.TLS}),
	}
	return r
}

// TempDir makes a round a mailtest.TB.
func (r *round) TempDir() string { return r.dir }

func (r *round) must(err error) {
	if err != nil {
		r.Fatal(err)
	}
}

// tell notes a step, for whoever reads of a failure.
func (r *round) tell(format string, args ...any) {
	r.story = append(r.story, time.Now().Format("05.000 ")+fmt.Sprintf(format, args...))
}

// write makes a new letter.
func (r *round) write() (*letter, []byte) {
	n := len(r.order) + 1
	l := &letter{id: fmt.Sprintf("%d@heron.example", n), subject: fmt.Sprintf("Letter %d", n), own: map[string]bool{}, movers: map[string]mail.MailboxID{}}
	r.letters[l.id], r.order = l, append(r.order, l.id)
	text := fmt.Sprintf("From: Ada <ada@example.org>\r\nTo: me@example.org\r\nSubject: %s\r\n"+
		"Date: Mon, 02 Mar 2026 15:04:05 +0000\r\nMessage-ID: <%s>\r\n\r\n%s\r\n",
		l.subject, l.id, strings.Repeat("Hello. ", n%7))
	return l, []byte(text)
}

// step is one step of a history: who does what, with numbers to choose by. They
// are drawn before anything is looked at, so that a seed gives the same steps
// whatever the machines had seen by then.
type step struct {
	Who  int
	What string
	A, B int
	On   bool
}

var drawStep = rapid.Custom(func(t *rapid.T) step {
	s := step{
		Who: rapid.IntRange(0, 2).Draw(t, "who"),
		A:   rapid.IntRange(0, 999).Draw(t, "a"),
		B:   rapid.IntRange(0, 999).Draw(t, "b"),
		On:  rapid.Bool().Draw(t, "on"),
	}
	whats := clientSteps
	if s.Who > 0 {
		whats = machineSteps
	}
	s.What = rapid.SampledFrom(whats).Draw(t, "what")
	return s
})

// play lets the steps follow each other, while the machines do their work.
func (r *round) play(steps []step) {
	for _, s := range steps {
		if s.Who == 0 {
			r.client.do(s)
		} else {
			r.machines[s.Who-1].do(s)
		}
	}
}

// bySubject is the Message-ID of the letter with a subject.
func (r *round) bySubject(subject string) string {
	for id, l := range r.letters {
		if l.subject == subject {
			return id
		}
	}
	return ""
}

// anew gives a mailbox another UIDVALIDITY: the messages and their flags stay, and
// where their index holds the flags their UIDs too.
func (r *round) anew(box string) {
	if r.store.indexed {
		r.renumber(box)
		return
	}
	r.loseIndex(box)
}

// renumber does it while the server runs, which ends the sessions that have the
// mailbox open.
func (r *round) renumber(box string) {
	defer r.client.again()
	r.validity++
	conf := filepath.Join(r.dc.Dir, "dovecot.conf")
	said, err := exec.Command("doveadm", "-c", conf, "mailbox", "update", "-u", r.dc.User(r.user),
		"--uid-validity", strconv.Itoa(r.validity), box).CombinedOutput()
	if err != nil {
		r.Fatalf("%v: %s", err, said)
	}
}

// loseIndex does it as a server that starts again and has lost its index.
func (r *round) loseIndex(box string) {
	r.dc.Stop()
	defer r.client.again()
	defer r.dc.Start()
	dir := filepath.Join(r.dc.Dir, "mail", r.dc.User(r.user), "Maildir")
	if box != "INBOX" {
		dir = filepath.Join(dir, filepath.FromSlash(box))
	}
	lists, err := filepath.Glob(filepath.Join(dir, "dovecot.index*"))
	r.must(err)
	for _, f := range append(lists, filepath.Join(dir, "dovecot-uidlist")) {
		if err := os.Remove(f); err != nil && !os.IsNotExist(err) {
			r.Fatal(err)
		}
	}
}

// at picks one by a drawn number.
func at[E any](from []E, n int) (E, bool) {
	if len(from) == 0 {
		return *new(E), false
	}
	return from[n%len(from)], true
}
