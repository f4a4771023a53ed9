package mail

import (
	"net"
	"strconv"
	"strings"
)

// AccountID names an account: lower-case letters, digits, '-', '_' and '.',
// 1 to 64 bytes, chosen by the user or derived from the address. It is a file
// name and a keyring key, so it never changes while the account lives.
type AccountID string

// Valid reports whether id has the allowed form.
func (id AccountID) Valid() bool {
	if len(id) == 0 || len(id) > 64 || id[0] == '.' || id[0] == '-' {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// Protocol is how mail is reached.
type Protocol string

// The protocols that Heron speaks.
const (
	IMAP Protocol = "imap" // RFC 3501, RFC 9051
	POP3 Protocol = "pop3" // RFC 1939
)

// Security is how a connection is protected.
type Security string

// The ways to protect a connection (RFC 8314).
const (
	TLS      Security = "tls"      // TLS from the first byte
	StartTLS Security = "starttls" // TLS before sign-in, refused if not offered
	Plain    Security = "plain"    // none; only with Policy.AllowPlaintext
)

// Trust says which certificates are believed beside the system's roots. The
// zero value means the system's roots alone.
type Trust struct {
	CAFile      string // PEM file whose certificates are roots for this account, "" for none
	Fingerprint string // SHA-256 of the one leaf certificate that is believed, lower-case hex, "" for none
}

// Endpoint is where an account's server is and how it is reached.
type Endpoint struct {
	Protocol Protocol
	Host     string // DNS name or IP address, no port
	Port     int    // 1 to 65535
	Security Security
	Trust    Trust
}

// Addr returns host:port as net.Dial takes it.
func (e Endpoint) Addr() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// DefaultPort is the registered port of a protocol and its protection.
func DefaultPort(p Protocol, s Security) int {
	switch {
	case p == POP3 && s == TLS:
		return 995
	case p == POP3:
		return 110
	case s == TLS:
		return 993
	default:
		return 143
	}
}

// Auth is how an account signs in. The secret itself is elsewhere, see
// package secret.
type Auth struct {
	User   string // as the server wants it, often the address
	Method string // "password"; later "oauth"
}

// Policy is what the user decided about an account.
type Policy struct {
	Watch          []string // display paths of the folders that alert, besides the inbox
	Paused         bool     // no connection is made
	AllowPlaintext bool     // the user was warned and agreed to Plain
	MaxConnections int      // to this server at once; 0 means 2
}

// Account is one mailbox owner on one server. It has no secret in it.
type Account struct {
	ID       AccountID
	Address  string // RFC 5322 addr-spec
	Endpoint Endpoint
	Auth     Auth
	Policy   Policy
}

// Binding is what a secret belongs to: host, port, user and TLS policy in one
// comparable line. A secret is handed out for exactly the binding it was
// stored with, so that settings changed on disk cannot send it elsewhere or
// over weaker TLS.
func (a Account) Binding() string {
	e := a.Endpoint
	return strings.Join([]string{
		string(e.Protocol), strings.ToLower(e.Host), strconv.Itoa(e.Port), a.Auth.User,
		string(e.Security), "ca=" + e.Trust.CAFile, "fp=" + strings.ToLower(e.Trust.Fingerprint),
	}, "\n")
}

// State is how an account stands with its server.
type State string

// The states of an account, as `heronctl status` writes them.
const (
	StateOnline      State = "online"
	StateConnecting  State = "connecting"
	StateOffline     State = "offline"
	StateNeedsSignIn State = "needs-sign-in"
	StatePaused      State = "paused"
	StateError       State = "error"
)

// ToldBy is the rung in use for learning of changes.
type ToldBy string

// The ways a server tells of changes, best first.
const (
	ToldByNotify ToldBy = "notify" // RFC 5465
	ToldByIdle   ToldBy = "idle"   // RFC 2177
	ToldByPoll   ToldBy = "poll"
)

// ToldWhy is why no better rung than ToldBy is in use.
type ToldWhy string

// The reasons for a rung.
const (
	ToldBest       ToldWhy = "best"          // there is no better one
	ToldNotOffered ToldWhy = "not-offered"   // the server does not offer the better ones
	ToldRefused    ToldWhy = "refused"       // it offers a better one, and answers NO or BAD
	ToldBroken     ToldWhy = "broke-promise" // it took a better one, and did not tell
	ToldLimit      ToldWhy = "limit"         // no further connection is allowed, or was to be had
)
