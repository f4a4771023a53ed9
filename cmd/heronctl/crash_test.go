//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
	"github.com/heronmail/heron/sync/store"
)

// ours is a keyword that only Heron sets.
const ours = mail.Flag("$heron")

// TestKilled: the agent is killed at random moments while mail comes and is marked,
// moved and deleted, through the agent and by another client. In the end it has
// what the server has, each message once; nothing it did came back as done
// elsewhere, and nothing was alerted twice. HERON_SEED plays one again.
func TestKilled(t *testing.T) {
	t.Parallel()
	kills := 10
	if os.Getenv("HERON_LONG") != "" {
		kills = 200
	}
	seed := rand.Uint64()
	if s := os.Getenv("HERON_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("HERON_SEED=%d", seed)
	r := &rig{t: t, bin: built(t), data: filepath.Join(t.TempDir(), "data")}
	r.dove = mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	r.desk = desktop.Start(t, desktop.Options{Keyring: true})
	k := &killing{rig: r, rnd: rand.New(rand.NewPCG(seed, 0)), gone: map[string]bool{}, did: map[mail.ActionKind]int{}}

	a := k.start()
	r.add("work", 0, r.dove.IMAPS(), mail.TLS)
	r.awaitState("work", "", mail.StateOnline)
	for n := 0; n < kills || n < 5*kills && !k.proved(); n++ {
		k.liveAndDie(a)
		a = k.start()
	}
	k.settle()
	a.stop()
	k.check()
}

// killing is an agent that is killed again and again.
type killing struct {
	*rig
	rnd  *rand.Rand
	sent int                     // messages delivered
	did  map[mail.ActionKind]int // actions that the agent took

	mu   sync.Mutex
	gone map[string]bool // that somebody deleted, by Message-ID
}

// deletes notes that somebody deletes a message for good.
func (k *killing) deletes(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gone[id] = true
}

// agents reports whether only the agent moves and deletes a message, by its
// Message-ID; the others are the other client's. Two that move the same message at
// the same moment may leave it in both places, see sync/internal/converge.
func agents(id string) bool {
	var n int
	_, err := fmt.Sscanf(id, "lunch-%d@", &n)
	return err == nil && n%2 == 0
}

// start runs an agent that alerts too, and waits until it serves.
func (k *killing) start() *agent {
	k.t.Helper()
	cmd := k.desk.Command(filepath.Join(filepath.Dir(k.bin), "heron"), "--background", "--data-dir", k.data)
	// It alerts where a window could be shown; none is. A display of another
	// machine is taken at its word.
	cmd.Env = append(cmd.Env, "LC_ALL=C", "HERON_DEBUG=1", "DISPLAY=desk.heron.example:0")
	cmd.Stdout, cmd.Stderr = kept{k.rig}, kept{k.rig}
	a := &agent{r: k.rig, cmd: cmd, ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	go func() {
		defer close(a.ended)
		_ = cmd.Wait() // ProcessState tells
	}()
	k.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-a.ended
	})
	k.eventually("the agent serves", func() string {
		select {
		case <-a.ended:
			k.t.Fatalf("the agent ended: %v\n%s", cmd.ProcessState, k.wrote())
		default:
		}
		c, err := control.Dial(k.t.Context(), k.dirs().SocketPath())
		if err != nil {
			return err.Error()
		}
		_ = c.Close()
		return ""
	})
	return a
}

// liveAndDie lets the agent and another client work on the same mail for up to
// a second, and kills the agent in the midst of it.
func (k *killing) liveAndDie(a *agent) {
	k.t.Helper()
	ctx, cancel := context.WithCancel(k.t.Context())
	defer cancel()
	end := time.NewTimer(time.Duration(k.rnd.IntN(1000)) * time.Millisecond)
	other, own := rand.New(rand.NewPCG(k.rnd.Uint64(), 0)), rand.New(rand.NewPCG(k.rnd.Uint64(), 0))
	client := k.dove.Client(k.t, 0)
	defer func() { _ = client.Close() }() // nothing is left to be sent
	var both sync.WaitGroup
	both.Go(func() {
		for ctx.Err() == nil {
			k.actElsewhere(client, other)
		}
	})
	both.Go(func() { k.actHere(ctx, own) })
	<-end.C
	if err := a.cmd.Process.Kill(); err != nil {
		k.t.Error(err)
	}
	cancel()
	both.Wait()
	<-a.ended
}

