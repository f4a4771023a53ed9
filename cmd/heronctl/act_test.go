package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// TestMove: each verb asks for the action that it is, on the messages that are
// named.
func TestMove(t *testing.T) {
	for args, want := range map[string]api.Action{
		"move work INBOX 17 16 --to Lists/Go":  {Kind: mail.ActMove, To: "Lists/Go", IDs: []mail.MessageID{204, 203}},
		"move id:203 --to=Lists":               {Kind: mail.ActMove, To: "Lists", IDs: []mail.MessageID{203}},
		"copy work INBOX 17 id:203 --to Lists": {Kind: mail.ActCopy, To: "Lists", IDs: []mail.MessageID{204, 203}},
		"archive work INBOX 17":                {Kind: mail.ActArchive, IDs: []mail.MessageID{204}},
		"junk id:204":                          {Kind: mail.ActJunk, IDs: []mail.MessageID{204}},
		"delete work INBOX 16":                 {Kind: mail.ActDelete, IDs: []mail.MessageID{203}},
	} {
		f := sample()
		o := try(t, &fakes{worker: f}, append([]string{"message"}, strings.Fields(args)...)...)
		if o.code != 0 || f.action.Kind != want.Kind || f.action.To != want.To || !slices.Equal(f.action.IDs, want.IDs) {
			t.Errorf("%s: exit %d, %+v, %s", args, o.code, f.action, o.errOut)
		}
	}
	for args, code := range map[string]int{
		"move work INBOX 17": 2, "move work INBOX 17 --to=": 2, "copy id:204": 2, "archive": 2, "archive work": 2,
		"delete work INBOX": 2, "junk work INBOX x": 2, "delete work INBOX 17 --wait --timeout 0s": 2,
		"archive work INBOX 99": 6, "delete id:999": 6, "delete home INBOX id:203": 6,
	} {
		f := sample()
		o := try(t, &fakes{worker: f}, append([]string{"message"}, strings.Fields(args)...)...)
		if o.code != code || f.action.Kind != "" {
			t.Errorf("%s: exit %d, want %d: %s", args, o.code, code, o.errOut)
		}
	}
}

// recorder remembers all that it was asked to do.
type recorder struct {
	*fake
	acts []api.Action
}

func (r *recorder) Do(_ context.Context, a api.Action) (api.ActionResult, error) {
	r.acts = append(r.acts, a)
	return api.ActionResult{Op: mail.OpID(len(r.acts))}, nil
}

// TestMoreMessagesThanARequestNames: they are named in several requests, of one action.
func TestMoreMessagesThanARequestNames(t *testing.T) {
	r := &recorder{fake: sample()}
	res, err := doAll(t.Context(), r, api.Action{Kind: mail.ActDelete}, make([]mail.MessageID, 2*actTargets+1))
	if err != nil || !slices.Equal(res.Ops, []mail.OpID{1, 2, 3}) {
		t.Fatalf("%+v, %v", res, err)
	}
	for i, want := range []mail.OpID{0, 1, 1} {
		if r.acts[i].With != want {
			t.Errorf("request %d goes with op %d, want %d", i+1, r.acts[i].With, want)
		}
	}
}

// TestMoveToNowhere: who moves mail to a folder that is not there is told how to
// make it, as a line that a shell takes.
func TestMoveToNowhere(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"work", "INBOX", "17", "--to", "Lists/Go"}, "heronctl folder create work Lists/Go"},
		{[]string{"work", "INBOX", "17", "--to", "Ann's $list"}, `heronctl folder create work 'Ann'\''s $list'`},
		{[]string{"id:204", "--to", "Lists"}, "heronctl folder create ID Lists"},
	} {
		f := sample()
		f.err = nil
		to := c.args[len(c.args)-1]
		o := try(t, &fakes{worker: &lacking{f, to}}, append([]string{"message", "move"}, c.args...)...)
		if o.code != 6 || !strings.Contains(o.errOut, "Make it first: "+c.want+"\n") {
			t.Errorf("%v: exit %d, %s", c.args, o.code, o.errOut)
		}
	}
}

// lacking is a session whose accounts lack a folder.
type lacking struct {
	*fake
	path string
}

