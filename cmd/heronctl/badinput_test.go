//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// nowhere is a name that resolvers must not even ask for (RFC 7686): it is
// unknown with and without a network.
const nowhere = "mail.heron.onion"

// TestBadInput goes through everything that can be wrong with what Heron is
// given: by its user, a server, or the computer. Each is a named problem, in
// words with a remedy, costs nothing, and ends when the fault does.
func TestBadInput(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, test := range map[string]func(*rig){
		"new account":       (*rig).badAccounts,
		"account that is":   (*rig).faults,
		"lost in mid-sync":  (*rig).lostInMidSync,
		"edited account":    (*rig).editedAccount,
		"broken settings":   (*rig).brokenSettings,
		"no last good":      (*rig).brokenFromTheStart,
		"second agent":      (*rig).secondAgent,
		"full disk":         (*rig).fullDisk,
		"full disk, alone":  (*rig).fullDiskAlone,
		"read-only store":   (*rig).readOnlyStore,
		"no folder to have": (*rig).noFolder,
		"locked keyring":    (*rig).lockedKeyring,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := r.beside(t)
			test(one)
			for user := range 7 {
				one.noSecret(r.dove.Password(user))
			}
		})
	}
}

// badAccounts: each thing that can be wrong with a new account is named in the
// step of the live check that it breaks, by heronctl with its own exit code,
// and leaves nothing behind.
func (r *rig) badAccounts() {
	t := r.t
	r.agent()
	r.add("work", 0, r.dove.IMAPS(), mail.TLS)
	r.awaitState("work", "", mail.StateOnline)
	cert := func(kind mailtest.CertKind) string { return tlsPort(t, r.dove.Certs.ServerConfig(kind)) }
	imap, imaps := r.port(r.dove.IMAP()), r.port(r.dove.IMAPS())
	window := r.client()
	for _, c := range []struct {
		name     string
		host     string // localhost if empty
		port     string
		security mail.Security // tls if empty
		password string        // the right one if empty
		noCA     bool
		ca       string // the server's own if empty
		exit     int
		code     mail.Code
		step     api.StepName // that fails
	}{
		{name: "wrong password", port: imaps, password: "wrong", exit: 3, code: mail.CodeSignInRefused, step: api.StepSignIn},
		{name: "unknown host", host: nowhere, port: imaps, exit: 4, code: mail.CodeUnknownHost, step: api.StepResolve},
		{name: "closed port", port: closedPort(t), exit: 4, code: mail.CodeRefused, step: api.StepConnect},
		{name: "plain server on a TLS port", port: imap, exit: 5, code: mail.CodeNotTLS, step: api.StepTLS},
		{name: "TLS server, STARTTLS wanted", port: imaps, security: mail.StartTLS, exit: 5, code: mail.CodeTLSOnPlain, step: api.StepTLS},
		{name: "TLS server, plain wanted", port: imaps, security: mail.Plain, exit: 5, code: mail.CodeTLSOnPlain, step: api.StepSignIn},
		{name: "expired", port: cert(mailtest.CertExpired), exit: 5, code: mail.CodeCertExpired, step: api.StepTLS},
		{name: "self-signed", port: cert(mailtest.CertSelfSigned), exit: 5, code: mail.CodeCertUnknown, step: api.StepTLS},
		{name: "wrong name", port: cert(mailtest.CertWrongName), exit: 5, code: mail.CodeCertName, step: api.StepTLS},
		{name: "unknown authority", port: imaps, noCA: true, exit: 5, code: mail.CodeCertUnknown, step: api.StepTLS},
		{name: "no such CA file", port: imaps, ca: filepath.Join(t.TempDir(), "ca.pem"), exit: 5, code: mail.CodeTrustBroken, step: api.StepTLS},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &rig{t: t, bin: r.bin, data: r.data, dove: r.dove, desk: r.desk}
			defer func() { r.noSecret(r.dove.Password(1)) }()
			d := api.Draft{
				ID: "bad", Address: "bad@heron.example", Protocol: mail.IMAP, Host: "localhost",
				Security: mail.TLS, User: "user1", Password: r.dove.Password(1), CAFile: r.dove.CAFile,
				AllowPlaintext: c.security == mail.Plain,
			}
			if c.host != "" {
				d.Host = c.host
			}
			if c.security != "" {
				d.Security = c.security
			}
			if c.password != "" {
				d.Password = c.password
			}
			if c.noCA || c.ca != "" {
				d.CAFile = c.ca
			}
			var err error
			if d.Port, err = strconv.Atoi(c.port); err != nil {
				t.Fatal(err)
			}
			args := []string{
				"account", "add", d.Address, "--id", "bad", "--host", d.Host, "--port", c.port,
				"--security", string(d.Security), "--user", d.User, "--password-stdin",
			}
			if d.AllowPlaintext {
				args = append(args, "--allow-plaintext")
			}
			if !c.noCA {
				args = append(args, "--ca-file", d.CAFile)
			}
			// The window's check and heronctl's, at the same time.
			var both sync.WaitGroup
			both.Go(func() { r.fails(c.exit, c.code, d.Password+"\n", args...) })
			var last api.Step
			err = window.Check(t.Context(), d, func(s api.Step) { last = s })
			if last.Name != c.step || last.State != api.StepFailed || last.Problem == nil || last.Problem.Code != c.code {
				t.Errorf("the check ends with %+v", last)
			}
			if p := mail.FaultOf(err).Problem(); err == nil || p.Code != c.code {
				t.Errorf("the check says %v", err)
			} else {
				r.told(api.FromProblem(p))
			}
			both.Wait()
			r.noTrace("bad", 1)
		})
	}
	if a := accountOf(r.status(), "work"); a.State != mail.StateOnline || len(a.Problems) > 0 {
		t.Errorf("the account beside it: %+v", a)
	}
}

