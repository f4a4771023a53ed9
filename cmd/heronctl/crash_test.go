//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
	"github.com/heronmail/heron/sync/store"
)

// ours is a keyword that only Heron sets, and what its others begin with.
const ours = mail.Flag("$heron")

// TestKilled: the agent is killed at random moments while mail comes and is marked,
// moved and deleted, through the agent and by another client. The agent also archives,
// calls mail junk, empties junk, copies, and makes, renames and deletes folders with
// mail in them. What is proved:
//   - Every action that the agent accepted, on each second message, which only it
//     moves and deletes, and on folders that only it makes: the agent shows it, in
//     every later life too, and in the end the server has it. Each of these messages
//     is once in the folder of its last move and in no other, or nowhere if it was
//     deleted for good or with its folder, with every keyword
//     it was given (as a rule one that no other action sets) and \Seen as last set,
//     and once more for each copy of it that was asked for.
//     Of an action whose answer a kill took away, all is done or nothing is.
//   - No message is there twice, none is gone that nobody deleted.
//   - The agent has what the server has.
//   - Nothing it did came back as done elsewhere, and nothing was alerted twice.
//
// On the other messages two clients move and delete at once: what becomes of an
// action there is a matter of who was first. HERON_SEED plays one again.
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
	k := &killing{rig: r, rnd: rand.New(rand.NewPCG(seed, 0)), gone: map[string]bool{}, did: map[string]int{}, ledger: newLedger()}

	a := k.start()
	r.add("work", 0, r.dove.IMAPS(), mail.TLS)
	r.awaitState("work", "", mail.StateOnline)
	for n := 0; n < kills || n < 5*kills && !k.proved(); n++ {
		k.liveAndDie(a)
		k.lives++
		a = k.start()
	}
	k.settle()
	a.stop()
	k.check()
}

// killing is an agent that is killed again and again.
type killing struct {
	*rig
	rnd   *rand.Rand
	lives int            // that ended
	sent  int            // messages delivered
	did   map[string]int // actions that the agent took

	ledger ledger // of what it took, on its messages and folders

	gone map[string]bool // that the other client deleted, by Message-ID
}

// agents reports whether only the agent moves and deletes a message, by its
// Message-ID; the others are the other client's. Two that move the same message at
// the same moment may leave it in both places, see sync/internal/converge.
func agents(id string) bool {
	var n int
	_, err := fmt.Sscanf(id, "lunch-%d@", &n)
	return err == nil && n%2 == 0
}

// herons reports whether only Heron sets a flag.
func herons(f mail.Flag) bool {
	return f == mail.FlagSeen || strings.HasPrefix(string(f), string(ours))
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
		k.gone[in[uid].ID] = true
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

// longest is how long an action may wait by itself: two minutes for mail that may turn
// up, and some.
const longest = 3 * time.Minute

// settle waits until nothing is left to be sent, and for one more pass. The queue may be
// long, on a busy machine: it has to get shorter. An action on what somebody deleted
// waits on: it might turn up elsewhere.
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
	for left := math.MaxInt; left > 0; {
		k.within(longest, fmt.Sprintf("fewer than %d actions wait", left), func() string {
			if err := pass(); err != nil {
				return err.Error()
			}
			ops, err := s.Ops(ctx, "work")
			if err != nil {
				return err.Error()
			}
			wait := slices.DeleteFunc(slices.Clone(ops), func(op mail.Op) bool {
				return len(op.Targets) > 0 && !slices.ContainsFunc(op.Targets, func(id mail.MessageID) bool {
					_, err := s.Message(ctx, id)
					return err == nil
				})
			})
			if len(wait) < left {
				left = len(wait)
				return ""
			}
			return fmt.Sprintf("%+v, of %+v; problems: %+v", wait[0], ops, k.told(ctx, c))
		})
	}
	if err := pass(); err != nil {
		k.t.Error(err)
	}
}

// proved reports whether enough happened for the end to show anything: on a busy
// machine an agent that dies within a second may have done nothing yet.
func (k *killing) proved() bool {
	k.t.Helper()
	for _, what := range deeds {
		if k.sent == 0 || k.did[what] == 0 {
			return false
		}
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
