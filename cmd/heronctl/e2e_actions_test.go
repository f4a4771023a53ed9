//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// TestActionsWithARealServer tells what a user does to messages and folders
// with the built program, and asks the server itself after each.
func TestActionsWithARealServer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 7 {
		r.dove.Deliver(t, 0, "INBOX", letter(i))
	}
	o := r.run(r.dove.Password(0)+"\n", "account", "add", "user0@heron.example", "--id", "work", "--host", "localhost",
		"--port", r.port(r.dove.IMAPS()), "--user", "user0", "--password-stdin", "--ca-file", r.dove.CAFile)
	if o.code != 0 {
		t.Fatalf("account add: %s", o.errOut)
	}
	r.ok(&[]api.SyncReport{}, "sync")
	r.doctor()
	r.folderLife() // with no holder: each command is the engine for as long as it runs
	w := r.watch()
	r.awaitRunning(true)
	r.messagesMove()
	r.deleting()
	r.offline(w)
	w.stop(syscall.SIGINT)
	r.noSecret(r.dove.Password(0))
}

func (r *rig) doctor() {
	r.t.Helper()
	var found struct {
		OK     bool
		Checks []api.Check
	}
	r.ok(&found, "doctor")
	last := found.Checks[len(found.Checks)-1]
	if !found.OK || len(found.Checks) != 4 || last.Account != "work" || last.Finds != "qresync" || last.Tells == "" || len(last.Steps) != 6 {
		r.t.Errorf("doctor: %+v", found)
	}
}

// done runs a command that queues something, and waits for the server.
func (r *rig) done(args ...string) actResult {
	r.t.Helper()
	var res actResult
	r.ok(&res, append(args, "--wait", "--timeout", "20s")...)
	if res.State != mail.OpDone || res.Op == 0 {
		r.t.Errorf("%v: %+v", args, res)
	}
	return res
}

// serverHas tells which folders hold the letter of a number on the server.
func (r *rig) serverHas(n int, want ...string) {
	r.t.Helper()
	c := r.dove.Client(r.t, 0)
	defer func() { _ = c.Close() }()
	boxes, err := c.List("", "*", nil).Collect()
	if err != nil {
		r.t.Fatal(err)
	}
	var got []string
	for _, b := range boxes {
		if slices.Contains(b.Attrs, imap.MailboxAttrNoSelect) {
			continue
		}
		if _, err := c.Select(b.Mailbox, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			r.t.Fatal(err)
		}
		found, err := c.UIDSearch(&imap.SearchCriteria{
			Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: fmt.Sprintf("<lunch-%d@example.org>", n)}},
		}, nil).Wait()
		if err != nil {
			r.t.Fatal(err)
		}
		for range found.AllUIDs() {
			got = append(got, b.Mailbox)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		r.t.Errorf("letter %d is in %q on the server, want %q", n, got, want)
	}
}

