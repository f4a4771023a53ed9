package engine

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/heronmail/heron/sync/mail"
)

// CheckName is a part of Heron that Doctor looks at.
type CheckName string

// The parts, in the order in which they are told.
const (
	CheckSettings CheckName = "settings"
	CheckStore    CheckName = "store"
	CheckKeyring  CheckName = "keyring"
	CheckDesktop  CheckName = "desktop" // told only when something is wrong with it
	CheckAccount  CheckName = "account" // one each
)

// Check is what Doctor found about one part.
type Check struct {
	Name         CheckName
	Problems     []mail.Problem // none: all is well
	Account      mail.AccountID // of CheckAccount
	Paused       bool           // the server was not asked
	Steps        []Step         // that ended, in the order they ran
	Capabilities []string       // what the server showed after sign-in, sorted
}

// probeID is no account's: asking the keyring for its secret shows whether the
// keyring answers.
const probeID mail.AccountID = ".doctor"

// Doctor looks at settings, store, keyring and every account's server, and
// changes nothing. Accounts are asked at the same time. The error is ctx's.
func (e *Engine) Doctor(ctx context.Context) ([]Check, error) {
	accounts := e.settings.Accounts()
	settings, stored, desktop := Check{Name: CheckSettings}, Check{Name: CheckStore}, Check{Name: CheckDesktop}
	found := e.problems.filter(func(mail.Problem) bool { return true })
	kept, err := e.store.Problems(ctx)
	if err != nil {
		stored.Problems = append(stored.Problems, mail.FaultOf(err).Problem())
	}
	for _, p := range append(found, kept...) {
		switch p.Code {
		case mail.CodeSettingsBroken:
			settings.Problems = append(settings.Problems, p)
		case mail.CodeDiskFull, mail.CodeReadOnly, mail.CodeStoreBroken, mail.CodeStoreNewer:
			stored.Problems = append(stored.Problems, p)
		case mail.CodeNoTray, mail.CodeNoAlerts, mail.CodeNoDisplay:
			desktop.Problems = append(desktop.Problems, p)
		}
	}
	out := []Check{settings, stored, e.checkKeyring(ctx)}
	if len(desktop.Problems) > 0 {
		out = append(out, desktop)
	}
	servers := make([]Check, len(accounts))
	var wg sync.WaitGroup
	for i, a := range accounts {
		wg.Go(func() { servers[i] = e.checkAccount(ctx, a) })
	}
	wg.Wait()
	for i := range servers {
		for _, p := range kept {
			if p.Account == servers[i].Account && (p.Code == mail.CodeUnreadable || p.Code == mail.CodeFolderRefused || p.Code == mail.CodeFolderLeftOut) {
				servers[i].Problems = append(servers[i].Problems, p)
			}
		}
	}
	return append(out, servers...), ctx.Err()
}

func (e *Engine) checkKeyring(ctx context.Context) Check {
	c := Check{Name: CheckKeyring}
	_, err := e.cfg.Secrets.Get(ctx, probeID, "")
	if err != nil && mail.FaultOf(err).Code != mail.CodeSecretMissing {
		c.Problems = []mail.Problem{mail.FaultOf(err).Problem()}
	}
	return c
}

func (e *Engine) checkAccount(ctx context.Context, a mail.Account) Check {
	c := Check{Name: CheckAccount, Account: a.ID, Paused: a.Policy.Paused}
	if c.Paused {
		return c
	}
	err := e.Test(ctx, a.ID, func(s Step) {
		if s.State == StepRunning {
			return
		}
		if s.Name == StepCapabilities {
			c.Capabilities = slices.Compact(slices.Sorted(slices.Values(strings.Fields(s.Detail))))
		}
		c.Steps = append(c.Steps, s)
	})
	if err != nil {
		p := mail.FaultOf(err).Problem()
		p.Account = a.ID
		c.Problems = []mail.Problem{p}
	}
	return c
}

// Rungs are the best ways that a server offers of finding what changed
// ("qresync", "condstore" or "flags") and of being told of it; "" for both if
// what it can do is not known.
func (c Check) Rungs() (finds string, tells mail.ToldBy) {
	if len(c.Capabilities) == 0 {
		return "", ""
	}
	has := func(name string) bool { return slices.Contains(c.Capabilities, name) }
	switch {
	case has("QRESYNC"):
		finds = "qresync"
	case has("CONDSTORE"):
		finds = "condstore"
	default:
		finds = "flags"
	}
	switch {
	case has("NOTIFY"):
		tells = mail.ToldByNotify
	case has("IDLE"), has("IMAP4REV2"):
		tells = mail.ToldByIdle
	default:
		tells = mail.ToldByPoll
	}
	return finds, tells
}