// faults: what breaks between an account that works and its
// server is named in status and tray, costs nothing that is here, and ends by
// itself when the server is right again.
func (r *rig) faults() {
	t := r.t
	r.dove.Deliver(t, 2, "INBOX", letter(1))
	r.agent()
	bad := func(kind mailtest.CertKind) string {
		return net.JoinHostPort("127.0.0.1", tlsPort(t, r.dove.Certs.ServerConfig(kind)))
	}
	imap, imaps := r.dove.IMAP(), r.dove.IMAPS()
	cases := []struct {
		id       mail.AccountID
		security mail.Security
		good     string
		bad      string // "": the password changes
		exit     int
		code     mail.Code
		state    mail.State
	}{
		{"not-tls", mail.TLS, imaps, imap, 5, mail.CodeNotTLS, mail.StateError},
		{"on-plain", mail.StartTLS, imap, imaps, 5, mail.CodeTLSOnPlain, mail.StateError},
		{"expired", mail.TLS, imaps, bad(mailtest.CertExpired), 5, mail.CodeCertExpired, mail.StateError},
		{"self-signed", mail.TLS, imaps, bad(mailtest.CertSelfSigned), 5, mail.CodeCertUnknown, mail.StateError},
		{"wrong-name", mail.TLS, imaps, bad(mailtest.CertWrongName), 5, mail.CodeCertName, mail.StateError},
		{"gone", mail.TLS, imaps, net.JoinHostPort("127.0.0.1", closedPort(t)), 4, mail.CodeConnectionLost, mail.StateOffline},
		{"password", mail.TLS, imaps, "", 3, mail.CodeSignInRefused, mail.StateNeedsSignIn},
	}
	fronts := map[mail.AccountID]*front{}
	var all sync.WaitGroup
	for _, c := range cases {
		fronts[c.id] = newFront(t, c.good)
		all.Go(func() { r.add(string(c.id), 2, fronts[c.id].addr, c.security) })
	}
	all.Wait()
	for _, c := range cases {
		r.inStep(c.id, 1)
	}
	settings := r.settingsFiles()

	password := r.dove.Password(2)
	for _, c := range cases {
		if c.bad == "" {
			r.dove.SetPassword(2, "another password")
			fronts[c.id].leadTo(c.good)
			continue
		}
		fronts[c.id].leadTo(c.bad)
	}
	for _, c := range cases {
		st := r.awaitState(c.id, c.code, c.state)
		p, _ := hasProblem(accountOf(st, c.id).Problems, c.code)
		r.told(p)
		r.trayTells(st, p)
		r.inboxHas(c.id, 1)
	}
	for _, c := range cases {
		all.Go(func() { r.fails(c.exit, c.code, "", "sync", string(c.id)) })
		all.Go(func() { r.fails(c.exit, c.code, "", "account", "test", string(c.id)) })
	}
	all.Wait()
	r.sameFiles(settings)
	for _, c := range cases {
		if _, ok := hasProblem(accountOf(r.status(), c.id).Problems, c.code); !ok {
			t.Errorf("heronctl status does not name %s", c.code)
		}
	}

	// All but the password come right by themselves.
	r.dove.SetPassword(2, password)
	r.dove.Deliver(t, 2, "INBOX", letter(2))
	for _, c := range cases {
		if c.bad == "" {
			// What is refused replaces nothing.
			r.fails(3, mail.CodeSignInRefused, "wrong\n", "account", "sign-in", string(c.id), "--password-stdin")
			if o := r.run(password+"\n", "account", "sign-in", string(c.id), "--password-stdin"); o.code != 0 {
				t.Errorf("signing in again: exit %d, %s%s", o.code, o.out, o.errOut)
			}
			continue
		}
		fronts[c.id].leadTo(c.good)
	}
	for _, c := range cases {
		r.inStep(c.id, 2)
		r.inboxHas(c.id, 2)
	}
	r.sameFiles(settings)
}

