package converge

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/engine"
	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/secret"
	"github.com/heronmail/heron/sync/store"
)

// A message that left its mailbox may turn up elsewhere for two minutes, in which
// actions on it wait. A store's clock is behind, so that it looks longer gone,
// and that these minutes are over after the grace.
const (
	grace = 3 * time.Second
	slow  = 2*time.Minute - grace
)

// machine is an engine with a store of its own, on a way to the server that can
// be cut.
type machine struct {
	r        *round
	name     string
	own      ownThings
	proxy    *mailtest.Proxy
	dirs     config.Dirs
	settings *config.File
	secrets  secret.Store
	store    *store.Store
	e        *engine.Engine
	stop     func() // nil: offline
	ops      map[mail.OpID]deed
	names    map[mail.MessageID]string // letters, as far as they were shown
	left     *bool                     // whether its own folder was left subscribed; nil: not known
	log      logbook
	// Alerts, by the letter's subject. Those who write and read it take turns.
	alerted map[string]int
	unwatch func()
}

// ownThings are what nobody else sets or takes.
type ownThings struct {
	flag     mail.Flag
	folder   string // its subscription
	security mail.Security
}

// machineSteps are what a machine does and what becomes of it.
var machineSteps = []string{
	"mark", "mark", "mark", "own", "own", "own", "move", "move", "move", "copy", "archive", "junk", "delete", "delete",
	"empty", "undo", "create", "rename", "remove", "subscribe", "subscribe", "sync", "sync", "sync", "kick",
	"cut", "cut", "cut again", "offline", "online", "online", "reopen",
}

func newMachine(r *round, name string, own ownThings) *machine {
	m := &machine{
		r: r, name: name, own: own, secrets: secret.NewMemory(),
		ops: map[mail.OpID]deed{}, names: map[mail.MessageID]string{}, alerted: map[string]int{},
	}
	server := r.dc.IMAP()
	if own.security == mail.TLS {
		server = r.dc.IMAPS()
	}
	m.proxy = mailtest.StartProxy(r, server)
	m.configure()
	m.open()
	r.Cleanup(func() {
		m.offline()
		m.unwatch()
		if r.Failed() {
			r.told.Logf("machine %s:\n%s\nwhat it told:\n%s", name, m.log.text(), m.told())
		}
		if err := m.store.Close(); err != nil {
			r.Errorf("machine %s: %v", name, err)
		}
	})
	m.online()
	return m
}

// configure writes the settings of a machine that has the account.
func (m *machine) configure() {
	a := m.r.dc.Account(m.r.user, m.own.security)
	host, port, err := net.SplitHostPort(m.proxy.Addr())
	m.r.must(err)
	a.Endpoint.Host = host
	a.Endpoint.Port, err = strconv.Atoi(port)
	m.r.must(err)
	m.dirs, err = config.DirsUnder(filepath.Join(m.r.dir, m.name))
	m.r.must(err)
	m.settings, _, err = config.Open(m.dirs)
	m.r.must(err)
	m.r.must(m.settings.SaveAccount(a))
	m.r.must(m.secrets.Set(context.Background(), a.ID, a.Binding(), m.r.dc.Password(m.r.user)))
}

func (m *machine) open() {
	var err error
	m.store, err = store.Open(context.Background(), m.dirs.Data, store.Options{
		Now: func() time.Time { return time.Now().Add(-slow) },
	})
	m.r.must(err)
	m.watch()
	m.start()
}

