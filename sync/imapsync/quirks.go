package imapsync

import (
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// quirk is a server that needed something, and why. Nearly all of it is done
// for every server, as the next one will do the same: then the line says where.
// What only that server wants stands in a field of its own.
type quirk struct {
	server string
	cap    string // a capability that shows it; "" for none
	says   string // or words of its greeting or ID, in lower case; "" for none
	why    string
	// unsafe are words of a refusal, in lower case, that only the user can settle
	// with the provider: to go on asking is of no use.
	unsafe string
}

// quirks is the table, a line a server; the first that fits counts. What each
// does is played in testdata/servers, Dovecot's by a real one.
func quirks() []quirk {
	return []quirk{
		{
			server: "Gmail", cap: "X-GM-EXT-1", says: "gimap",
			why: "labels are folders: X-GM-MSGID names a message in all of them (target.go), its flags are the same in all, and the trash " +
				"takes it from all (store/labels.go); All Mail, Important and Starred are not kept (mail.Role.View); beyond 15 connections it refuses, which is no wrong password (wire.Status.Fault)",
		},
		{
			server: "Microsoft 365", cap: "CLIENTACCESSRULES", says: "exchange imap4 service is ready. [",
			why: "no CONDSTORE: flags of all UIDs; no SPECIAL-USE: roles by names; NO and BAD say in words how long to wait " +
				"(wire.Status.Fault), and AccessTokenExpired ends a session, not an account: connect again",
		},
		{
			server: "Exchange", says: "exchange imap4 service is ready",
			why: "that of 2013 says COPYUID without numbers in a line of its own: such codes are dropped (wire/filter.go)",
		},
		{
			server: "iCloud", says: "icloud",
			why: "shows what it can after the sign-in only; says XLIST and does not know it: a refusal tells nothing (namespace.go)",
		},
		{
			server: "Yahoo", cap: "XYMHIGHESTMODSEQ", says: "yahoo",
			why: "writes Inbox; SERVERBUG and 'try again later' ask for patience (wire.Status.Fault)",
		},
		{
			server: "Yandex", says: "yandex",
			why: "'|' between levels; lists a folder that cannot be had: it is asked twice, and shown as not to be opened (listing.go)",
		},
		{
			server: "QQ Mail", says: "qqmail",
			why: "'(UID 3 )': the parser takes a space before a parenthesis (wire/parse.go); roles by XLIST only (namespace.go)",
		},
		{
			server: "163 and 126", cap: "X-CM-EXT-1", says: "coremail",
			why:    "refuses SELECT before ID, and without the user's leave: ID goes right behind the sign-in (wire/signin.go)",
			unsafe: "unsafe login",
		},
		{
			server: "Proton Bridge", says: "proton mail bridge",
			why: "a certificate of its own: it is pinned (dial); labels below a folder that cannot be opened; few sign-ins in a " +
				"short time (wire.Status.Fault)",
		},
		{
			server: "Courier", says: "courier-imap",
			why: "everything is below 'INBOX.', a group's folders below 'shared.': roles count within the namespace (namespace.go)",
		},
		{
			server: "Cyrus", says: "cyrus imap",
			why: "other users' folders beside one's own: neither counted nor asked for (namespace.go); LIST lines first, then all " +
				"STATUS lines: sorted by name (listing.go)",
		},
		{server: "Dovecot", says: "dovecot", why: "names as raw UTF-8 in what NOTIFY sends (wire.DecodeMailbox)"},
	}
}

// quirkOf finds the server's line.
func quirkOf(caps wire.Caps, says string) (quirk, bool) {
	says = strings.ToLower(says)
	for _, q := range quirks() {
		if q.cap != "" && caps.Has(q.cap) || q.says != "" && strings.Contains(says, q.says) {
			return q, true
		}
	}
	return quirk{}, false
}

// barred returns a Fault if a refusal is one that only the user can settle with
// the provider.
func (s *session) barred(st wire.Status) *mail.Fault {
	if s.quirk == nil || s.quirk.unsafe == "" || st.OK() || !strings.Contains(strings.ToLower(st.Text), s.quirk.unsafe) {
		return nil
	}
	f := st.Fault("SELECT")
	return &mail.Fault{
		Code: mail.CodeSignInRefused, Class: mail.ClassAuth, Err: f,
		Args: mail.Args{"host": s.w.host(), "user": s.w.cfg.Account.Auth.User, "text": f.Args["text"]},
	}
}
