package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// actor is an account whose folders and messages a test has put in.
type actor struct {
	*rig
	id mail.AccountID
}

// newActor makes an account with folders of those names, in which a message
// each has the UIDs 1 and 2. A name may end in " is ROLE".
func newActor(t *testing.T, delimiter string, names ...string) actor {
	t.Helper()
	r := newRig(t, offline(&fakeWorker{}))
	r.run()
	a, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	var listing []store.ListedMailbox
	for _, n := range names {
		name, role, _ := strings.Cut(n, " is ")
		if name == "INBOX" {
			role = string(mail.RoleInbox)
		}
		selectable := role != "none"
		if !selectable {
			role = ""
		}
		listing = append(listing, store.ListedMailbox{
			Name: name, Delimiter: delimiter, Role: mail.Role(role), Selectable: selectable, Subscribed: true,
		})
	}
	_, err = r.store.Apply(t.Context(), a.ID, store.Batch{Listing: &store.Listing{Mailboxes: listing}})
	r.must(err)
	boxes, err := r.store.Mailboxes(t.Context(), a.ID)
	r.must(err)
	for _, b := range boxes {
		if b.Selectable {
			_, err = r.store.Apply(t.Context(), a.ID, store.Batch{Deltas: []store.Delta{{
				Mailbox: b.ID, SetCursor: true, Cursor: mail.Cursor{UIDValidity: 1, UIDNext: 3, Messages: 2},
				Added: []store.Fetched{{UID: 1, Size: 1}, {UID: 2, Size: 1}},
			}}})
			r.must(err)
		}
	}
	return actor{r, a.ID}
}

// in returns the messages of a folder, oldest first.
func (a actor) in(path string) []mail.MessageID {
	a.Helper()
	box, err := a.store.MailboxByPath(a.Context(), a.id, path)
	a.must(err)
	page, err := a.store.Messages(a.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{box.ID}, Limit: 500})
	a.must(err)
	out := ids(page.Messages)
	slices.Reverse(out)
	return out
}