// inStep waits until an account is online, without a problem, and has so many
// unread messages.
func (r *rig) inStep(id mail.AccountID, unread int) {
	r.t.Helper()
	c := r.client()
	r.eventually(string(id)+" is in step", func() string {
		st, err := c.Status(r.t.Context())
		if err != nil {
			return err.Error()
		}
		a := accountOf(st, id)
		if a.State != mail.StateOnline || len(a.Problems) > 0 || a.LastSync.IsZero() || a.Unread != unread {
			return fmt.Sprintf("%s, %d unread, %+v", a.State, a.Unread, a.Problems)
		}
		return ""
	})
}

// polled is the status without heronctl in between.
func (r *rig) polled() api.Status {
	r.t.Helper()
	st, err := r.client().Status(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

// inboxHas holds that an account's mail is here.
func (r *rig) inboxHas(id mail.AccountID, n int) {
	r.t.Helper()
	var list []api.Message
	if r.ok(&list, "message", "list", string(id), "INBOX", "--limit", "500"); len(list) != n {
		r.t.Errorf("%s shows %d messages, want %d", id, len(list), n)
	}
}

// sameFiles holds that nobody wrote to files.
func (r *rig) sameFiles(files map[string][]byte) {
	r.t.Helper()
	for path, was := range files {
		if is, err := os.ReadFile(path); err != nil || !bytes.Equal(is, was) {
			r.t.Errorf("%s changed: %v", path, err)
		}
	}
}

// lostInMidSync: the server goes away while a mailbox is read for the first
// time. Nothing is there twice afterwards, and nothing is missing.
func (r *rig) lostInMidSync() {
	t := r.t
	const messages = 400
	second := r.dove.Client(t, 3)
	for i := range messages {
		body := letter(i)
		c := second.Append("INBOX", int64(len(body)), nil)
		if _, err := c.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	r.agent()
	w := r.watch()
	way := mailtest.StartProxy(t, r.dove.IMAPS())
	way.CutAfter(40_000, mailtest.Down) // the live check needs a fifth of that
	r.add("work", 3, way.Addr(), mail.TLS)
	lost := w.await("the loss", func(e api.Event) bool { return e.Kind == "problem.raised" && e.Account == "work" })
	if lost.Problem.Code != mail.CodeConnectionLost {
		t.Errorf("the loss is told as %+v", lost.Problem)
	}
	r.told(*lost.Problem)
	w.await("its end", func(e api.Event) bool {
		return e.Kind == "problem.cleared" && e.Problem.Code == mail.CodeConnectionLost
	})
	var reports []api.SyncReport
	r.ok(&reports, "sync", "work")
	var list []api.Message
	r.ok(&list, "message", "list", "work", "INBOX", "--limit", "1000")
	seen := map[mail.UID]bool{}
	for _, m := range list {
		seen[m.UID] = true
	}
	if len(list) != messages || len(seen) != messages || way.Counters().Connections < 3 {
		t.Errorf("%d messages with %d UIDs, over %d connections", len(list), len(seen), way.Counters().Connections)
	}
	w.stop(syscall.SIGINT)
}

// settingsFiles is what stands in the accounts' files.
func (r *rig) settingsFiles() map[string][]byte {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dirs().Config, "accounts", "*.toml"))
	if err != nil || len(files) == 0 {
		r.t.Fatalf("%d account files, %v", len(files), err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			r.t.Fatal(err)
		}
		out[f] = b
	}
	return out
}