// actElsewhere is one deed of the other client.
func (k *killing) actElsewhere(c *imapclient.Client, rnd *rand.Rand) {
	boxes := []string{"INBOX", "Archive", "Trash"}
	box, to := boxes[rnd.IntN(3)], boxes[rnd.IntN(3)]
	in, err := mailtest.Look(c, box)
	if err != nil {
		k.t.Error(err)
		return
	}
	what := rnd.IntN(6)
	if len(in) == 0 || what < 2 {
		if err := k.deliver(c); err != nil {
			k.t.Errorf("the other client delivers: %v", err)
		}
		return
	}
	uid := slices.Sorted(maps.Keys(in))[rnd.IntN(len(in))]
	set := imap.UIDSetNum(imap.UID(uid))
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagFlagged}}
	switch {
	case what == 2:
		if in[uid].Flags.Has(mail.FlagFlagged) {
			flags.Op = imap.StoreFlagsDel
		}
		err = c.Store(set, flags, nil).Close()
	case agents(in[uid].ID):
	case what == 3 && rnd.IntN(3) == 0:
		k.deletes(in[uid].ID)
		flags.Flags = []imap.Flag{imap.FlagDeleted}
		if err = c.Store(set, flags, nil).Close(); err == nil {
			err = c.UIDExpunge(set).Close()
		}
	case box != to:
		_, err = c.Move(set, to).Wait()
	}
	if err != nil {
		k.t.Errorf("the other client: %v", err)
	}
}

// deliver sends one more letter.
func (k *killing) deliver(c *imapclient.Client) error {
	text := letter(k.sent)
	k.sent++
	cmd := c.Append("INBOX", int64(len(text)), nil)
	_, werr := cmd.Write(text)
	cerr := cmd.Close()
	_, err := cmd.Wait()
	return errors.Join(werr, cerr, err)
}

// actHere marks, moves and deletes through the agent until it is dead.
func (k *killing) actHere(ctx context.Context, rnd *rand.Rand) {
	c, err := control.Dial(ctx, k.dirs().SocketPath())
	if err != nil {
		return // it was killed first
	}
	defer func() { _ = c.Close() }()
	boxes := []string{"INBOX", "Archive", "Trash"}
	for ctx.Err() == nil {
		box, to := boxes[rnd.IntN(3)], boxes[rnd.IntN(3)]
		page, err := c.Messages(ctx, api.PageQuery{Account: "work", Folder: box, Limit: 50})
		if err != nil {
			return
		}
		if len(page.Messages) == 0 {
			continue
		}
		m := page.Messages[rnd.IntN(len(page.Messages))]
		act := api.Action{Kind: mail.ActFlags, IDs: []mail.MessageID{m.ID}}
		f := mail.NewFlags([]mail.Flag{ours, mail.FlagSeen}[rnd.IntN(2)])
		switch what := rnd.IntN(6); {
		case what < 3 && agents(m.MessageID) && box != to:
			act.Kind, act.To = mail.ActMove, to
		case what == 3 && agents(m.MessageID) && rnd.IntN(3) == 0:
			act.Kind = mail.ActDelete
			if box == "Trash" {
				k.deletes(m.MessageID)
			}
		case what < 5:
			act.Add = f
		default:
			act.Remove = f
		}
		if _, err := c.Do(ctx, act); err == nil {
			k.did[act.Kind]++
		}
	}
}

// settle waits until nothing is left to be sent, and for one more pass. An
// action on what somebody deleted waits on: it might turn up elsewhere.
func (k *killing) settle() {
	k.t.Helper()
	ctx := k.t.Context()
	c := k.client()
	s := k.open()
	defer func() { _ = s.Close() }()
	pass := func() error {
		_, err := c.Sync(ctx, "work")
		return err
	}
	k.eventually("nothing waits", func() string {
		if err := pass(); err != nil {
			return err.Error()
		}
		ops, err := s.Ops(ctx, "work")
		if err != nil {
			return err.Error()
		}
		for _, op := range ops {
			for _, id := range op.Targets {
				if _, err := s.Message(ctx, id); err == nil {
					return fmt.Sprintf("%+v", op)
				}
			}
		}
		return ""
	})
	if err := pass(); err != nil {
		k.t.Error(err)
	}
}

