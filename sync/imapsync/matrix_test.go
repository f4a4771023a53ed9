package imapsync

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/wire"
)

// cell is one set of what a server can: how changes are found, how they are
// told, and how messages leave a mailbox.
type cell struct{ find, tell, move string }

func (c cell) String() string { return c.find + ", " + c.tell + ", " + c.move }

// values are the capabilities behind the words of a cell.
func values() (find, tell, move map[string]string) {
	return map[string]string{"QRESYNC": "ENABLE CONDSTORE QRESYNC", "CONDSTORE": "ENABLE CONDSTORE", "flags": ""},
		map[string]string{"NOTIFY": "IDLE NOTIFY", "IDLE": "IDLE", "poll": ""},
		map[string]string{"MOVE": "UIDPLUS MOVE", "UIDPLUS": "UIDPLUS", "COPY": ""}
}

func (c cell) capability() string {
	find, tell, move := values()
	words := "IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH " + find[c.find] + " " + tell[c.tell] + " " + move[c.move]
	return strings.Join(strings.Fields(words), " ")
}

// cells are those that together have each value with several of the others; and
// every one there is when HERON_LONG is set.
func cells() []cell {
	if os.Getenv("HERON_LONG") == "" {
		return []cell{
			{"QRESYNC", "NOTIFY", "MOVE"},
			{"QRESYNC", "IDLE", "COPY"},
			{"CONDSTORE", "NOTIFY", "UIDPLUS"},
			{"CONDSTORE", "poll", "MOVE"},
			{"flags", "IDLE", "UIDPLUS"},
			{"flags", "poll", "COPY"},
		}
	}
	var out []cell
	find, tell, move := values()
	for f := range find {
		for t := range tell {
			for m := range move {
				out = append(out, cell{f, t, m})
			}
		}
	}
	return out
}

// TestEveryCapabilitySet tells the same stories to servers of every kind, one of
// what another machine does and those of what the user does here: what a person
// notices must not depend on what the server can.
func TestEveryCapabilitySet(t *testing.T) {
	t.Parallel()
	for _, c := range cells() {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			done := whatTheUserDoes()
			dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1 + len(done), Capability: c.capability()})
			t.Run("another machine", func(t *testing.T) {
				t.Parallel()
				newCellRig(t, dc, c).story()
			})
			for i, s := range done {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					s.play(newRig(t, dc, 1+i, c.polls))
				})
			}
		})
	}
}

// polls has a worker poll where nothing else tells it: who is told needs no poll,
// and would be helped by one.
func (c cell) polls(cfg *Config) {
	if cfg.PollInterval = time.Hour; c.tell == "poll" {
		cfg.PollInterval = 300 * time.Millisecond
	}
}

// cellRig is a worker that reaches its server by a way that can be cut, and
// whose commands are written down.
type cellRig struct {
	*rig
	cell
	way  *mailtest.Proxy
	said *commands
}

// commands are those that were sent, without what is private.
type commands struct {
	mu    sync.Mutex
	lines []string
}

func (c *commands) note(dir byte, line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if dir == 'C' {
		c.lines = append(c.lines, string(line))
	}
}

func (c *commands) has(words string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.lines, func(l string) bool { return strings.Contains(l, words) })
}

func newCellRig(t *testing.T, dc *mailtest.Dovecot, c cell) *cellRig {
	t.Helper()
	r := &cellRig{cell: c, way: mailtest.StartProxy(t, dc.IMAP()), said: &commands{}}
	host, port, err := net.SplitHostPort(r.way.Addr())
	if err != nil {
		t.Fatal(err)
	}
	p, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	r.rig = newRig(t, dc, 0, func(cfg *Config) {
		cfg.Account.Endpoint.Host, cfg.Account.Endpoint.Port = host, p
		cfg.Dial = func(ctx context.Context, o wire.Options) (*wire.Conn, error) {
			o.Dial.Trace = r.said.note
			return wire.Dial(ctx, o)
		}
		c.polls(cfg)
	})
	return r
}

// look asks for all folders where the server does not tell of them by itself.
func (r *cellRig) look() {
	r.Helper()
	if r.tell == "IDLE" {
		r.sync()
	}
}

func (r *cellRig) story() {
	r.Helper()
	uids := map[string]imap.UID{}
	for _, s := range []string{"read there", "flagged there", "moved there", "deleted there", "marked here"} {
		uids[s] = r.deliver("INBOX", s)
	}
	r.settled()
	r.wasTold()

	r.messages(uids)
	r.folders()
	r.markedHere(uids["marked here"])
	r.cut(uids["read there"], uids["flagged there"])
	r.wasFound()
}

