package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
)

// diskEvery is how often a full disk is looked at, and diskProbe how many bytes
// must fit on it to go on.
const (
	diskEvery = 5 * time.Second
	diskProbe = 1 << 20
)

// problems are those that the store does not keep: they concern Heron as a
// whole, or the store itself.
type problems struct {
	beacon *beacon
	now    func() time.Time

	mu   sync.Mutex
	list []mail.Problem
}

func newProblems(b *beacon, now func() time.Time) *problems { return &problems{beacon: b, now: now} }

func same(a, b mail.Problem) bool {
	return a.Code == b.Code && a.Account == b.Account && a.Args["path"] == b.Args["path"]
}

// raise adds a problem, or leaves the one that is there with its time.
func (p *problems) raise(pr mail.Problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.list, func(o mail.Problem) bool { return same(o, pr) }) {
		return
	}
	if pr.Since.IsZero() {
		pr.Since = p.now()
	}
	p.list = append(p.list, pr)
	p.beacon.signal()
}

// clear takes away the problems of an account with one of the codes, all of
// them if none is given.
func (p *problems) clear(id mail.AccountID, codes ...mail.Code) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.list)
	p.list = slices.DeleteFunc(p.list, func(o mail.Problem) bool {
		return o.Account == id && (len(codes) == 0 || slices.Contains(codes, o.Code))
	})
	if len(p.list) != n {
		p.beacon.signal()
	}
}

// of returns the problems of an account.
func (p *problems) of(id mail.AccountID) []mail.Problem {
	return p.filter(func(o mail.Problem) bool { return o.Account == id })
}

// beside returns the problems of none of the accounts: those of Heron as a
// whole, and those of an account whose settings are so broken that it is not
// there.
func (p *problems) beside(accounts []mail.Account) []mail.Problem {
	return p.filter(func(o mail.Problem) bool {
		return !slices.ContainsFunc(accounts, func(a mail.Account) bool { return a.ID == o.Account })
	})
}

func (p *problems) filter(wanted func(mail.Problem) bool) []mail.Problem {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []mail.Problem
	for _, o := range p.list {
		if wanted(o) {
			out = append(out, o)
		}
	}
	return out
}

func (p *problems) has(code mail.Code) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.list, func(o mail.Problem) bool { return o.Code == code })
}

// unwritable reports whether a write to the store, whose files are in dir,
// failed, and no later one is known to have gone well.
func (p *problems) unwritable(dir string) bool {
	return len(p.filter(func(o mail.Problem) bool {
		switch o.Code {
		case mail.CodeDiskFull, mail.CodeReadOnly, mail.CodeStoreBroken:
			return strings.HasPrefix(o.Args["path"], dir+string(filepath.Separator))
		default:
			return false
		}
	})) > 0
}

// note looks at what a write to the store or the settings returned, and tells
// of a store that cannot be written: the store cannot keep that problem itself.
func (e *Engine) note(err error) {
	var f *mail.Fault
	if !errors.As(err, &f) {
		if err != nil && !errors.Is(err, context.Canceled) {
			e.log.Warn("a write failed", "code", mail.CodeInternal)
		}
		return
	}
	switch f.Code {
	case mail.CodeDiskFull, mail.CodeReadOnly, mail.CodeStoreBroken:
		e.problems.raise(f.Problem())
	default:
		e.log.Warn("a write failed", "code", f.Code)
	}
}

// watchDisk takes the problem of a full disk away when there is space again,
// and lets the workers go on.
func (e *Engine) watchDisk(ctx context.Context) error {
	changed, stop := e.beacon.subscribe()
	defer stop()
	for {
		for !e.problems.has(mail.CodeDiskFull) && !e.problems.has(mail.CodeReadOnly) {
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		t := time.NewTimer(diskEvery)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
		if probe(e.cfg.Dir) == nil {
			e.problems.clear("", mail.CodeDiskFull, mail.CodeReadOnly)
			e.kick(imapsync.ReasonSettings)
		}
	}
}

// probe tells whether files can be written in dir.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, diskProbe))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}
