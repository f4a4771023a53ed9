package mail

import (
	"strings"
	"time"
)

// MailboxID is local and stable across renames; positive once stored.
type MailboxID int64

// UIDValidity is a mailbox's UIDVALIDITY (RFC 3501 §2.3.1.1); 0 is unknown.
type UIDValidity uint32

// ModSeq is a CONDSTORE mod-sequence (RFC 7162 §3.1); 0 is unknown.
type ModSeq uint64

// Role is what a mailbox is for, by SPECIAL-USE (RFC 6154) or its name.
type Role string

// The roles of mailboxes.
const (
	RoleNone    Role = ""
	RoleInbox   Role = "inbox"
	RoleArchive Role = "archive"
	RoleDrafts  Role = "drafts"
	RoleSent    Role = "sent"
	RoleJunk    Role = "junk"
	RoleTrash   Role = "trash"
	RoleAll     Role = "all"     // everything again: neither indexed nor counted
	RoleFlagged Role = "flagged" // a view, as RoleAll
	// RoleImportant is a view too (RFC 8457).
	RoleImportant Role = "important"
	// RoleShared is for another user's mailboxes and those of a group (RFC 2342),
	// whatever they are called: kept if the user subscribed to them, not counted.
	RoleShared Role = "shared"
)

// Counted reports whether unread mail of the role adds to an account's number.
func (r Role) Counted() bool {
	switch r {
	case RoleJunk, RoleTrash, RoleAll, RoleFlagged, RoleImportant, RoleShared, RoleDrafts, RoleSent:
		return false
	default:
		return true
	}
}

// View reports whether a mailbox of the role shows again what others hold.
func (r Role) View() bool { return r == RoleAll || r == RoleFlagged || r == RoleImportant }

// Counts are a mailbox's numbers as the server last said them with our pending
// actions laid over.
type Counts struct {
	Total  int
	Unread int
}

// Cursor is how far a mailbox is in step. It belongs to its UIDValidity.
type Cursor struct {
	UIDValidity   UIDValidity
	UIDNext       UID    // the server's; UIDs below it were seen. 0: never in step
	HighestModSeq ModSeq // 0: the mailbox has none (RFC 7162 §3.1.2.2)
	Messages      int    // the server's MESSAGES when it was last in step
	Unseen        int    // the server's UNSEEN then
	BackfillBelow UID    // envelopes of UIDs below it are still to be fetched; 0 or 1: none
}

// Mailbox is a folder of an account.
type Mailbox struct {
	ID         MailboxID
	Account    AccountID
	Name       string // as the server has it, decoded to UTF-8, levels parted by Delimiter
	Delimiter  string // one character, "" for a flat name (RFC 3501 §7.2.2)
	Role       Role
	Selectable bool
	Subscribed bool
	Watched    bool // alerts are shown for its mail
	Counts     Counts
	Cursor     Cursor
	LastSync   time.Time // zero: never
}

// Kept reports whether the mailbox's mail is kept here: views are not, and what
// is others' only when the user subscribed to it.
func (m Mailbox) Kept() bool {
	return m.Selectable && !m.Role.View() && (m.Role != RoleShared || m.Subscribed)
}

// Path is the name as the user sees it: '/' between levels, `\/` for a slash
// and `\\` for a backslash inside a name.
func (m Mailbox) Path() string { return DisplayPath(m.Name, m.Delimiter) }

// DisplayPath turns a server's name into the path that the user sees.
func DisplayPath(name, delimiter string) string {
	levels := []string{name}
	if delimiter != "" {
		levels = strings.Split(name, delimiter)
	}
	for i, l := range levels {
		l = strings.ReplaceAll(l, `\`, `\\`)
		levels[i] = strings.ReplaceAll(l, "/", `\/`)
	}
	return strings.Join(levels, "/")
}

// ServerName is the reverse of DisplayPath for a server with that delimiter.
func ServerName(path, delimiter string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path):
			i++
			b.WriteByte(path[i])
		case c == '/' && delimiter != "":
			b.WriteString(delimiter)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
