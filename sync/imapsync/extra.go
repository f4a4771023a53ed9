package imapsync

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/punctual"
	"github.com/heronmail/heron/sync/wire"
)

const (
	// defaultConnections is how many connections an account may have, where its
	// policy does not say.
	defaultConnections = 2
	// extraAgain is how long a further connection that ended is left.
	extraAgain = time.Minute
)

// extras are connections beside the session's, each of which idles on a watched
// folder and says only that it is dirty: the session looks. They end with it.
type extras struct {
	names []string // folders, by name
	stop  context.CancelFunc
	wg    sync.WaitGroup

	mu      sync.Mutex
	refused bool // the server does not want so many connections
}

// watchMore has the watched folders idled on, as far as connections may be had,
// and reports whether that is all of them. It is for a session that is told by
// IDLE.
func (s *session) watchMore(ctx context.Context) (all bool) {
	var boxes []*mail.Mailbox
	for _, b := range s.boxes {
		if b.Watched && b.Kept() && b.ID != s.inbox && !s.w.falls.leavesOut(b.Name) {
			boxes = append(boxes, b)
		}
	}
	slices.SortFunc(boxes, func(a, b *mail.Mailbox) int { return cmp.Compare(a.ID, b.ID) })
	most := s.w.cfg.Account.Policy.MaxConnections
	if most <= 0 {
		most = defaultConnections
	}
	boxes, wanted := boxes[:min(len(boxes), most-1)], len(boxes)
	names := make([]string, 0, len(boxes))
	for _, b := range boxes {
		names = append(names, b.Name)
	}
	if s.extras == nil || !slices.Equal(s.extras.names, names) {
		s.endExtras()
		s.startExtras(ctx, names)
	}
	return len(names) == wanted && !s.extras.isRefused()
}

func (s *session) startExtras(ctx context.Context, names []string) {
	ctx, cancel := context.WithCancel(ctx)
	x := &extras{names: names, stop: cancel}
	s.extras = x
	for _, name := range names {
		e := &extra{x: x, w: s.w, hints: s.hints, name: name, quiet: s.w.renew.every}
		x.wg.Go(func() { e.run(ctx) })
	}
}

// endExtras closes the further connections.
func (s *session) endExtras() {
	if s.extras != nil {
		s.extras.stop()
		s.extras.wg.Wait()
		s.extras = nil
	}
}

func (x *extras) isRefused() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.refused
}

// extra is one further connection.
type extra struct {
	x     *extras
	w     *Worker
	hints *hints
	name  string
	quiet time.Duration // the longest that an IDLE lasts
}

// run keeps the connection until ctx ends, or the server does not want it.
func (e *extra) run(ctx context.Context) {
	for {
		err := e.idle(ctx)
		if ctx.Err() != nil {
			return
		}
		f := mail.FaultOf(err)
		e.w.log().Info("a further connection ended", "code", f.Code, "class", string(f.Class))
		switch f.Class {
		case mail.ClassOffline:
		default:
			// Too many, or a password that must not be sent again: the session's
			// own connection says what is wrong, if anything is.
			e.x.mu.Lock()
			e.x.refused = true
			e.x.mu.Unlock()
			signal(e.w.wake)
			return
		}
		t := punctual.NewTimer(spread(extraAgain, 1.5))
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// idle connects and idles on the folder until the connection ends.
func (e *extra) idle(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	secret, err := e.w.cfg.Secret(limited)
	if err != nil {
		return err
	}
	o := wireOptions(e.w.cfg.Account, secret, e.w.cfg.Version)
	o.Events, o.Alert = e.note, e.w.noteAlert
	conn, err := e.w.cfg.Dial(limited, o)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is left to be sent
	if _, err := conn.Select(limited, wire.SelectOptions{Mailbox: e.name, ReadOnly: true}, nil); err != nil {
		return err
	}
	e.hints.set(hint{moved: true}) // it may have changed before
	for {
		began := time.Now()
		if err := conn.Idle(ctx, spread(e.quiet*9/10, 1.1)); err != nil {
			return err
		}
		if time.Since(began) < idleLeast { // the server ends it by itself
			return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassProtocol, Args: mail.Args{"what": "IDLE"}}
		}
	}
}

// note reads what the server says of the folder.
func (e *extra) note(r *wire.Response) {
	switch r.Type {
	case "EXISTS", "EXPUNGE", "VANISHED":
		e.hints.set(hint{moved: true})
	case "FETCH":
		var h hint
		h.tell(wire.StatusData{Name: e.name, Messages: -1, Unseen: -1})
		e.hints.set(h)
	}
}