// serverFolders lists the server's folders beside those that it begins with.
func (r *rig) serverFolders(want ...string) {
	r.t.Helper()
	c := r.dove.Client(r.t, 0)
	defer func() { _ = c.Close() }()
	boxes, err := c.List("", "*", nil).Collect()
	if err != nil {
		r.t.Fatal(err)
	}
	var got []string
	for _, b := range boxes {
		switch b.Mailbox {
		case "INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash":
		default:
			got = append(got, b.Mailbox)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		r.t.Errorf("the server has the folders %q, want %q", got, want)
	}
}

// letterIn is the id of a letter in a folder, as the list here shows it.
func (r *rig) letterIn(path string, n int) string {
	r.t.Helper()
	var list []api.Message
	r.ok(&list, "message", "list", "work", path)
	for _, m := range list {
		if strings.Contains(m.MessageID, fmt.Sprintf("lunch-%d@example.org", n)) {
			return fmt.Sprintf("id:%d", m.ID)
		}
	}
	r.t.Fatalf("no letter %d in %s: %+v", n, path, list)
	return ""
}

func (r *rig) folderLife() {
	r.done("folder", "create", "work", "Projects/Hérön")
	r.serverFolders("Projects", "Projects/Hérön")
	r.done("folder", "rename", "work", "Projects/Hérön", "Projects/Egret")
	r.serverFolders("Projects", "Projects/Egret")
	r.done("folder", "unsubscribe", "work", "Projects/Egret")
	r.done("folder", "subscribe", "work", "Projects/Egret")
	r.done("folder", "create", "work", "Brief")
	r.done("folder", "delete", "work", "Brief")
	r.serverFolders("Projects", "Projects/Egret")
	for _, c := range []struct {
		exit int
		code mail.Code
		args string
	}{
		{1, mail.CodeFolderExists, "create work Projects/Egret"},
		{1, mail.CodeFolderExists, "create work inbox"},
		{2, mail.CodeBadFolder, "create work Projects//Egret"},
		{2, mail.CodeBadFolder, `create work a\/b`},
		{6, mail.CodeNoFolder, "delete work Nowhere"},
		{6, mail.CodeNoAccount, "create nobody New"},
		{1, mail.CodeFolderStays, "delete work INBOX"},
		{1, mail.CodeFolderStays, "rename work INBOX Old"},
		{1, mail.CodeNotSupported, "empty work Archive --yes"},
		{2, mail.CodeUsage, "empty work Trash"},
	} {
		r.fails(c.exit, c.code, "", append([]string{"folder"}, strings.Fields(c.args)...)...)
	}
}

func (r *rig) messagesMove() {
	t := r.t
	r.done("message", "move", "work", "INBOX", "1", "--to", "Projects/Egret")
	r.serverHas(0, "Projects/Egret")
	r.done("message", "copy", "work", "INBOX", "2", "--to", "Projects/Egret")
	r.serverHas(1, "INBOX", "Projects/Egret")
	r.done("message", "archive", r.letterIn("INBOX", 2))
	r.serverHas(2, "Archive")
	// At once, where no pass has seen the copy: it is taken back, and nothing before it.
	copied := r.done("message", "copy", r.letterIn("INBOX", 3), "--to", "Projects/Egret")
	var op api.Op
	if r.ok(&op, "undo", "--wait", "--timeout", "20s"); op.State != mail.OpDone || op.Inverse != copied.Op {
		t.Errorf("undo of a copy: %+v", op)
	}
	r.serverHas(3, "INBOX")
	r.serverHas(2, "Archive")
	r.done("message", "junk", r.letterIn("INBOX", 3))
	r.serverHas(3, "Junk")
	moved := r.done("message", "move", r.letterIn("Projects/Egret", 0), "--to", "INBOX")
	r.serverHas(0, "INBOX")
	var res actResult
	if r.ok(&res, "message", "move", r.letterIn("INBOX", 0), "--to", "INBOX"); res.Op != 0 || res.State != mail.OpDone {
		t.Errorf("moved to where it is: %+v", res)
	}
	if r.ok(&op, "undo", fmt.Sprint(moved.Op), "--wait", "--timeout", "20s"); op.State != mail.OpDone || op.Inverse != moved.Op || op.Folder != "Projects/Egret" {
		t.Errorf("undo: %+v", op)
	}
	r.serverHas(0, "Projects/Egret")
	o := r.run("", "message", "move", "work", "INBOX", "2", "--to", "Nowhere")
	if o.code != 6 || !strings.Contains(o.errOut, "heronctl folder create work Nowhere") {
		t.Errorf("to nowhere: exit %d, %s", o.code, o.errOut)
	}
	var found []api.Message
	if r.ok(&found, "search", "subject:lunch", "from:ann"); len(found) < 8 {
		t.Errorf("search: %d found", len(found))
	}
	if o := r.run("", "activity", "--since", "1h"); o.code != 0 || !strings.Contains(o.out, "moved from INBOX to Archive") {
		t.Errorf("activity: exit %d\n%s%s", o.code, o.out, o.errOut)
	}
}

func (r *rig) deleting() {
	t := r.t
	r.done("message", "delete", r.letterIn("INBOX", 4))
	r.serverHas(4, "Trash")
	var op api.Op
	if r.ok(&op, "undo", "--wait", "--timeout", "20s"); op.State != mail.OpDone || op.Folder != "INBOX" {
		t.Errorf("undo of a deletion: %+v", op)
	}
	r.serverHas(4, "INBOX")
	r.done("message", "delete", r.letterIn("INBOX", 4))
	gone := r.done("message", "delete", r.letterIn("Trash", 4))
	r.serverHas(4)
	r.fails(1, mail.CodeNotUndoable, "", "undo", fmt.Sprint(gone.Op))
	r.fails(1, mail.CodeNotUndoable, "", "undo") // and not what was done before it
	r.done("message", "delete", r.letterIn("INBOX", 5))
	r.done("message", "delete", r.letterIn("Junk", 3))
	var emptied folderResult
	r.ok(&emptied, "folder", "empty", "work", "Trash", "--yes", "--wait", "--timeout", "20s")
	if emptied.State != mail.OpDone || emptied.Count == nil || *emptied.Count != 2 {
		t.Errorf("emptied: %+v", emptied)
	}
	r.serverHas(5)
	r.serverHas(3)
}

// offline: what is done without a server shows at once, can be taken back, and
// is sent when there is one again.
func (r *rig) offline(w *watcher) {
	t := r.t
	at := len(w.seen())
	r.dove.Stop()
	w.await("the loss", func(api.Event) bool {
		return slices.ContainsFunc(w.seen()[at:], func(e api.Event) bool { return e.Kind == "account.state" && e.State == mail.StateOffline })
	})
	var res actResult
	if r.ok(&res, "message", "archive", r.letterIn("INBOX", 1)); res.State != mail.OpWaiting {
		t.Errorf("archived without a server: %+v", res)
	}
	r.letterIn("Archive", 1)
	var ops []api.Op
	if r.ok(&ops, "op", "list"); len(ops) != 1 || ops[0].Folder != "Archive" || ops[0].Count != 1 {
		t.Errorf("ops: %+v", ops)
	}
	var op api.Op
	if r.ok(&op, "undo"); op.State != mail.OpUndone && op.Inverse != res.Op {
		t.Errorf("undo of what was not sent: %+v", op)
	}
	r.letterIn("INBOX", 1)
	var made folderResult
	if r.ok(&made, "folder", "create", "work", "Later"); made.State != mail.OpWaiting {
		t.Errorf("made without a server: %+v", made)
	}
	r.ok(&res, "message", "move", r.letterIn("INBOX", 6), "--to", "Later")
	r.letterIn("Later", 6)
	r.dove.Start()
	var reports []api.SyncReport
	if r.ok(&reports, "sync"); len(reports) != 1 || reports[0].Problem != nil {
		t.Errorf("sync: %+v", reports)
	}
	if r.ok(&ops, "op", "list"); len(ops) != 0 {
		t.Errorf("left after a sync: %+v", ops)
	}
	r.serverFolders("Later", "Projects", "Projects/Egret")
	r.serverHas(6, "Later")
	r.serverHas(1, "INBOX", "Projects/Egret")
}
