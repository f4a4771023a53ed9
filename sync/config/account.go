package config

import (
	"fmt"
	netmail "net/mail"
	"net/netip"
	"regexp"
	"strings"

	"github.com/heronmail/heron/sync/mail"
)

// accountFile is an account as its TOML file has it.
type accountFile struct {
	Address        string   `toml:"address"`
	Protocol       string   `toml:"protocol"`
	Host           string   `toml:"host"`
	Port           int      `toml:"port"`
	Security       string   `toml:"security"`
	User           string   `toml:"user"`
	CAFile         string   `toml:"ca_file,omitempty"`
	Fingerprint    string   `toml:"trust_fingerprint,omitempty"`
	AllowPlaintext bool     `toml:"allow_plaintext,omitempty"`
	Watch          []string `toml:"watch"`
	Paused         bool     `toml:"paused,omitempty"`
	MaxConnections int      `toml:"max_connections,omitempty"`
}

func fromAccount(a mail.Account) accountFile {
	return accountFile{
		Address: a.Address, Protocol: string(a.Endpoint.Protocol), Host: a.Endpoint.Host, Port: a.Endpoint.Port,
		Security: string(a.Endpoint.Security), User: a.Auth.User, CAFile: a.Endpoint.Trust.CAFile,
		Fingerprint: a.Endpoint.Trust.Fingerprint, AllowPlaintext: a.Policy.AllowPlaintext,
		Watch: a.Policy.Watch, Paused: a.Policy.Paused, MaxConnections: a.Policy.MaxConnections,
	}
}

func (f accountFile) account(id mail.AccountID) mail.Account {
	return mail.Account{
		ID: id, Address: f.Address,
		Endpoint: mail.Endpoint{
			Protocol: mail.Protocol(f.Protocol), Host: f.Host, Port: f.Port, Security: mail.Security(f.Security),
			Trust: mail.Trust{CAFile: f.CAFile, Fingerprint: strings.ToLower(f.Fingerprint)},
		},
		Auth: mail.Auth{User: f.User, Method: "password"},
		Policy: mail.Policy{
			Watch: f.Watch, Paused: f.Paused, AllowPlaintext: f.AllowPlaintext, MaxConnections: f.MaxConnections,
		},
	}
}

var (
	hostname    = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*\.?$`)
	fingerprint = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// ValidHost reports whether s is a DNS name (ASCII, RFC 1123) or an IP address.
func ValidHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && hostname.MatchString(s)
}

// ValidAddress reports whether s is one bare addr-spec (RFC 5322 §3.4.1), of at
// most 254 bytes, with a domain.
func ValidAddress(s string) bool {
	a, err := netmail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || strings.ContainsAny(s, "\r\n\x00") {
		return false
	}
	return ValidHost(s[strings.LastIndexByte(s, '@')+1:])
}

// NormalFingerprint turns "AB:CD …" or "abcd…" into lower-case hex; "" if it is
// no SHA-256 fingerprint.
func NormalFingerprint(s string) string {
	s = strings.ToLower(strings.NewReplacer(":", "", " ", "", "sha256", "").Replace(strings.ToLower(s)))
	if !fingerprint.MatchString(s) {
		return ""
	}
	return s
}

// Validate checks what a user or a file says about an account. The Fault is
// bad-address or usage, with a text that names the field.
func Validate(a mail.Account) error {
	usage := func(format string, args ...any) error {
		return &mail.Fault{Code: mail.CodeUsage, Class: mail.ClassLocal, Args: mail.Args{"text": fmt.Sprintf(format, args...)}}
	}
	e := a.Endpoint
	switch {
	case !a.ID.Valid():
		return usage("account id %q: lower-case letters, digits, '-', '_' and '.', at most 64", a.ID)
	case !ValidAddress(a.Address):
		return &mail.Fault{Code: mail.CodeBadAddress, Class: mail.ClassLocal, Args: mail.Args{"address": a.Address}}
	case e.Protocol != mail.IMAP && e.Protocol != mail.POP3:
		return usage("protocol %q: imap or pop3", e.Protocol)
	case !ValidHost(e.Host):
		return usage("host %q is no server name", e.Host)
	case e.Port < 1 || e.Port > 65535:
		return usage("port %d: 1 to 65535", e.Port)
	case e.Security != mail.TLS && e.Security != mail.StartTLS && e.Security != mail.Plain:
		return usage("security %q: tls, starttls or plain", e.Security)
	case e.Trust.Fingerprint != "" && !fingerprint.MatchString(e.Trust.Fingerprint):
		return usage("trust_fingerprint: 64 hexadecimal digits (SHA-256)")
	case a.Auth.User == "" || strings.ContainsAny(a.Auth.User, "\r\n\x00"):
		return usage("user is empty or has a line break in it")
	case a.Policy.MaxConnections < 0 || a.Policy.MaxConnections > 50:
		return usage("max_connections %d: 0 to 50", a.Policy.MaxConnections)
	case e.Security == mail.Plain && !a.Policy.AllowPlaintext:
		return &mail.Fault{Code: mail.CodePlaintextRefused, Class: mail.ClassTLS, Args: mail.Args{"host": e.Host}}
	}
	return nil
}