func (n *lacking) Do(context.Context, api.Action) (api.ActionResult, error) {
	return api.ActionResult{}, &mail.Fault{Code: mail.CodeNoFolder, Class: mail.ClassLocal, Args: mail.Args{"folder": n.path}}
}

// TestFolderActions: each verb asks for what it is; emptying asks first.
func TestFolderActions(t *testing.T) {
	for args, want := range map[string]api.FolderAction{
		"create work Lists/Go":     {Kind: mail.FolderCreate, Path: "Lists/Go"},
		"delete work Lists":        {Kind: mail.FolderDelete, Path: "Lists"},
		"rename work Lists Old/L":  {Kind: mail.FolderRename, Path: "Lists", To: "Old/L"},
		"subscribe work Lists":     {Kind: mail.FolderSubscribe, Path: "Lists"},
		"unsubscribe work Lists":   {Kind: mail.FolderUnsubscribe, Path: "Lists"},
		"empty work Trash --yes":   {Kind: mail.FolderEmpty, Path: "Trash"},
		"delete work Lists --wait": {Kind: mail.FolderDelete, Path: "Lists"},
	} {
		f := sample()
		f.op.State = mail.OpDone
		o := try(t, &fakes{worker: f}, append([]string{"folder"}, strings.Fields(args)...)...)
		if o.code != 0 || f.folder != want {
			t.Errorf("%s: exit %d, %+v, %s", args, o.code, f.folder, o.errOut)
		}
	}
	f := sample()
	if o := try(t, &fakes{worker: f}, "folder", "empty", "work", "Trash"); o.code != 2 || f.folder.Kind != "" {
		t.Errorf("nobody to ask: exit %d, %+v", o.code, f.folder)
	}
	asked := func(answer string) (outcome, *fake) {
		f := sample()
		return tryIn(t.Context(), t, &fakes{worker: f}, func(e *env) {
			e.Secret = func() (string, error) { return "", nil }
			e.Stdin = strings.NewReader(answer)
		}, "folder", "empty", "work", "Trash"), f
	}
	if o, f := asked("n\n"); o.code != 1 || f.folder.Kind != "" || !strings.Contains(o.errOut, "everything in Trash?") {
		t.Errorf("no: exit %d, %+v, %s", o.code, f.folder, o.errOut)
	}
	if o, f := asked("y\n"); o.code != 0 || f.folder.Kind != mail.FolderEmpty || !strings.Contains(o.out, "3 messages in Trash") {
		t.Errorf("yes: exit %d, %+v, %s", o.code, f.folder, o.out)
	}
	for code, exit := range map[mail.Code]int{mail.CodeNoFolder: 6, mail.CodeBadFolder: 2, mail.CodeFolderStays: 1, mail.CodeFolderExists: 1} {
		f := sample()
		f.err = &mail.Fault{Code: code, Class: mail.ClassLocal, Args: mail.Args{"folder": "X"}}
		if o := try(t, &fakes{worker: &noFolder{f}}, "folder", "delete", "work", "X"); o.code != exit || !strings.Contains(o.errOut, "X") {
			t.Errorf("%s: exit %d, %s", code, o.code, o.errOut)
		}
	}
}

// noFolder is a session that knows how it stands and refuses to act on folders.
type noFolder struct{ *fake }

func (n *noFolder) Status(context.Context) (api.Status, error) { return n.status, nil }

// TestSpecialFoldersAreMissed: who deletes or renames one is told what that
// means.
func TestSpecialFoldersAreMissed(t *testing.T) {
	for role, want := range map[mail.Role]string{
		mail.RoleTrash: "the trash", mail.RoleJunk: "the junk folder", mail.RoleArchive: "the archive",
		mail.RoleSent: "sent mail", mail.RoleDrafts: "drafts", mail.RoleNone: "",
	} {
		f := sample()
		f.result.Role = role
		for _, args := range []string{"folder delete work X", "folder rename work X Y", "folder unsubscribe work X"} {
			o := try(t, &fakes{worker: f}, strings.Fields(args)...)
			lines := strings.Count(o.out, "\n")
			told := want != "" && !strings.Contains(args, "unsubscribe")
			if o.code != 0 || told != (lines == 2) || told && !strings.Contains(o.out, want) {
				t.Errorf("%s of %q: exit %d, %s", args, role, o.code, o.out)
			}
		}
	}
}

