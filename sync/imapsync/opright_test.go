package imapsync

import (
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestAFolderThatCannotBeChanged: a mailbox is open read-only, or does not keep the
// flag that \Deleted is. A server answers OK to STORE there and ignores it (Dovecot:
// "Store ignored with read-only mailbox"). The action is not sent, but taken back and
// said; what changes nothing there, a copy, is made.
func TestAFolderThatCannotBeChanged(t *testing.T) {
	t.Parallel()
	readOnly := strings.NewReplacer("S: A5 OK [READ-WRITE]", "S: A5 OK [READ-ONLY]")
	permanent := func(flags string) *strings.Replacer {
		return strings.NewReplacer("S: A5 OK", "S: * OK [PERMANENTFLAGS ("+flags+")] limited\nS: A5 OK")
	}
	const (
		noDeleted = "\\Seen \\*"
		cp        = "C: M1 UID COPY 1 \"Work\"\nS: M1 OK [COPYUID 9 1 1] done\n"
		mv        = "C: M0 UID FETCH 1 (UID)\nC: M1 UID MOVE 1 \"Work\"\nS: * 1 FETCH (UID 1)\nS: M0 OK done\nS: M1 OK [COPYUID 9 1 1] done\n"
	)
	for name, c := range map[string]struct {
		caps   string
		server *strings.Replacer
		kind   mail.OpKind
		sent   string // "": nothing, and it is said
	}{
		"read-only, flags":           {"UIDPLUS", readOnly, mail.OpFlags, ""},
		"read-only, move by COPY":    {"UIDPLUS", readOnly, mail.OpMove, ""},
		"read-only, MOVE":            {"UIDPLUS MOVE", readOnly, mail.OpMove, ""},
		"read-only, delete":          {"UIDPLUS", readOnly, mail.OpDelete, ""},
		"read-only, copy":            {"UIDPLUS", readOnly, mail.OpCopy, cp},
		"no \\Deleted, move by COPY": {"UIDPLUS", permanent(noDeleted), mail.OpMove, ""},
		"no \\Deleted, delete":       {"UIDPLUS", permanent(noDeleted), mail.OpDelete, ""},
		"no \\Deleted, MOVE":         {"UIDPLUS MOVE", permanent(noDeleted), mail.OpMove, mv},
		"no flag at all":             {"UIDPLUS", permanent(""), mail.OpFlags, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, twoMessages(c.caps), c.server.Replace(unchanged(c.caps))+c.sent)
			o.mustPass()
			op := mail.Op{Kind: c.kind, Targets: o.inboxIDs()[1:]}
			switch c.kind {
			case mail.OpFlags:
				op.Add = mail.NewFlags(mail.FlagSeen)
			case mail.OpMove, mail.OpCopy:
				op.Mailbox = o.box("Work").ID
			}
			if state := o.enqueueAndPass(op); (state == mail.OpDone) != (c.sent != "") {
				t.Errorf("the op is %s", state)
			}
			told := o.told(mail.CodeFolderFixed)
			if c.sent != "" {
				if told != "" {
					t.Errorf("it was done, and told of %q", told)
				}
				return
			}
			if in := o.list("INBOX"); told != "INBOX" || len(in) != 2 || !in[1].Unread() || in[1].Pending || len(o.list("Work")) != 0 {
				t.Errorf("told of %q; the inbox shows %+v", told, in)
			}
		})
	}
}

// TestFlagsThatAreNotKept: PERMANENTFLAGS says which flags a mailbox keeps, and by \*
// that keywords may be new; where nothing is said it keeps all.
func TestFlagsThatAreNotKept(t *testing.T) {
	t.Parallel()
	const seen, work = mail.FlagSeen, mail.Flag("$work")
	type flags = mail.Flags
	for name, c := range map[string]struct {
		says        string // before SELECT's answer
		add, remove flags
		sent        string // STORE; "": nothing
	}{
		"nothing is said":           {"", flags{work}, nil, "+FLAGS.SILENT ($work)"},
		"added, and kept":           {"PERMANENTFLAGS (\\Seen)", flags{seen}, nil, "+FLAGS.SILENT (\\Seen)"},
		"added, and not kept":       {"PERMANENTFLAGS (\\Flagged \\*)", flags{seen}, nil, ""},
		"removed, and kept":         {"PERMANENTFLAGS (\\Seen)", nil, flags{seen}, "-FLAGS.SILENT (\\Seen)"},
		"removed, and not kept":     {"PERMANENTFLAGS (\\Flagged \\*)", nil, flags{seen}, ""},
		"new keywords":              {"PERMANENTFLAGS (\\Flagged \\*)", flags{work}, nil, "+FLAGS.SILENT ($work)"},
		"no new keywords":           {"PERMANENTFLAGS (\\Flagged)", flags{work}, nil, ""},
		"one of two is not kept":    {"PERMANENTFLAGS (\\Flagged)", flags{mail.FlagFlagged, seen}, nil, ""},
		"the one to go is not kept": {"PERMANENTFLAGS (\\Flagged)", flags{mail.FlagFlagged}, flags{seen}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			has := strings.NewReplacer()
			if len(c.remove) > 0 {
				has = strings.NewReplacer("FLAGS ()", "FLAGS (\\Seen)", "UNSEEN 2", "UNSEEN 0")
			}
			said, sent := "", ""
			if c.says != "" {
				said = "S: * OK [" + c.says + "] limited\n"
			}
			if c.sent != "" {
				sent = "C: M1 UID STORE 1 " + c.sent + "\nC: M2 UID FETCH 1 (UID)\nS: M1 OK done\nS: * 1 FETCH (UID 1)\nS: M2 OK done\n"
			}
			o := against(t, has.Replace(twoMessages("")), strings.Replace(has.Replace(unchanged("")), "S: A5 OK", said+"S: A5 OK", 1)+sent)
			o.mustPass()
			was := o.list("INBOX")[1]
			state := o.enqueueAndPass(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{was.ID}, Add: c.add, Remove: c.remove})
			told, is := o.told(mail.CodeFolderFixed), o.list("INBOX")[1]
			if c.sent != "" {
				if state != mail.OpDone || told != "" {
					t.Errorf("the op is %s, and told of is %q", state, told)
				}
				return
			}
			if state != mail.OpFailed || told != "INBOX" || !is.Flags.Equal(was.Flags) || is.Pending {
				t.Errorf("the op is %s, told of is %q, and it shows %v", state, told, is.Flags)
			}
		})
	}
}

// enqueueAndPass queues an op and makes a pass; it returns how the op is then.
func (o *odd) enqueueAndPass(op mail.Op) mail.OpState {
	o.Helper()
	id := o.enqueue(op)
	o.mustPass()
	return o.state(id)
}

// told is the folder that the user is told of, "" for none.
func (o *odd) told(code mail.Code) string {
	o.Helper()
	ps, err := o.store.Problems(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	for _, p := range ps {
		if p.Code == code {
			return p.Args["folder"]
		}
	}
	return ""
}