// wasTold: status says by what we are told, and it is so.
func (r *cellRig) wasTold() {
	r.Helper()
	want := map[string][]mail.ToldBy{
		"NOTIFY": {mail.ToldByNotify}, "IDLE": {mail.ToldByIdle}, "poll": {mail.ToldByPoll},
	}[r.tell]
	st, err := r.store.States(r.Context())
	if err != nil || !slices.Contains(want, st[r.cfg.Account.ID].ToldBy) {
		r.Errorf("told by %q, not %q; %v", st[r.cfg.Account.ID].ToldBy, want, err)
	}
}

// wasFound: changes were found by the best that the server can, and by nothing
// that it cannot.
func (r *cellRig) wasFound() {
	r.Helper()
	for words, want := range map[string]bool{
		"(QRESYNC (":    r.find == "QRESYNC",
		"(CHANGEDSINCE": r.find == "CONDSTORE",
		"(UID FLAGS)":   r.find != "QRESYNC",
		" IDLE":         r.tell != "poll",
		"NOTIFY SET":    r.tell == "NOTIFY",
	} {
		if got := r.said.has(words); got != want {
			r.Errorf("%s was sent: %v, want %v", words, got, want)
		}
	}
}

// messages: what another machine does with messages.
func (r *cellRig) messages(uids map[string]imap.UID) {
	r.Helper()
	r.deliver("INBOX", "new")
	if got := awaits[mail.MessagesAdded](r.rig); got.Origin != mail.Elsewhere || len(got.Messages) != 1 || got.Messages[0].Subject != "new" {
		r.Errorf("told of new mail: %+v", got)
	}

	c := r.other("INBOX")
	for subject, flag := range map[string]mail.Flag{"read there": mail.FlagSeen, "flagged there": mail.FlagFlagged} {
		r.mark()
		r.flag(c, imap.Flag(flag.Wire()), uids[subject])
		got := awaits[mail.FlagsChanged](r.rig)
		if got.Origin != mail.Elsewhere || !slices.Equal(got.UIDs, []mail.UID{mail.UID(uids[subject])}) || !got.Added.Has(flag) {
			r.Errorf("told of %s: %+v", subject, got)
		}
	}

	r.mark()
	id := idOf(r.rig, "INBOX", "moved there")
	if r.move == "MOVE" {
		if _, err := c.Move(imap.UIDSetNum(uids["moved there"]), "Archive").Wait(); err != nil {
			r.Fatal(err)
		}
		got := awaits[mail.MessagesMoved](r.rig)
		if got.From.Path != "INBOX" || got.To.Path != "Archive" || !slices.Equal(got.IDs, []mail.MessageID{id}) || got.Origin != mail.Elsewhere {
			r.Errorf("told of a move: %+v", got)
		}
		if n := len(only[mail.MessagesGone](r.rig)) + len(only[mail.MessagesAdded](r.rig)); n != 0 {
			r.Errorf("%d messages gone or added were told of a move", n)
		}
	} else {
		if _, err := c.Copy(imap.UIDSetNum(uids["moved there"]), "Archive").Wait(); err != nil {
			r.Fatal(err)
		}
		r.remove(uids["moved there"])
		r.look()
	}
	r.until("it is in Archive alone", func() bool {
		return slices.Equal(r.subjects("Archive"), []string{"moved there"}) && !slices.Contains(r.subjects("INBOX"), "moved there")
	})

	r.mark()
	r.remove(uids["deleted there"])
	if got := awaits[mail.MessagesGone](r.rig); got.Folder.Path != "INBOX" || !slices.Equal(got.UIDs, []mail.UID{mail.UID(uids["deleted there"])}) {
		r.Errorf("told of a message that is gone: %+v", got)
	}
}

// remove takes a message away for good, by another machine.
func (r *cellRig) remove(uid imap.UID) {
	r.Helper()
	c := r.other("INBOX")
	r.flag(c, imap.FlagDeleted, uid)
	if err := c.Expunge().Close(); err != nil {
		r.Fatal(err)
	}
}

// nextSecond waits. Dovecot keeps its list of folders in a file, of which a
// session that has just listed them sees no second change within the same second.
func (r *cellRig) nextSecond() {
	r.Helper()
	now := time.Now().Unix()
	mailtest.Await(r.T, "the next second", func() bool { return time.Now().Unix() > now+1 })
}

// namesTold is look for a change of a folder's name. A session that polls may have
// listed the folders amid the change, and sees the rest of it with the next one.
func namesTold[C mail.Change](r *cellRig, c *imapclient.Client) {
	r.Helper()
	r.look()
	if r.tell != "poll" {
		return
	}
	began := time.Now().Unix()
	mailtest.Await(r.T, "what was done, or the next second", func() bool {
		return len(only[C](r.rig)) > 0 || time.Now().Unix() > began+1
	})
	nudged[C](r.rig, c)
}

