package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	netmail "net/mail"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

type accountAdd struct {
	Address          string        `arg:""`
	ID               string        `name:"id" placeholder:"ID"`
	Protocol         string        `enum:"imap,pop3" default:"imap" placeholder:"imap|pop3"`
	Host             string        `placeholder:"HOST"`
	Port             int           `placeholder:"PORT"`
	Security         mail.Security `enum:"tls,starttls,plain" default:"tls" placeholder:"tls|starttls|plain"`
	User             string        `placeholder:"USER"`
	PasswordStdin    bool          `name:"password-stdin"`
	CAFile           string        `name:"ca-file" placeholder:"FILE" xor:"trust"`
	TrustFingerprint string        `name:"trust-fingerprint" placeholder:"SHA256" xor:"trust"`
	AllowPlaintext   bool          `name:"allow-plaintext"`
}

// Run checks the sign-in and keeps the account.
func (c *accountAdd) Run(ctx context.Context, a *app) error {
	d, err := c.draft(a)
	if err != nil {
		return err
	}
	if d.Password, err = a.password(d.User, d.Host, c.PasswordStdin); err != nil {
		return err
	}
	return a.with(ctx, toWork, func(s session) error {
		if err := a.say("%s", a.p.T("ctl.account.checking", "Server", d.Account().Endpoint.Addr(), "Security", string(d.Security))); err != nil {
			return err
		}
		steps := stepPrinter{a: a}
		acc, err := s.AddAccount(ctx, d, steps.print)
		if err != nil {
			return err
		}
		if a.json {
			return writeJSON(a.Stdout, acc)
		}
		return a.say("%s", a.p.T("ctl.account.added", "ID", string(acc.ID), "Address", clean(acc.Address)))
	})
}

// draft turns the flags into an account; what is missing is guessed from the
// address.
func (c *accountAdd) draft(a *app) (api.Draft, error) {
	domain, err := domainOf(c.Address)
	if err != nil {
		return api.Draft{}, err
	}
	d := api.Draft{
		ID: mail.AccountID(c.ID), Address: c.Address, Protocol: mail.Protocol(c.Protocol),
		Host: c.Host, Port: c.Port, Security: c.Security, User: c.User, AllowPlaintext: c.AllowPlaintext,
	}
	if c.ID != "" && !d.ID.Valid() {
		return d, usage(a.p.T("ctl.usage.id", "ID", clean(c.ID)))
	}
	if d.Protocol != mail.IMAP {
		return d, &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassProtocol, Args: mail.Args{"what": "POP3"}}
	}
	if d.Host == "" {
		d.Host = "imap." + domain
	}
	if d.Port == 0 {
		d.Port = mail.DefaultPort(d.Protocol, d.Security)
	}
	if d.Port < 1 || d.Port > 65535 {
		return d, usage(a.p.T("ctl.usage.port"))
	}
	if d.User == "" {
		d.User = c.Address
	}
	switch {
	case !config.ValidHost(d.Host):
		return d, usage(a.p.T("ctl.usage.host", "Host", clean(d.Host)))
	case strings.ContainsAny(d.User, "\r\n\x00"):
		return d, usage(a.p.T("ctl.usage.user"))
	}
	if d.Security == mail.Plain && !d.AllowPlaintext {
		return d, &mail.Fault{Code: mail.CodePlaintextRefused, Class: mail.ClassTLS, Args: mail.Args{"host": d.Host}}
	}
	if c.CAFile != "" {
		// The holder of the engine has another working folder.
		if d.CAFile, err = filepath.Abs(c.CAFile); err != nil {
			return d, fmt.Errorf("finding the file of certificates: %w", err)
		}
	}
	if c.TrustFingerprint != "" {
		d.Fingerprint = strings.ToLower(strings.ReplaceAll(c.TrustFingerprint, ":", ""))
		if b, err := hex.DecodeString(d.Fingerprint); err != nil || len(b) != 32 {
			return d, usage(a.p.T("ctl.usage.fingerprint"))
		}
	}
	return d, nil
}

// domainOf is the part of an address after its last @; a malformed address is
// a fault.
func domainOf(address string) (string, error) {
	parsed, err := netmail.ParseAddress(address)
	if err != nil || parsed.Address != address {
		return "", &mail.Fault{Code: mail.CodeBadAddress, Class: mail.ClassLocal, Args: mail.Args{"address": address}, Err: err}
	}
	return address[strings.LastIndexByte(address, '@')+1:], nil
}

