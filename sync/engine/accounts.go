package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/mail"
)

// Check tries to sign in to an account that is being set up, and tells each
// step as it begins and ends. Nothing is kept. Empty fields get their usual
// values, see Add. The error is the Fault of the step that failed.
func (e *Engine) Check(ctx context.Context, a mail.Account, password string, step func(Step)) error {
	a, err := e.complete(a)
	if err != nil {
		return err
	}
	return e.check(ctx, a, password, step)
}

// Add checks an account as Check does, then keeps its settings and its secret
// and begins to watch it. An empty id is derived from the address; protocol,
// port, security and user may be left out too. Faults: usage, bad-address,
// account-exists, plaintext-refused, not-supported, those of the sign-in, of
// the keyring and of the disk.
func (e *Engine) Add(ctx context.Context, a mail.Account, password string, step func(Step)) (mail.Account, error) {
	if e.cfg.ReadOnly {
		return mail.Account{}, e.readOnly()
	}
	a, err := e.complete(a)
	if err != nil {
		return mail.Account{}, err
	}
	if err := e.check(ctx, a, password, step); err != nil {
		return mail.Account{}, err
	}
	end, err := e.change()
	if err != nil {
		return mail.Account{}, err
	}
	defer end()
	// Another may have been added while the server was asked.
	if err := e.exists(a); err != nil {
		return mail.Account{}, err
	}
	if err := e.settings.SaveAccount(a); err != nil {
		e.note(err)
		return mail.Account{}, err
	}
	if err := e.cfg.Secrets.Set(ctx, a.ID, a.Binding(), password); err != nil {
		if undo := e.settings.RemoveAccount(a.ID); undo != nil {
			e.note(undo)
		}
		return mail.Account{}, err
	}
	e.restart(ctx, a)
	e.beacon.signal()
	return a, nil
}

// Test checks an account with the secret that is kept for it.
func (e *Engine) Test(ctx context.Context, id mail.AccountID, step func(Step)) error {
	a, err := e.settings.Account(id)
	if err != nil {
		return err
	}
	if err := supported(a); err != nil {
		return err
	}
	password, err := e.cfg.Secrets.Get(ctx, id, a.Binding())
	if err != nil {
		return err
	}
	return e.check(ctx, a, password, step)
}

// SignIn checks an account with a new secret, keeps it if the server takes it,
// and connects at once.
func (e *Engine) SignIn(ctx context.Context, id mail.AccountID, password string, step func(Step)) error {
	if e.cfg.ReadOnly {
		return e.readOnly()
	}
	a, err := e.settings.Account(id)
	if err != nil {
		return err
	}
	if err := supported(a); err != nil {
		return err
	}
	if err := e.check(ctx, a, password, step); err != nil {
		return err
	}
	end, err := e.change()
	if err != nil {
		return err
	}
	defer end()
	if _, err := e.settings.Account(id); err != nil {
		return err // removed meanwhile: keep no secret for it
	}
	if err := e.cfg.Secrets.Set(ctx, id, a.Binding(), password); err != nil {
		return err
	}
	e.restart(ctx, a)
	return nil
}

// Remove forgets an account: its secret, its settings, and its mail that is
// kept here unless keepData; dropped is how many actions waited for its server and
// were forgotten with it. Nothing on the server changes. If the keyring refuses, the
// account stays as it was.
func (e *Engine) Remove(ctx context.Context, id mail.AccountID, keepData bool) (dropped int, err error) {
	end, err := e.change()
	if err != nil {
		return 0, err
	}
	defer end()
	a, err := e.settings.Account(id)
	if err != nil {
		return 0, err
	}
	if err := e.cfg.Secrets.Delete(ctx, id); err != nil {
		return 0, err
	}
	e.stop(id)
	if err := e.settings.RemoveAccount(id); err != nil {
		e.note(err)
		e.restart(ctx, a) // says that its secret is missing
		return 0, err
	}
	e.problems.clear(id)
	if !keepData {
		ops, err := e.store.Ops(ctx, id)
		if err == nil {
			err = e.store.RemoveAccount(ctx, id)
		}
		if err != nil {
			e.note(err)
			return 0, err
		}
		dropped = len(ops)
	}
	e.beacon.signal()
	return dropped, nil
}

// Accounts lists the accounts, sorted by id.
func (e *Engine) Accounts() []mail.Account { return e.settings.Accounts() }

// restart watches an account by its newest settings.
func (e *Engine) restart(ctx context.Context, a mail.Account) {
	e.stop(a.ID)
	e.problems.clear(a.ID)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.start(context.WithoutCancel(ctx), a)
}

// complete fills in what a person may leave out, and refuses what cannot be
// an account.
func (e *Engine) complete(a mail.Account) (mail.Account, error) {
	if !config.ValidAddress(a.Address) {
		return a, &mail.Fault{Code: mail.CodeBadAddress, Class: mail.ClassLocal, Args: mail.Args{"address": a.Address}}
	}
	if a.Endpoint.Protocol == "" {
		a.Endpoint.Protocol = mail.IMAP
	}
	if err := supported(a); err != nil {
		return a, err
	}
	if a.Endpoint.Security == "" {
		a.Endpoint.Security = mail.TLS
	}
	if a.Endpoint.Port == 0 {
		a.Endpoint.Port = mail.DefaultPort(a.Endpoint.Protocol, a.Endpoint.Security)
	}
	if a.Auth.User == "" {
		a.Auth.User = a.Address
	}
	if a.Auth.Method == "" {
		a.Auth.Method = "password"
	}
	if a.ID == "" {
		a.ID = e.freeID(a.Address)
	}
	if err := config.Validate(a); err != nil {
		return a, err
	}
	return a, e.exists(a)
}

// exists refuses an id that is taken, and a second account of the same user on
// the same server: both would do everything twice.
func (e *Engine) exists(a mail.Account) error {
	for _, o := range e.settings.Accounts() {
		twin := strings.EqualFold(o.Endpoint.Host, a.Endpoint.Host) &&
			o.Endpoint.Port == a.Endpoint.Port && o.Auth.User == a.Auth.User
		if o.ID == a.ID || twin {
			return &mail.Fault{Code: mail.CodeAccountExists, Class: mail.ClassLocal, Args: mail.Args{"account": string(o.ID)}}
		}
	}
	return nil
}

// freeID derives an id from an address and numbers it if it is taken.
func (e *Engine) freeID(address string) mail.AccountID {
	taken := map[mail.AccountID]bool{}
	for _, o := range e.settings.Accounts() {
		taken[o.ID] = true
	}
	base := deriveID(address)
	id := base
	for n := 2; taken[id]; n++ {
		id = mail.AccountID(fmt.Sprintf("%s-%d", base, n))
	}
	return id
}

// deriveID makes an id of an address: lower case, what an id may not hold
// becomes a dash, and room is left for a number.
func deriveID(address string) mail.AccountID {
	const room = 58
	var b strings.Builder
	for _, c := range strings.ToLower(address) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '.':
			b.WriteRune(c)
		default:
			b.WriteByte('-')
		}
		if b.Len() == room {
			break
		}
	}
	id := strings.Trim(b.String(), "-.")
	if id == "" {
		id = "account"
	}
	return mail.AccountID(id)
}
