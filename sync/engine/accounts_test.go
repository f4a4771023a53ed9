package engine

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

func TestDeriveID(t *testing.T) {
	for address, want := range map[string]mail.AccountID{
		"Anna.Berg@Example.org":              "anna.berg-example.org",
		"a+b@example.org":                    "a-b-example.org",
		"-x-@example.org":                    "x--example.org",
		"ü@example.org":                      "example.org",
		strings.Repeat("a", 64) + "@b.org":   mail.AccountID(strings.Repeat("a", 58)),
		`"very odd"@x.org`:                   "very-odd--x.org",
		strings.Repeat("a", 57) + "@" + "xx": mail.AccountID(strings.Repeat("a", 57)),
		"日@日":                                "account",
	} {
		if got := deriveID(address); got != want || !got.Valid() {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestAddFillsIn(t *testing.T) {
	r := newRig(t, offline(&fakeWorker{}))
	r.run()
	got, err := r.Add(t.Context(), draft("Anna@example.org"), "pw", nil)
	r.must(err)
	want := mail.Account{
		ID: "anna-example.org", Address: "Anna@example.org",
		Endpoint: mail.Endpoint{Protocol: mail.IMAP, Host: "mail.example.org", Port: 993, Security: mail.TLS},
		Auth:     mail.Auth{User: "Anna@example.org", Method: "password"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if pw, err := r.secrets.Get(t.Context(), got.ID, got.Binding()); pw != "pw" || err != nil {
		t.Errorf("secret %q, %v", pw, err)
	}
	other := draft("anna@example.org")
	other.Endpoint.Host = "mail.example.com"
	if got, err = r.Add(t.Context(), other, "pw", nil); err != nil || got.ID != "anna-example.org-2" {
		t.Errorf("a taken id: %s, %v", got.ID, err)
	}
}

func TestAddRefuses(t *testing.T) {
	r := newRig(t, offline(&fakeWorker{}))
	r.run()
	_, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	pop, plain, again, sameID := draft("p@example.org"), draft("q@example.org"), draft("a@example.org"), draft("b@example.org")
	pop.Endpoint.Protocol = mail.POP3
	plain.Endpoint.Security = mail.Plain
	sameID.ID = "a-example.org"
	for name, c := range map[string]struct {
		a    mail.Account
		code mail.Code
	}{
		"no address":       {draft("nobody"), mail.CodeBadAddress},
		"no host":          {mail.Account{Address: "x@example.org"}, mail.CodeUsage},
		"POP3":             {pop, mail.CodeNotSupported},
		"plain text":       {plain, mail.CodePlaintextRefused},
		"the same account": {again, mail.CodeAccountExists},
		"the same id":      {sameID, mail.CodeAccountExists},
	} {
		if _, err := r.Add(t.Context(), c.a, "pw", nil); code(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(r.Accounts()); n != 1 {
		t.Errorf("%d accounts are kept", n)
	}
}

// An account is kept whole or not at all.
func TestAddIsUndone(t *testing.T) {
	r := newRig(t, offline(&fakeWorker{}))
	r.run()
	r.secrets.lock(errLocked)
	if _, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil); code(err) != mail.CodeKeyringLocked {
		t.Errorf("error %v", err)
	}
	if len(r.Accounts()) != 0 || len(r.files("example.org")) != 0 {
		t.Errorf("left behind: %v, %v", r.Accounts(), r.files("example.org"))
	}
}

// An account whose secret cannot be deleted stays as it was, and is watched.
func TestRemoveRefused(t *testing.T) {
	w := &fakeWorker{}
	r := newRig(t, offline(w))
	r.run()
	a, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	r.secrets.lock(errLocked)
	if _, err := r.Remove(t.Context(), a.ID, false); code(err) != mail.CodeKeyringLocked {
		t.Errorf("error %v", err)
	}
	if _, err := r.worker(t.Context(), a.ID); err != nil || len(r.Accounts()) != 1 {
		t.Errorf("the account is not as it was: %v", err)
	}
	r.secrets.lock(nil)
	_, err = r.Remove(t.Context(), a.ID, false)
	r.must(err)
	if _, err := r.Remove(t.Context(), a.ID, false); code(err) != mail.CodeNoAccount {
		t.Errorf("removed twice: %v", err)
	}
}

func TestSignIn(t *testing.T) {
	w := &fakeWorker{}
	refuse := false
	r := newRig(t, func(c *Config) {
		offline(w)(c)
		c.check = func(context.Context, mail.Account, string, func(Step)) error {
			if refuse {
				return &mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}
			}
			return nil
		}
	})
	r.run()
	a, err := r.Add(t.Context(), draft("a@example.org"), "old", nil)
	r.must(err)
	refuse = true
	if err := r.SignIn(t.Context(), a.ID, "wrong", nil); code(err) != mail.CodeSignInRefused {
		t.Errorf("error %v", err)
	}
	refuse = false
	if pw, err := r.secrets.Get(t.Context(), a.ID, a.Binding()); pw != "old" || err != nil {
		t.Errorf("the secret that was refused is kept: %q, %v", pw, err)
	}
	r.must(r.SignIn(t.Context(), a.ID, "new", nil))
	if pw, err := r.secrets.Get(t.Context(), a.ID, a.Binding()); pw != "new" || err != nil {
		t.Errorf("secret %q, %v", pw, err)
	}
}

// What waits for the server of an account that is removed is dropped, and counted;
// with its data it stays.
func TestRemoveCountsWhatItDrops(t *testing.T) {
	for keep, want := range map[bool]int{false: 2, true: 0} {
		a := newActor(t, "/", "INBOX", "Archive")
		for _, act := range []Action{
			{Kind: mail.ActFlags, IDs: a.in("INBOX"), Add: mail.Flags{mail.FlagSeen}},
			{Kind: mail.ActMove, IDs: a.in("INBOX")[:1], To: "Archive"},
		} {
			_, err := a.Do(t.Context(), act)
			a.must(err)
		}
		if dropped, err := a.Remove(t.Context(), a.id, keep); dropped != want || err != nil {
			t.Errorf("keeping its data is %v: %d dropped, %v; want %d", keep, dropped, err, want)
		}
	}
}

// Over a store that is read-only nothing can be changed, and nothing waits.
func TestReadOnly(t *testing.T) {
	r := newRig(t, func(c *Config) { c.ReadOnly = true })
	ctx := t.Context()
	_, add := r.Add(ctx, draft("a@example.org"), "pw", nil)
	_, remove := r.Remove(ctx, "a", false)
	_, do := r.Do(ctx, Action{Kind: mail.ActFlags, IDs: []mail.MessageID{1}})
	_, pass := r.Sync(ctx, "")
	for name, err := range map[string]error{
		"add": add, "do": do, "sync": pass, "remove": remove,
		"sign in": r.SignIn(ctx, "a", "pw", nil), "watch": r.SetWatched(ctx, "a", "INBOX", true),
	} {
		if code(err) != mail.CodeReadOnly {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s, err := r.Status(ctx); err != nil || s.Running {
		t.Errorf("status %+v, %v", s, err)
	}
}

// Who comes while the engine ends is told so and leaves nothing half done.
func TestEnding(t *testing.T) {
	r := newRig(t, offline(&fakeWorker{}))
	r.run()
	a, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	r.stop()
	if _, err := r.Add(t.Context(), draft("b@example.org"), "pw", nil); code(err) != mail.CodeBusy {
		t.Errorf("add: %v", err)
	}
	reports, err := r.Sync(t.Context(), "")
	if err != nil || len(reports) != 1 || reports[0].Err == nil || reports[0].Err.Code != mail.CodeBusy {
		t.Errorf("sync: %+v, %v", reports, err)
	}
	if len(r.Accounts()) != 1 || r.Accounts()[0].ID != a.ID {
		t.Errorf("accounts %+v", r.Accounts())
	}
}