// password comes from stdin or from whoever sits at the terminal, never from
// the command line, which every process can read.
func (a *app) password(user, host string, fromStdin bool) (string, error) {
	var secret string
	switch {
	case fromStdin:
		line, err := bufio.NewReader(a.Stdin).ReadString('\n')
		if err != nil && err != io.EOF {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		secret = strings.TrimRight(line, "\r\n")
	case a.Secret != nil:
		_, err := fmt.Fprintf(a.Stderr, "%s ", a.p.T("ctl.account.password", "User", clean(user), "Host", clean(host)))
		if err != nil {
			return "", err
		}
		secret, err = a.Secret()
		// The newline that the user typed was not shown.
		_, _ = fmt.Fprintln(a.Stderr)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
	default:
		return "", usage(a.p.T("ctl.usage.no-terminal"))
	}
	switch {
	case secret == "":
		return "", usage(a.p.T("ctl.usage.no-password"))
	case !utf8.ValidString(secret):
		return "", usage(a.p.T("ctl.usage.password-text"))
	}
	return secret, nil
}

// stepPrinter tells the steps of a check as they tick. A failed step is told
// by the error that follows it.
type stepPrinter struct {
	a    *app
	seen []api.Step // those that ended
}

func (s *stepPrinter) print(step api.Step) {
	if step.Name == "" || step.State == api.StepRunning {
		return
	}
	s.seen = append(s.seen, step)
	line := "✓ " + s.a.p.T("ctl.step."+string(step.Name))
	if step.State == api.StepFailed {
		line = "✗ " + s.a.p.T("ctl.step-failed."+string(step.Name))
	}
	if step.Detail != "" {
		line += ": " + shorten(clean(step.Detail), 100)
	}
	// A reader that went away shows when the result is written.
	_ = s.a.say("  %s", line)
}

type accountList struct{}

// Run lists the accounts.
func (accountList) Run(ctx context.Context, a *app) error {
	return a.with(ctx, toRead, func(s session) error {
		list, err := s.Accounts(ctx)
		if err != nil {
			return err
		}
		if a.json {
			return writeJSON(a.Stdout, append([]api.Account{}, list...))
		}
		if len(list) == 0 {
			return a.say("%s", a.p.T("ctl.account.none"))
		}
		var t table
		for _, acc := range list {
			state := ""
			if acc.Paused {
				state = a.p.T("ctl.state.paused")
			}
			e := mail.Endpoint{Host: acc.Host, Port: acc.Port}
			t.add(string(acc.ID), clean(acc.Address), string(acc.Protocol), clean(e.Addr()), string(acc.Security), clean(acc.User), state)
		}
		return t.write(a.Stdout)
	})
}

type accountTest struct {
	ID mail.AccountID `arg:"" name:"id"`
}

// Run signs in as the worker would and tells each step.
func (c *accountTest) Run(ctx context.Context, a *app) error {
	return a.with(ctx, toWork, func(s session) error {
		steps := stepPrinter{a: a}
		if err := s.TestAccount(ctx, c.ID, steps.print); err != nil {
			return err
		}
		return a.writeSteps(c.ID, steps, "ctl.account.tested")
	})
}

type accountSignIn struct {
	ID            mail.AccountID `arg:"" name:"id"`
	PasswordStdin bool           `name:"password-stdin"`
}

// Run keeps another password for an account if its server takes it.
func (c *accountSignIn) Run(ctx context.Context, a *app) error {
	acc, err := a.account(ctx, c.ID)
	if err != nil {
		return err
	}
	password, err := a.password(acc.User, acc.Host, c.PasswordStdin)
	if err != nil {
		return err
	}
	return a.with(ctx, toWork, func(s session) error {
		steps := stepPrinter{a: a}
		if err := s.SignIn(ctx, c.ID, password, steps.print); err != nil {
			return err
		}
		return a.writeSteps(c.ID, steps, "ctl.account.signed-in")
	})
}

// account finds an account without an engine: nobody waits for a server while
// a password is typed.
func (a *app) account(ctx context.Context, id mail.AccountID) (found api.Account, err error) {
	err = a.with(ctx, toRead, func(s session) error {
		list, err := s.Accounts(ctx)
		if err != nil {
			return err
		}
		for _, acc := range list {
			if acc.ID == id {
				found = acc
				return nil
			}
		}
		return &mail.Fault{Code: mail.CodeNoAccount, Class: mail.ClassConflict, Args: mail.Args{"account": string(id)}}
	})
	return found, err
}

// writeSteps ends a check that went well.
func (a *app) writeSteps(id mail.AccountID, steps stepPrinter, text string) error {
	if a.json {
		return writeJSON(a.Stdout, struct {
			Account mail.AccountID `json:"account"`
			Steps   []api.Step     `json:"steps"`
		}{id, append([]api.Step{}, steps.seen...)})
	}
	return a.say("%s", a.p.T(text, "ID", string(id)))
}

type accountRemove struct {
	ID       mail.AccountID `arg:"" name:"id"`
	KeepData bool           `name:"keep-data"`
	Yes      bool           `name:"yes"`
}

// Run forgets an account; its mail on the server is not touched. Actions that wait
// for it are dropped, which is said before and after.
func (c *accountRemove) Run(ctx context.Context, a *app) error {
	if !c.Yes {
		if err := c.ask(ctx, a); err != nil {
			return err
		}
	}
	return a.with(ctx, toWork, func(s session) error {
		done, err := s.RemoveAccount(ctx, c.ID, c.KeepData)
		if err != nil {
			return err
		}
		if a.json {
			return writeJSON(a.Stdout, done)
		}
		if err := a.say("%s", a.p.T("ctl.account.removed", "ID", string(c.ID))); err != nil || done.Dropped == 0 {
			return err
		}
		return a.say("%s", a.p.T("ctl.account.dropped", "Count", done.Dropped))
	})
}

func (c *accountRemove) ask(ctx context.Context, a *app) error {
	question := a.p.T("ctl.account.remove-question", "ID", clean(string(c.ID)))
	if a.Secret != nil && !c.KeepData {
		err := a.with(ctx, toRead, func(s session) error {
			ops, err := s.Ops(ctx, c.ID)
			if len(ops) > 0 {
				question = a.p.T("ctl.account.will-drop", "Count", len(ops)) + " " + question
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return a.confirm(question)
}

// confirm asks a question; anything but yes, in English or the user's
// language, is no.
func (a *app) confirm(question string) error {
	if a.Secret == nil {
		return usage(a.p.T("ctl.usage.no-yes"))
	}
	if _, err := fmt.Fprintf(a.Stderr, "%s ", question); err != nil {
		return err
	}
	line, err := bufio.NewReader(a.Stdin).ReadString('\n')
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes", a.p.T("ctl.yes"), a.p.T("ctl.yes-short"):
		return nil
	default:
		return errDeclined
	}
}
