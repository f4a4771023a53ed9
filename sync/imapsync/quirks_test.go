package imapsync

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// playing starts the server of a transcript in testdata/servers, one part a
// pass. They are written after what these servers are known to answer; the
// names in them are made up.
func playing(t *testing.T, file string) *odd {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "servers", file))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "\n---\n")
	for i := range parts {
		parts[i] = strings.TrimSuffix(strings.TrimSpace(parts[i]), "C: <close>") + "\n"
	}
	o := against(t, parts...)
	o.cfg.Account.Auth.User = "me@example.org"
	return o
}

// TestServersAsTheyAre: a first pass over each of the known servers, and for
// some a second one, in which they do what they are known for.
func TestServersAsTheyAre(t *testing.T) {
	t.Parallel()
	for file, c := range map[string]struct {
		roles map[string]mail.Role
		after func(o *odd)
	}{
		"gmail.txt": {
			map[string]mail.Role{
				"Work": "", "[Gmail]/All Mail": mail.RoleAll, "[Gmail]/Important": mail.RoleImportant,
				"[Gmail]/Starred": mail.RoleFlagged, "[Gmail]/Trash": mail.RoleTrash,
			},
			func(o *odd) {
				for path, want := range map[string]int{"INBOX": 1, "Work": 1, "[Gmail]/All Mail": 0} {
					if b := o.box(path); b.Counts.Unread != want {
						o.Errorf("%s has %d unread", path, b.Counts.Unread)
					}
				}
				if n, err := o.store.Unread(o.Context(), "odd"); n != 1 || err != nil {
					o.Errorf("the account has %d unread, %v", n, err)
				}
				o.refuses(mail.CodeTooMany, mail.ClassLimit, 0)
			},
		},
		"microsoft365.txt": {
			map[string]mail.Role{"Deleted Items": mail.RoleTrash, "Sent Items": mail.RoleSent, "Junk Email": mail.RoleJunk},
			func(o *odd) {
				o.refuses(mail.CodeThrottled, mail.ClassLimit, 299923*time.Millisecond)
				o.refuses(mail.CodeServerClosed, mail.ClassOffline, 0)
			},
		},
		"exchange2013.txt": {
			map[string]mail.Role{"Deleted Items": mail.RoleTrash, "Public Folders/Deleted Items": mail.RoleShared, "Public Folders": mail.RoleShared}, nil,
		},
		"icloud.txt": {
			map[string]mail.Role{"Deleted Messages": mail.RoleTrash, "Sent Messages": mail.RoleSent, "Junk": mail.RoleJunk}, nil,
		},
		"yahoo.txt": {
			map[string]mail.Role{"INBOX": mail.RoleInbox, "Bulk": mail.RoleJunk, "Draft": mail.RoleDrafts},
			func(o *odd) { o.refuses(mail.CodeThrottled, mail.ClassLimit, 0) },
		},
		"yandex.txt": {
			map[string]mail.Role{"Черновики": mail.RoleDrafts, "Черновики/template": "", "Spam": mail.RoleJunk}, nil,
		},
		"qq.txt": {
			map[string]mail.Role{"Deleted Messages": mail.RoleTrash, "其他文件夹": "", "其他文件夹/Work": ""},
			func(o *odd) {
				if r := o.mustPass(); r.Changed != 1 || o.inbox().Counts != (mail.Counts{Total: 2}) {
					o.Errorf("read on the phone: %+v, %+v", r, o.inbox().Counts)
				}
			},
		},
		"netease.txt": {
			map[string]mail.Role{"草稿箱": mail.RoleDrafts, "已发送": mail.RoleSent, "已删除": mail.RoleTrash},
			func(o *odd) { o.refuses(mail.CodeSignInRefused, mail.ClassAuth, 0) },
		},
		"protonbridge.txt": {
			map[string]mail.Role{"All Mail": mail.RoleAll, "Starred": mail.RoleFlagged, "Labels/Work": "", "Trash": mail.RoleTrash},
			func(o *odd) { o.refuses(mail.CodeTooMany, mail.ClassLimit, 0) },
		},
		"courier.txt": {
			map[string]mail.Role{
				"INBOX/Sent": mail.RoleSent, "INBOX/Trash": mail.RoleTrash, "INBOX/Lists/Trash": "", "shared/team/Trash": mail.RoleShared,
			},
			func(o *odd) {
				if home, known, err := o.store.Home(o.Context(), "odd"); home != "INBOX/" || !known || err != nil {
					o.Errorf("the user's folders are in %q, %v, %v", home, known, err)
				}
			},
		},
		"cyrus.txt": {
			map[string]mail.Role{"INBOX/Bin": mail.RoleTrash, "user/ann/Trash": mail.RoleShared, "news": mail.RoleShared},
			func(o *odd) {
				if r := o.mustPass(); r.Gone != 1 || r.Changed != 1 || o.inbox().Counts != (mail.Counts{Total: 2, Unread: 1}) {
					o.Errorf("one gone and one read: %+v, %+v", r, o.inbox().Counts)
				}
			},
		},
	} {
		t.Run(strings.TrimSuffix(file, ".txt"), func(t *testing.T) {
			t.Parallel()
			o := playing(t, file)
			o.mustPass()
			for path, role := range c.roles {
				if b := o.box(path); b.Role != role {
					t.Errorf("%s: role %q, want %q", path, b.Role, role)
				}
			}
			if c.after != nil {
				c.after(o)
			}
		})
	}
}