// folders: what another machine does with folders.
func (r *cellRig) folders() {
	r.Helper()
	c := r.dc.Client(r.T, r.user)
	r.mark()
	if err := c.Create("Plans", nil).Wait(); err != nil {
		r.Fatal(err)
	}
	r.deliver("Plans", "a plan")
	r.look()
	if got := awaits[mail.MailboxAdded](r.rig); got.Folder.Path != "Plans" || got.Origin != mail.Elsewhere {
		r.Errorf("told of a new folder: %+v", got)
	}
	r.until("its mail is here", func() bool { return slices.Equal(r.subjects("Plans"), []string{"a plan"}) })
	folder, message := r.box("Plans").ID, idOf(r.rig, "Plans", "a plan")

	r.nextSecond()
	r.mark()
	if err := c.Rename("Plans", "Pläne", nil).Wait(); err != nil {
		r.Fatal(err)
	}
	namesTold[mail.MailboxRenamed](r, c)
	if got := awaits[mail.MailboxRenamed](r.rig); got.Folder.ID != folder || got.From != "Plans" || got.Folder.Path != "Pläne" {
		r.Errorf("told of a renamed folder: %+v", got)
	}
	if idOf(r.rig, "Pläne", "a plan") != message {
		r.Error("its message has another id")
	}

	r.nextSecond()
	r.mark()
	if err := c.Delete("Pläne").Wait(); err != nil {
		r.Fatal(err)
	}
	namesTold[mail.MailboxGone](r, c)
	if got := awaits[mail.MailboxGone](r.rig); got.Folder.ID != folder {
		r.Errorf("told of a deleted folder: %+v", got)
	}
}

// markedHere: a mark reaches the server, and does not come back as another's.
func (r *cellRig) markedHere(uid imap.UID) {
	r.Helper()
	r.mark()
	op, err := r.store.Enqueue(r.Context(), mail.Op{
		Account: r.cfg.Account.ID, Kind: mail.OpFlags, Add: mail.NewFlags(mail.FlagSeen, "$work"),
		Targets: []mail.MessageID{idOf(r.rig, "INBOX", "marked here")},
	})
	if err != nil {
		r.Fatal(err)
	}
	r.w.OpsQueued()
	r.until("the mark is sent", func() bool {
		o, err := r.store.Op(r.Context(), op.ID)
		return err == nil && o.State == mail.OpDone
	})
	msgs, err := r.other("INBOX").Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{Flags: true}).Collect()
	if err != nil || len(msgs) != 1 || !slices.Contains(msgs[0].Flags, imap.FlagSeen) || !slices.Contains(msgs[0].Flags, "$work") {
		r.Errorf("on the server: %+v, %v", msgs, err)
	}
	r.sync()
	for _, f := range only[mail.FlagsChanged](r.rig) {
		if f.Origin != mail.Here {
			r.Errorf("our own mark came back: %+v", f)
		}
	}
}

// cut: what happens while there is no way to the server is caught up with, all
// in one look at it.
func (r *cellRig) cut(unread, gone imap.UID) {
	r.Helper()
	r.mark()
	r.way.Refuse()
	r.way.Reset()
	r.until("it is offline", func() bool {
		st, err := r.store.States(r.Context())
		return err == nil && st[r.cfg.Account.ID].State == mail.StateOffline
	})
	r.deliver("INBOX", "while away")
	r.deliver("Archive", "filed while away")
	c := r.other("INBOX")
	if err := c.Store(imap.UIDSetNum(unread), &imap.StoreFlags{Op: imap.StoreFlagsDel, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close(); err != nil {
		r.Fatal(err)
	}
	r.remove(gone)

	r.mark()
	r.way.Heal()
	r.sync()
	if got := r.subjects("INBOX"); !slices.Equal(got, []string{"marked here", "new", "read there", "while away"}) {
		r.Errorf("in the inbox are %q", got)
	}
	if got := r.subjects("Archive"); !slices.Equal(got, []string{"filed while away", "moved there"}) {
		r.Errorf("in Archive are %q", got)
	}
	var told []string
	for _, c := range r.changes() {
		switch c := c.(type) {
		case mail.MessagesAdded:
			told = append(told, fmt.Sprintf("%s added %d", c.Folder.Path, len(c.Messages)))
		case mail.MessagesGone:
			told = append(told, fmt.Sprintf("%s gone %d", c.Folder.Path, len(c.UIDs)))
		case mail.FlagsChanged:
			told = append(told, fmt.Sprintf("%s flags +%v -%v", c.Folder.Path, c.Added, c.Removed))
		default:
		}
	}
	slices.Sort(told)
	if want := []string{"Archive added 1", "INBOX added 1", "INBOX flags +[] -[seen]", "INBOX gone 1"}; !slices.Equal(told, want) {
		r.Errorf("told %q, want %q", told, want)
	}
	r.wasTold()
}