func TestUndo(t *testing.T) {
	f := sample()
	o := try(t, &fakes{worker: f}, "undo")
	if o.code != 0 || f.undone != 0 || !strings.Contains(o.out, "(move 2 messages to INBOX)") {
		t.Errorf("the last: exit %d, %d, %s", o.code, f.undone, o.out)
	}
	f.op.State = mail.OpDone // as it is when somebody waits for it
	if o = try(t, &fakes{worker: f}, "undo", "12", "--wait", "--json"); o.code != 0 || f.undone != 12 || !strings.Contains(o.out, `"state":"done"`) {
		t.Errorf("a named one: exit %d, %d, %s%s", o.code, f.undone, o.out, o.errOut)
	}
	f.op.State = mail.OpUndone
	if o = try(t, &fakes{worker: f}, "undo"); o.code != 0 || o.out != "Taken back before it was sent: move 2 messages to INBOX.\n" {
		t.Errorf("cancelled: exit %d, %s", o.code, o.out)
	}
	for _, args := range []string{"undo x", "undo -- -3", "undo 1 2"} {
		if o = try(t, &fakes{worker: f}, strings.Fields(args)...); o.code != 2 {
			t.Errorf("%s: exit %d", args, o.code)
		}
	}
}

// TestUndoSaysAllThatItTookBack: an action in several accounts was several actions on
// servers; the number is that of the messages in all of them.
func TestUndoSaysAllThatItTookBack(t *testing.T) {
	part := func(id mail.OpID, account mail.AccountID, n int, folder string, state mail.OpState) api.Op {
		return api.Op{ID: id, Account: account, Kind: mail.OpMove, Count: n, Folder: folder, State: state}
	}
	for name, c := range map[string]struct {
		parts []api.Op
		ops   []mail.OpID
		want  string
	}{
		"all was sent": {
			[]api.Op{part(7, "home", 1, "INBOX", mail.OpWaiting), part(8, "work", 2, "INBOX", mail.OpWaiting)},
			[]mail.OpID{7, 8},
			"Taken back (move 3 messages to INBOX); the server is told as soon as it can be reached.\n",
		},
		"nothing was": {
			[]api.Op{part(6, "home", 1, "Trash", mail.OpUndone), part(5, "work", 1, "Bin", mail.OpUndone)},
			[]mail.OpID{},
			"Taken back before it was sent: move 1 message to Trash, move 1 message to Bin.\n",
		},
		"one account is offline": {
			[]api.Op{part(6, "home", 1, "Trash", mail.OpUndone), part(8, "work", 1, "INBOX", mail.OpWaiting)},
			[]mail.OpID{8},
			"Taken back (move 1 message to INBOX); the server is told as soon as it can be reached.\n" +
				"Taken back before it was sent: move 1 message to Trash.\n",
		},
	} {
		f := sample()
		f.op, f.parts, f.undoOps = c.parts[0], c.parts, c.ops
		if o := try(t, &fakes{worker: f}, "undo"); o.code != 0 || o.out != c.want {
			t.Errorf("%s: exit %d, %q%s, want %q", name, o.code, o.out, o.errOut, c.want)
		}
	}
}

// TestUndoSaysWhatItPassesOver: what could not be taken back, in either language, and
// --wait waits for every op that it queued.
func TestUndoSaysWhatItPassesOver(t *testing.T) {
	whys := []mail.PassReason{mail.PassGone, mail.PassDeleted, mail.PassCopy, mail.PassLast, mail.PassFolder, mail.PassMail, mail.PassFound, "of a newer holder"}
	for _, lang := range []string{"en", "de"} {
		f := sample()
		f.op.State, f.undoOps = mail.OpDone, []mail.OpID{6, 7, 8}
		for i, why := range whys {
			f.passed = append(f.passed, api.PassedOver{Op: 4, Why: why, Count: i + 1}, api.PassedOver{Op: 5, Why: why, Count: 40})
		}
		in := func(e *env) { e.Lang = lang }
		o := tryIn(t.Context(), t, &fakes{worker: f}, in, "undo", "--wait")
		lines := strings.Split(strings.TrimSpace(o.out), "\n")
		if o.code != 0 || len(lines) != 1+len(whys) || strings.Contains(o.out, "ctl.") {
			t.Fatalf("%s: exit %d, %s%s", lang, o.code, o.out, o.errOut)
		}
		for i, line := range lines[1:] {
			if !strings.Contains(line, strconv.Itoa(i+41)) {
				t.Errorf("%s: %s: %s", lang, whys[i], line)
			}
		}
		if want := []mail.OpID{6, 7, 8}; !slices.Equal(f.waited, want) {
			t.Errorf("%s: waited for %v, want %v", lang, f.waited, want)
		}
		o = tryIn(t.Context(), t, &fakes{worker: f}, in, "undo", "--json")
		if !strings.Contains(o.out, `"ops":[6,7,8],"passed":[{"op":4,"why":"gone","count":1}`) {
			t.Errorf("%s: %s", lang, o.out)
		}
	}
}