// refuses makes a pass that ends with a Fault.
func (o *odd) refuses(code mail.Code, class mail.Class, after time.Duration) {
	o.Helper()
	_, err := o.pass()
	if f := mail.FaultOf(err); f == nil || f.Code != code || f.Class != class || f.RetryAfter != after {
		o.Errorf("%+v, want %s", f, code)
	}
}

// TestQuirksAreKnown: each transcript's server is told from the others, and
// each line of the table says why it is there.
func TestQuirksAreKnown(t *testing.T) {
	t.Parallel()
	var seen []string
	for says, server := range map[string]string{
		"Gimap ready for requests from 192.0.2.1":                                     "Gmail",
		"The Microsoft Exchange IMAP4 service is ready. [QQBCAEMA]":                   "Microsoft 365",
		"The Microsoft Exchange IMAP4 service is ready.":                              "Exchange",
		"(2420B13-7c4b) p00-imapgate.example.org name iCloud vendor Apple":            "iCloud",
		"IMAP4rev1 Hello vendor Yahoo! Inc.":                                          "Yahoo",
		"Yandex IMAP4rev1 at imap.example.org ready":                                  "Yandex",
		"QQMail XMIMAP4Server ready":                                                  "QQ Mail",
		"Coremail System IMap Server Ready(163com[b62aaa251425b4be4eaec4ab4744cf47])": "163 and 126",
		"Proton Mail Bridge 03.00.00 - gluon session ID 1":                            "Proton Bridge",
		"Courier-IMAP ready. Copyright 1998-2026 Double Precision, Inc.":              "Courier",
		"mail.example.org Cyrus IMAP 3.6.1 server ready":                              "Cyrus",
		"Dovecot ready.": "Dovecot",
	} {
		q, ok := quirkOf(wire.Caps{}, says)
		if !ok || q.server != server || q.why == "" {
			t.Errorf("%q is taken for %q", says, q.server)
		}
		seen = append(seen, q.server)
	}
	for _, q := range quirks() {
		if !slices.Contains(seen, q.server) {
			t.Errorf("nothing shows %s", q.server)
		}
	}
	if q, ok := quirkOf(wire.Caps{}, "ready"); ok {
		t.Errorf("a server like any other is taken for %s", q.server)
	}
}