// start makes an engine. It takes what is to be done also before it runs.
func (m *machine) start() {
	m.e = engine.New(engine.Config{
		Store: m.store, Settings: m.settings, Secrets: m.secrets, Dir: m.dirs.Data, PollInterval: time.Second,
		Log: slog.New(slog.NewTextHandler(&m.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

func (m *machine) account() mail.AccountID { return m.r.dc.Account(m.r.user, mail.Plain).ID }

func (m *machine) online() {
	if m.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	e := m.e
	go func() { ended <- e.Run(ctx) }()
	m.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			m.r.Errorf("machine %s ended with %v", m.name, err)
		}
	}
}

func (m *machine) offline() {
	if m.stop != nil {
		m.stop()
		m.stop = nil
		m.start()
	}
}

// cut ends the connection after any byte. The way may also end at once, and then
// again in the midst of what comes next: of TLS, the sign-in, or the first answers.
func (m *machine) cut(s step) {
	n, dir := s.A*3+s.B%3, mailtest.Down
	if s.On {
		dir = mailtest.Up
	}
	m.r.tell("%s is %s after %d more bytes, direction %d", m.name, s.What, n, dir)
	if s.What == "cut again" {
		m.proxy.CutAfter(0, dir)
	}
	m.proxy.CutAfter(int64(n), dir)
}

// sync makes one full pass.
func (m *machine) sync(ctx context.Context) error {
	reports, err := m.e.Sync(ctx, m.account())
	if err != nil {
		return err
	}
	if f := reports[0].Err; f != nil {
		return f
	}
	return nil
}

func (m *machine) do(s step) {
	switch s.What {
	case "mark", "own":
		m.mark(s)
	case "move", "copy", "archive", "junk", "delete":
		m.carry(s)
	case "empty":
		m.empty(s)
	case "create", "rename", "remove", "subscribe":
		m.folder(s)
	case "undo":
		m.undo()
	case "sync":
		if m.stop == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		m.r.tell("%s syncs: %v", m.name, m.sync(ctx))
	case "kick":
		if m.stop != nil {
			m.r.must(m.e.Kick(context.Background(), imapsync.ReasonNetwork))
		}
	case "cut", "cut again":
		m.cut(s)
	case "offline":
		m.r.tell("%s goes offline", m.name)
		m.offline()
	case "online":
		m.r.tell("%s comes online", m.name)
		m.online()
	case "reopen":
		was := m.stop != nil
		m.offline()
		m.unwatch()
		m.r.must(m.store.Close())
		m.open()
		m.r.tell("%s starts anew", m.name)
		if was {
			m.online()
		}
	}
}

// pick picks up to three of the messages that this machine shows.
func (m *machine) pick(s step) []mail.Message {
	ctx := context.Background()
	boxes, err := m.store.Mailboxes(ctx, m.account())
	m.r.must(err)
	all := m.list(boxes...)
	var out []mail.Message
	for n := range min(len(all), []int{1, 1, 1, 2, 3}[s.B/100%5]) {
		out = append(out, all[(s.A+n)%len(all)])
	}
	return out
}

// list are the messages that this machine shows in folders.
func (m *machine) list(boxes ...mail.Mailbox) []mail.Message {
	q := store.MessageQuery{Limit: 500}
	for _, b := range boxes {
		q.Mailboxes = append(q.Mailboxes, b.ID)
	}
	p, err := m.store.Messages(context.Background(), q)
	m.r.must(err)
	for _, msg := range p.Messages {
		m.names[msg.ID] = msg.Envelope.HeaderID
	}
	return p.Messages
}

// view is what this machine has of the server, its pending actions left out.
func (m *machine) view() mailtest.View {
	ctx := context.Background()
	boxes, err := m.store.ServerMailboxes(ctx, m.account())
	m.r.must(err)
	out := mailtest.View{}
	for _, b := range boxes {
		if !b.Selectable {
			continue
		}
		in := map[mail.UID]mailtest.Seen{}
		for u, err := range m.store.UIDFlags(ctx, b.ID) {
			m.r.must(err)
			msg, err := m.store.MessageAt(ctx, b.ID, u.UID)
			m.r.must(err)
			in[u.UID] = mailtest.Seen{ID: msg.Envelope.HeaderID, Flags: u.Flags}
		}
		out[b.Name] = in
	}
	return out
}

// told is what this machine told, a line a change.
func (m *machine) told() string {
	var b strings.Builder
	for _, c := range m.changes() {
		switch c := c.(type) {
		case mail.OpChanged:
			fmt.Fprintf(&b, "%s op %d %s %s, left %v\n", c.Time.Add(slow).Format("05.000"), c.Op.ID, c.Op.State, c.Op.Fault, c.Op.Targets)
		case mail.AccountState, mail.CountsChanged:
		default:
			at, what := c.Meta(), fmt.Sprintf("%+v", c)
			if _, rest, ok := strings.Cut(what, "} "); ok { // its stamp
				what = rest
			}
			fmt.Fprintf(&b, "%s %s %s %s\n", at.Time.Add(slow).Format("05.000"), at.Origin, c.Kind(), what)
		}
	}
	return b.String()
}

// logbook keeps what a worker logs, for a round that fails.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
