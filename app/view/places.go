package view

import (
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// placeRow is a row of the sidebar.
type placeRow struct {
	place   Place
	name    string // cleaned
	depth   int    // levels below the account
	unread  int
	colour  int  // index of the account's colour, -1: none
	header  bool // an account: it is a title and leads to its inbox
	enabled bool // there is something to show
	gap     bool // empty room between groups
}

// nowhere is the place of a row that leads to none.
func nowhere() Place { return Place{Kind: -1} }

// placeRows makes the sidebar of a status: all inboxes, each account with its
// folders below it, and the activity page.
func placeRows(p *i18n.Printer, st api.Status) []placeRow {
	rows := []placeRow{{
		place: Place{Kind: PlaceInboxes}, name: p.T("window.all-inboxes"),
		unread: inboxUnread(st), colour: -1, enabled: true,
	}}
	for i, a := range st.Accounts {
		head := placeRow{
			place: Place{Kind: PlaceFolder, Account: a.ID}, name: mail.Printable(a.Address),
			unread: a.Unread, colour: i, header: true,
		}
		for _, f := range a.Folders {
			if f.Role == mail.RoleInbox {
				head.place.Folder, head.enabled = f.Path, true
			}
		}
		rows = append(rows, head)
		rows = append(rows, folderRows(p, a, i)...)
	}
	return append(rows, placeRow{gap: true, colour: -1, place: nowhere()}, placeRow{
		place: Place{Kind: PlaceActivity}, name: p.T("window.activity"), colour: -1, enabled: true,
	})
}

func inboxUnread(st api.Status) int {
	n := 0
	for _, a := range st.Accounts {
		for _, f := range a.Folders {
			if f.Role == mail.RoleInbox {
				n += f.Unread
			}
		}
	}
	return n
}

// folderRows puts every folder below the one that holds it. Among its siblings
// a folder stands where the status has it.
func folderRows(p *i18n.Printer, a api.AccountStatus, colour int) []placeRow {
	byPath := make(map[string]bool, len(a.Folders))
	for _, f := range a.Folders {
		byPath[f.Path] = true
	}
	children := map[string][]api.Folder{}
	for _, f := range a.Folders {
		up := parentOf(f.Path)
		for up != "" && !byPath[up] {
			up = parentOf(up)
		}
		children[up] = append(children[up], f)
	}
	var rows []placeRow
	var walk func(up string, depth int)
	walk = func(up string, depth int) {
		for _, f := range children[up] {
			rows = append(rows, placeRow{
				place:  Place{Kind: PlaceFolder, Account: a.ID, Folder: f.Path},
				name:   folderName(p, f.Path, up, f.Role),
				depth:  depth,
				unread: f.Unread, colour: colour, enabled: f.Selectable,
			})
			walk(f.Path, depth+1)
		}
	}
	walk("", 0)
	return rows
}

// folderName is what a folder is called below the folder up.
func folderName(p *i18n.Printer, path, up string, role mail.Role) string {
	if role == mail.RoleInbox {
		return p.T("window.inbox")
	}
	name := path
	if up != "" {
		name = strings.TrimPrefix(path, up+"/")
	}
	return mail.Printable(unescape(name))
}

// placeName is the title of a place.
func placeName(p *i18n.Printer, st api.Status, pl Place) string {
	switch pl.Kind {
	case PlaceInboxes:
		return p.T("window.all-inboxes")
	case PlaceActivity:
		return p.T("window.activity")
	case PlaceFolder:
	}
	if f, ok := findFolder(st, pl); ok {
		return folderName(p, f.Path, "", f.Role)
	}
	return mail.Printable(unescape(pl.Folder))
}

func findFolder(st api.Status, pl Place) (api.Folder, bool) {
	if a, ok := findAccount(st, pl.Account); ok {
		for _, f := range a.Folders {
			if f.Path == pl.Folder {
				return f, true
			}
		}
	}
	return api.Folder{}, false
}

func findAccount(st api.Status, id mail.AccountID) (api.AccountStatus, bool) {
	for _, a := range st.Accounts {
		if a.ID == id {
			return a, true
		}
	}
	return api.AccountStatus{}, false
}

// accountColour is the index of an account's colour, -1 if it is unknown.
func accountColour(st api.Status, id mail.AccountID) int {
	for i, a := range st.Accounts {
		if a.ID == id {
			return i
		}
	}
	return -1
}

// parentOf is the display path of the level above, "" at the top.
func parentOf(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '/' && !escaped(path, i) {
			return path[:i]
		}
	}
	return ""
}

// escaped reports whether the byte at i stands behind an odd number of
// backslashes.
func escaped(s string, i int) bool {
	n := 0
	for i--; i >= 0 && s[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

func unescape(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\/`, `/`).Replace(s)
}