// TestDismissSaysWhatItDismissed: of one code or of all, in either language; and that
// there is nothing to dismiss.
func TestDismissSaysWhatItDismissed(t *testing.T) {
	for lang, want := range map[string]string{"en": "Dismissed: Not deleted.\n", "de": "Ausgeblendet: Nicht gelöscht.\n"} {
		f := sample()
		f.news = []api.Problem{{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict, Account: "work", News: true}}
		in := func(e *env) { e.Lang = lang }
		o := tryIn(t.Context(), t, &fakes{worker: f}, in, "problem", "dismiss", "moved-elsewhere")
		if o.code != 0 || o.out != want || !slices.Equal(f.dismissed, []mail.Code{mail.CodeMovedElsewhere}) {
			t.Errorf("%s: exit %d, %s%s, dismissed %q", lang, o.code, o.out, o.errOut, f.dismissed)
		}
		f.news = nil
		o = tryIn(t.Context(), t, &fakes{worker: f}, in, "problem", "dismiss")
		if o.code != 0 || o.out == "" || strings.Contains(o.out, "ctl.") || f.dismissed[1] != "" {
			t.Errorf("%s: exit %d, %s%s, dismissed %q", lang, o.code, o.out, o.errOut, f.dismissed)
		}
	}
}

func TestSearch(t *testing.T) {
	f := sample()
	o := try(t, &fakes{reader: f}, "search", "from:ann", "lunch friday", "--account", "work", "--limit", "1")
	want := api.SearchQuery{Text: "from:ann lunch friday", Account: "work", Limit: 1}
	if o.code != 0 || f.searched != want || !strings.Contains(o.out, "id:204") || !strings.Contains(o.out, "1 more") {
		t.Errorf("exit %d, %+v, %s", o.code, f.searched, o.out)
	}
	for _, args := range []string{"search", "search x --limit 0", "search x --limit 501"} {
		if o := try(t, &fakes{reader: f}, strings.Fields(args)...); o.code != 2 {
			t.Errorf("%s: exit %d", args, o.code)
		}
	}
}

// TestDoctor: it ends with the exit code of the worst, and says what to do.
func TestDoctor(t *testing.T) {
	broken := func(c mail.Code, class mail.Class) api.Check {
		return api.Check{Name: "account", Account: "home", Problems: []api.Problem{{Code: c, Class: class, Account: "home", Args: mail.Args{"host": "h"}}}}
	}
	for _, c := range []struct {
		checks []api.Check
		exit   int
		want   string
	}{
		{[]api.Check{broken(mail.CodeUnreachable, mail.ClassOffline)}, 4, "✗"},
		{[]api.Check{broken(mail.CodeUnreachable, mail.ClassOffline), broken(mail.CodeSignInRefused, mail.ClassAuth)}, 3, "Sign-in refused"},
		{[]api.Check{{Name: "keyring", Problems: []api.Problem{{Code: mail.CodeKeyringMissing, Class: mail.ClassLocal}}}}, 1, "No keyring"},
	} {
		f := sample()
		f.checks = append(f.checks, c.checks...)
		o := try(t, &fakes{reader: f}, "doctor")
		if o.code != c.exit || !strings.Contains(o.out, c.want) || strings.Contains(o.out, "Everything works") || o.errOut == "" {
			t.Errorf("%+v: exit %d, %s%s", c.checks, o.code, o.out, o.errOut)
		}
		if o = try(t, &fakes{reader: f}, "doctor", "--json"); o.code != c.exit || !strings.Contains(o.out, `"ok":false`) || !strings.Contains(o.out, `"remedy"`) {
			t.Errorf("%+v as JSON: exit %d, %s", c.checks, o.code, o.out)
		}
	}
	// A store that cannot even be opened is what it is for.
	o := try(t, &fakes{err: &mail.Fault{Code: mail.CodeStoreBroken, Class: mail.ClassLocal, Args: mail.Args{"path": "/x/heron.db"}}}, "doctor")
	if o.code != 1 || !strings.Contains(o.out, "/x/heron.db") {
		t.Errorf("a broken store: exit %d, %s%s", o.code, o.out, o.errOut)
	}
	if o = try(t, &fakes{err: &mail.Fault{Code: mail.CodeBusy, Class: mail.ClassLocal}}, "doctor"); o.code != 7 || o.out != "" {
		t.Errorf("busy: exit %d, %s", o.code, o.out)
	}
}