// proved reports whether enough happened for the end to show anything: on a busy
// machine an agent that dies within a second may have done nothing yet.
func (k *killing) proved() bool {
	k.t.Helper()
	if k.sent == 0 || k.did[mail.ActFlags] == 0 || k.did[mail.ActMove] == 0 {
		return false
	}
	s := k.open()
	defer func() { _ = s.Close() }()
	changes, err := s.Changes(k.t.Context(), 0, 1_000_000)
	if err != nil {
		k.t.Fatal(err)
	}
	return slices.ContainsFunc(changes, func(c mail.Change) bool {
		_, shown := c.(mail.AlertShown)
		return shown
	})
}

// open opens the agent's store for reading.
func (k *killing) open() *store.Store {
	k.t.Helper()
	s, err := store.Open(k.t.Context(), k.dirs().Data, store.Options{ReadOnly: true})
	if err != nil {
		k.t.Fatal(err)
	}
	return s
}

// has is what Heron has of the server.
func (k *killing) has(s *store.Store) mailtest.View {
	k.t.Helper()
	ctx := k.t.Context()
	boxes, err := s.Mailboxes(ctx, "work")
	if err != nil {
		k.t.Fatal(err)
	}
	out := mailtest.View{}
	for _, b := range boxes {
		in := map[mail.UID]mailtest.Seen{}
		for u, err := range s.UIDFlags(ctx, b.ID) {
			if err != nil {
				k.t.Fatal(err)
			}
			m, err := s.MessageAt(ctx, b.ID, u.UID)
			if err != nil {
				k.t.Fatal(err)
			}
			in[u.UID] = mailtest.Seen{ID: m.Envelope.HeaderID, Flags: u.Flags}
		}
		out[b.Name] = in
	}
	return out
}

// check compares the store with the server, and goes through all it ever told.
func (k *killing) check() {
	k.t.Helper()
	ctx := k.t.Context()
	s := k.open()
	defer func() { _ = s.Close() }()
	server := k.dove.View(k.t, 0)
	if wrong := k.has(s).Unlike(server); wrong != "" {
		k.t.Errorf("Heron and the server do not agree:\n%s", wrong)
	}
	count := server.Count()
	for n := range k.sent {
		id := fmt.Sprintf("lunch-%d@example.org", n)
		if c := count[id]; c > 1 || c == 0 && !k.gone[id] {
			k.t.Errorf("message %s is there %d times", id, c)
		}
	}
	k.t.Logf("%d messages came, %d of them were deleted; what the agent did: %v", k.sent, len(k.gone), k.did)
	changes, err := s.Changes(ctx, 0, 1_000_000)
	if err != nil {
		k.t.Fatal(err)
	}
	added, alerted, mine := map[mail.MessageID]int{}, map[mail.MessageID]int{}, map[mail.MessageID]bool{}
	elsewhere := func(c mail.Change, ids []mail.MessageID) {
		if c.Meta().Origin != mail.Here && slices.ContainsFunc(ids, func(id mail.MessageID) bool { return mine[id] }) {
			k.t.Errorf("what was done here was told as done elsewhere: %s %+v", c.Kind(), c)
		}
	}
	for _, c := range changes {
		switch c := c.(type) {
		case mail.MessagesAdded:
			if c.Origin == mail.Here {
				continue // it shows again: an action was given up
			}
			for _, b := range c.Messages {
				added[b.ID]++
				var n int
				if _, err := fmt.Sscanf(b.Subject, "Lunch %d?", &n); err != nil {
					k.t.Fatal(err)
				}
				mine[b.ID] = n%2 == 0
			}
		case mail.AlertShown:
			for _, id := range c.IDs {
				alerted[id]++
			}
		case mail.FlagsChanged:
			if c.Origin != mail.Here && (c.Added.Has(ours) || c.Removed.Has(ours)) {
				k.t.Errorf("what was done here was told as done elsewhere: %+v", c)
			}
		case mail.MessagesMoved:
			elsewhere(c, c.IDs)
		case mail.MessagesGone:
			elsewhere(c, c.IDs)
		}
	}
	for what, times := range map[string]map[mail.MessageID]int{"new": added, "an alert": alerted} {
		for id, n := range times {
			if n > 1 {
				k.t.Errorf("message %d was told as %s %d times", id, what, n)
			}
		}
	}
	if !k.proved() {
		k.t.Error("nothing was proved: the agent never lived long enough")
	}
}