// words tells ops as "move 2 to Archive".
func (a actor) words(ops []mail.Op) string {
	a.Helper()
	var out []string
	for _, op := range ops {
		s := string(op.Kind)
		if len(op.Targets) > 0 {
			s += fmt.Sprintf(" %d", len(op.Targets))
		}
		if op.Name != "" {
			s += " as " + op.Name
		}
		if op.Mailbox != 0 && op.Kind != mail.OpFolderCreate {
			box, err := a.store.Mailbox(a.Context(), op.Mailbox)
			if err != nil {
				s += " of a folder that shows no more"
			} else {
				s += " to " + box.Path()
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// TestWhatAnActionBecomes: the folders of an account say what archive, junk and
// delete mean there.
func TestWhatAnActionBecomes(t *testing.T) {
	for _, c := range []struct {
		name      string
		delimiter string
		boxes     string
		from      string
		action    Action
		want      string
		fault     mail.Code
	}{
		{"move", "/", "INBOX|Work", "INBOX", Action{Kind: mail.ActMove, To: "Work"}, "move 2 to Work", ""},
		{"move to where they are", "/", "INBOX|Work", "Work", Action{Kind: mail.ActMove, To: "Work"}, "", ""},
		{"move to the inbox in any case", "/", "INBOX|Work", "Work", Action{Kind: mail.ActMove, To: "inbox"}, "move 2 to INBOX", ""},
		{"move to nowhere", "/", "INBOX", "INBOX", Action{Kind: mail.ActMove, To: "Nowhere"}, "", mail.CodeNoFolder},
		{"move to a mere level", "/", "INBOX|Lists is none", "INBOX", Action{Kind: mail.ActMove, To: "Lists"}, "", mail.CodeFolderNoMail},
		{"copy", "/", "INBOX|Work", "INBOX", Action{Kind: mail.ActCopy, To: "Work"}, "copy 2 to Work", ""},
		{"archive", "/", "INBOX|Old is archive", "INBOX", Action{Kind: mail.ActArchive}, "move 2 to Old", ""},
		{"archive what is there", "/", "INBOX|Old is archive", "Old", Action{Kind: mail.ActArchive}, "", ""},
		{"archive without one", "/", "INBOX", "INBOX", Action{Kind: mail.ActArchive}, "folder.create as Archive, move 2 to Archive", ""},
		{"below the inbox", ".", "INBOX|INBOX.Sent is sent", "INBOX", Action{Kind: mail.ActArchive}, "folder.create as INBOX.Archive, move 2 to INBOX/Archive", ""},
		{"beside the inbox", ".", "INBOX|INBOX.Work|Sent is sent", "INBOX", Action{Kind: mail.ActArchive}, "folder.create as Archive, move 2 to Archive", ""},
		{"one without a role", "/", "INBOX|Archive", "INBOX", Action{Kind: mail.ActArchive}, "move 2 to Archive", ""},
		{"junk", "/", "INBOX|Spam is junk", "INBOX", Action{Kind: mail.ActJunk}, "move 2 to Spam", ""},
		{"junk without one", "", "INBOX", "INBOX", Action{Kind: mail.ActJunk}, "folder.create as Junk, move 2 to Junk", ""},
		{"delete", "/", "INBOX|Bin is trash", "INBOX", Action{Kind: mail.ActDelete}, "move 2 to Bin", ""},
		{"delete junk", "/", "INBOX|Bin is trash|Junk is junk", "Junk", Action{Kind: mail.ActDelete}, "move 2 to Bin", ""},
		{"delete for good", "/", "INBOX|Bin is trash", "Bin", Action{Kind: mail.ActDelete}, "delete 2", ""},
		{"delete both", "/", "INBOX|Bin is trash", "INBOX,Bin", Action{Kind: mail.ActDelete}, "move 2 to Bin, delete 2", ""},
		{"delete without a trash", "/", "INBOX", "INBOX", Action{Kind: mail.ActDelete}, "folder.create as Trash, move 2 to Trash", ""},
		{"what nobody knows", "/", "INBOX", "INBOX", Action{Kind: "fly"}, "", mail.CodeNotSupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newActor(t, c.delimiter, strings.Split(c.boxes, "|")...)
			for _, path := range strings.Split(c.from, ",") {
				c.action.IDs = append(c.action.IDs, a.in(path)...)
			}
			ops, err := a.Do(t.Context(), c.action)
			if got := a.words(ops); got != c.want || code(err) != c.fault {
				t.Errorf("%q, %v; want %q, %q", got, err, c.want, c.fault)
			}
			if waiting, err := a.Ops(t.Context(), ""); err != nil || len(waiting) != len(ops) {
				t.Errorf("%d ops wait, %v", len(waiting), err)
			}
		})
	}
}

// TestATrashThatWasMadeIsOne: the server has not said yet that the new folder is
// the trash, and deleting there is for good all the same.
func TestATrashThatWasMadeIsOne(t *testing.T) {
	a := newActor(t, "/", "INBOX")
	msgs := a.in("INBOX")
	_, err := a.Do(t.Context(), Action{Kind: mail.ActDelete, IDs: msgs[:1]})
	a.must(err)
	ops, err := a.Do(t.Context(), Action{Kind: mail.ActDelete, IDs: msgs[1:]})
	a.must(err)
	if got := a.words(ops); got != "move 1 to Trash" {
		t.Errorf("the second message: %q", got)
	}
	ops, err = a.Do(t.Context(), Action{Kind: mail.ActDelete, IDs: msgs})
	a.must(err)
	if got := a.words(ops); got != "delete 2" {
		t.Errorf("once more: %q", got)
	}
}

// TestFolderActions: what can be done to a folder, and what cannot and why.
func TestFolderActions(t *testing.T) {
	for _, c := range []struct {
		name   string
		action FolderAction
		want   string
		fault  mail.Code
	}{
		{"create", FolderAction{Kind: mail.FolderCreate, Path: "New"}, "folder.create as New", ""},
		{"create a level deeper", FolderAction{Kind: mail.FolderCreate, Path: `Lists/Go \/ Rust`}, "folder.create as Lists.Go / Rust", ""},
		{"create what is there", FolderAction{Kind: mail.FolderCreate, Path: "Work"}, "", mail.CodeFolderExists},
		{"create the inbox", FolderAction{Kind: mail.FolderCreate, Path: "Inbox"}, "", mail.CodeFolderExists},
		{"create without a name", FolderAction{Kind: mail.FolderCreate, Path: "Lists/"}, "", mail.CodeBadFolder},
		{"create with the delimiter", FolderAction{Kind: mail.FolderCreate, Path: "v1.0"}, "", mail.CodeBadFolder},
		{"rename", FolderAction{Kind: mail.FolderRename, Path: "Work", To: "Lists/Work"}, "folder.rename as Lists.Work to Lists/Work", ""},
		{"rename to the same", FolderAction{Kind: mail.FolderRename, Path: "Work", To: "Work"}, "", ""},
		{"rename in case alone", FolderAction{Kind: mail.FolderRename, Path: "Work", To: "work"}, "folder.rename as work to work", ""},
		{"rename to another", FolderAction{Kind: mail.FolderRename, Path: "Work", To: "Bin"}, "", mail.CodeFolderExists},
		{"rename into itself", FolderAction{Kind: mail.FolderRename, Path: "Work", To: "Work/Work"}, "", mail.CodeBadFolder},
		{"rename the inbox", FolderAction{Kind: mail.FolderRename, Path: "INBOX", To: "New"}, "", mail.CodeFolderStays},
		{"rename what is not there", FolderAction{Kind: mail.FolderRename, Path: "Nowhere", To: "New"}, "", mail.CodeNoFolder},
		{"delete", FolderAction{Kind: mail.FolderDelete, Path: "Work"}, "folder.delete of a folder that shows no more", ""},
		{"delete the inbox", FolderAction{Kind: mail.FolderDelete, Path: "inbox"}, "", mail.CodeFolderStays},
		{"delete what is not there", FolderAction{Kind: mail.FolderDelete, Path: "Nowhere"}, "", mail.CodeNoFolder},
		{"subscribe again", FolderAction{Kind: mail.FolderSubscribe, Path: "Work"}, "", ""},
		{"unsubscribe", FolderAction{Kind: mail.FolderUnsubscribe, Path: "Work"}, "folder.unsubscribe to Work", ""},
		{"empty the trash", FolderAction{Kind: mail.FolderEmpty, Path: "Bin"}, "delete 2", ""},
		{"empty another", FolderAction{Kind: mail.FolderEmpty, Path: "Work"}, "", mail.CodeNotSupported},
		{"what nobody knows", FolderAction{Kind: "paint", Path: "Work"}, "", mail.CodeNotSupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newActor(t, ".", "INBOX", "Work", "Lists is none", "Bin is trash")
			done, err := a.DoFolder(t.Context(), a.id, c.action)
			if got := a.words(done.Ops); got != c.want || code(err) != c.fault {
				t.Errorf("%q, %v; want %q, %q", got, err, c.want, c.fault)
			}
		})
	}
	a := newActor(t, ".", "INBOX", "Bin is trash")
	if _, err := a.DoFolder(t.Context(), "nobody", FolderAction{Kind: mail.FolderCreate, Path: "X"}); code(err) != mail.CodeNoAccount {
		t.Errorf("no such account: %v", err)
	}
	empty := FolderAction{Kind: mail.FolderEmpty, Path: "Bin"}
	if done, err := a.DoFolder(t.Context(), a.id, empty); err != nil || done.Count != 2 || done.Role != mail.RoleTrash {
		t.Errorf("emptied: %+v, %v", done, err)
	}
	if done, err := a.DoFolder(t.Context(), a.id, empty); err != nil || len(done.Ops) != 0 {
		t.Errorf("emptied again: %+v, %v", done, err)
	}
}

// TestDelimiters: each namespace of a server may part its levels in its own way.
func TestDelimiters(t *testing.T) {
	boxes := []mail.Mailbox{
		{Name: "Flat"},
		{Name: "Public/News", Delimiter: "/"},
		{Name: "INBOX", Delimiter: ".", Role: mail.RoleInbox},
		{Name: "Lists.Go", Delimiter: "."},
	}
	for path, want := range map[string]string{
		"New": ".", "Lists/Go/Deep": ".", "Public/News/Today": "/", "Public": ".", "": ".",
	} {
		if got := delimiter(boxes, path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	if got := delimiter(boxes[:2], "New"); got != "/" {
		t.Errorf("without an inbox: %q", got)
	}
	if got := delimiter(nil, "New"); got != "" {
		t.Errorf("without any: %q", got)
	}
}

// TestManyMessagesAreSeveralOps: an op has at most 10,000 messages.
func TestManyMessagesAreSeveralOps(t *testing.T) {
	op := mail.Op{Kind: mail.OpDelete, Targets: make([]mail.MessageID, 2*maxTargets+1)}
	var got []int
	for _, p := range parts(op) {
		got = append(got, len(p.Targets))
	}
	if !slices.Equal(got, []int{maxTargets, maxTargets, 1}) {
		t.Errorf("%v", got)
	}
}
