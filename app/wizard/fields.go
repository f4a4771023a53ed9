package wizard

import (
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"unicode"

	"github.com/heronmail/heron/sync/mail"
)

// guess fills in what most servers are called. What the user typed stays.
func (f *Flow) guess() {
	address := strings.TrimSpace(f.values[FieldAddress])
	domain := address[strings.LastIndexByte(address, '@')+1:]
	set := func(n Field, v string) {
		if !f.typed[n] || f.values[n] == "" {
			f.values[n] = v
		}
	}
	set(FieldHost, "imap."+strings.ToLower(domain))
	set(FieldPort, defaultPort(f.security))
	set(FieldUser, address)
}

func defaultPort(s mail.Security) string { return strconv.Itoa(mail.DefaultPort(mail.IMAP, s)) }

func (f *Flow) checkAddress() bool {
	a := strings.TrimSpace(f.values[FieldAddress])
	switch {
	case a == "":
		f.mistakes[FieldAddress] = "empty"
	case !validAddress(a):
		f.mistakes[FieldAddress] = "malformed"
	default:
		return true
	}
	return false
}

func (f *Flow) checkServer() bool {
	host := strings.TrimSpace(f.values[FieldHost])
	switch {
	case host == "":
		f.mistakes[FieldHost] = "empty"
	case !validHost(host):
		f.mistakes[FieldHost] = "malformed"
	}
	if portOf(f.values[FieldPort]) == 0 {
		f.mistakes[FieldPort] = "malformed"
	}
	if f.security == mail.Plain && !f.agreed {
		f.mistakes[FieldPlain] = "empty"
	}
	return f.mistakes[FieldHost] == "" && f.mistakes[FieldPort] == "" && f.mistakes[FieldPlain] == ""
}

func (f *Flow) checkSignIn() bool {
	if strings.TrimSpace(f.values[FieldUser]) == "" {
		f.mistakes[FieldUser] = "empty"
	}
	if f.secret == "" {
		f.mistakes[FieldPassword] = "empty"
	}
	return f.mistakes[FieldUser] == "" && f.mistakes[FieldPassword] == ""
}

// validAddress reports whether a is one address and nothing else.
func validAddress(a string) bool {
	p, err := netmail.ParseAddress(a)
	if err != nil || p.Address != a || p.Name != "" {
		return false
	}
	domain := a[strings.LastIndexByte(a, '@')+1:]
	return validHost(domain) || strings.HasPrefix(domain, "[")
}

// validHost reports whether h can be the name or IP address of a server.
func validHost(h string) bool {
	if net.ParseIP(h) != nil {
		return true
	}
	if h == "" || len(h) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(h, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				return false
			}
		}
	}
	return true
}

// portOf reads a port, 0 if it is none.
func portOf(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return n
}