// TestEveryActionHasWords: no op and no result is left as the id of a text, in
// either language.
func TestEveryActionHasWords(t *testing.T) {
	for _, lang := range []string{"en", "de"} {
		for _, kind := range []mail.OpKind{
			mail.OpMove, mail.OpCopy, mail.OpDelete, mail.OpFolderCreate, mail.OpFolderRename, mail.OpFolderDelete,
			mail.OpFolderSubscribe, mail.OpFolderUnsubscribe,
		} {
			f := sample()
			f.ops = []api.Op{{ID: 5, Account: "work", Kind: kind, Count: 2, Folder: "Lists", State: mail.OpWaiting, Created: now}}
			o := tryIn(t.Context(), t, &fakes{worker: f}, func(e *env) { e.Lang = lang }, "op", "list")
			if o.code != 0 || strings.Contains(o.out, "  "+string(kind)+"  ") || strings.Contains(o.out, "ctl.") || !strings.Contains(o.out, "Lists") && kind != mail.OpDelete {
				t.Errorf("%s %s: %s", lang, kind, o.out)
			}
		}
		for _, line := range []string{
			"message mark id:204 --seen", "message move id:204 --to X", "message copy id:204 --to X", "message archive id:204",
			"message junk id:204", "message delete id:204", "folder create work X", "folder delete work X", "folder rename work X Y",
			"folder subscribe work X", "folder unsubscribe work X", "folder empty work X --yes", "undo",
		} {
			for _, r := range []api.ActionResult{{}, {Op: 5}} {
				for _, state := range []mail.OpState{mail.OpWaiting, mail.OpDone, mail.OpUndone} {
					f := sample()
					f.result, f.op.State = r, state
					words := strings.Fields(line)
					if state != mail.OpWaiting {
						words = append(words, "--wait")
					}
					o := tryIn(t.Context(), t, &fakes{worker: f}, func(e *env) { e.Lang = lang }, words...)
					if o.code != 0 || strings.Contains(o.out, "ctl.") || strings.Contains(o.out, "no value") || o.out == "" {
						t.Errorf("%s %s, %+v, %s: exit %d, %s%s", lang, line, r, state, o.code, o.out, o.errOut)
					}
				}
			}
		}
	}
}

// TestAFolderIsNamedAsItIs: where the server keeps the user's folders elsewhere than
// at the top level, what was made is said with its whole path.
func TestAFolderIsNamedAsItIs(t *testing.T) {
	for args, want := range map[string]string{
		"folder create work New":       "INBOX/New",
		"folder rename work Lists New": "INBOX/New",
	} {
		f := sample()
		f.result = api.ActionResult{Op: 5, Ops: []mail.OpID{5}, Path: want}
		if o := try(t, &fakes{worker: f}, strings.Fields(args)...); o.code != 0 || !strings.Contains(o.out, want) {
			t.Errorf("%s: %s%s", args, o.out, o.errOut)
		}
		if o := try(t, &fakes{worker: f}, append(strings.Fields(args), "--json")...); !strings.Contains(o.out, `"path":"`+want+`"`) {
			t.Errorf("%s --json: %s%s", args, o.out, o.errOut)
		}
	}
}
