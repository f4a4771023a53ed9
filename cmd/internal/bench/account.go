package main

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// account is an account to be set up.
type account struct {
	id                                          string // "bench" if ""
	address, host, port, user, password, caFile string
	plain                                       bool // without TLS
}

// dovecotAccount is a user of a Dovecot.
func dovecotAccount(d *mailtest.Dovecot, user int) account {
	e := d.Endpoint(mail.TLS)
	return account{
		address: d.User(user) + "@example.org", host: e.Host, port: strconv.Itoa(e.Port),
		user: d.User(user), password: d.Password(user), caFile: d.CAFile,
	}
}

// addAccount sets an account up as a person would without a display.
func addAccount(s *desktop.Session, o options, a account, more ...string) error {
	args := slices.Concat(more, []string{
		"account", "add", a.address, "--id", cmp.Or(a.id, "bench"), "--host", a.host, "--port", a.port,
		"--user", a.user, "--password-stdin",
	})
	if a.plain {
		args = append(args, "--security", "plain", "--allow-plaintext")
	} else {
		args = append(args, "--security", "tls", "--ca-file", a.caFile)
	}
	cmd := s.Command(o.bin+"/heronctl", args...)
	cmd.Stdin = strings.NewReader(a.password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("heronctl account add at %s: %w: %s", net.JoinHostPort(a.host, a.port), err, out)
	}
	return nil
}
