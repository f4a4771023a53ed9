package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

func TestWrongUsage(t *testing.T) {
	for _, c := range []struct{ args, text string }{
		{"frobnicate", "frobnicate is not expected here"},
		{"account", "heronctl account --help"},
		{"status --data-dir=", "has no name"},
		{"status --format yaml", "takes one of"},
		{"account add nobody", "nobody is not a mail address"},
		{"account add Ann<ann@example.org>", "is not a mail address"},
		{"account add ann@example.org --id Über", "cannot be the name of an account"},
		{"account add ann@example.org --host https://example.org", "is no server name"},
		{"account add ann@example.org --user a\x00b", "no line breaks"},
		{"account add ann@example.org --port 70000", "1 to 65535"},
		{"account add ann@example.org --trust-fingerprint 12:34", "64 hexadecimal digits"},
		{"account add ann@example.org --ca-file x --trust-fingerprint y", "exclude each other"},
		{"account add ann@example.org", "--password-stdin"},
		{"account add ann@example.org --password-stdin", "The password is empty"},
		{"account remove work", "--yes"},
		{"watch --since=-1", "0 or more"},
		{"message list work INBOX --limit=-1", "0 or more"},
		{"message list work", "Still missing: PATH"},
		{"message show work INBOX", "account, folder and UID"},
		{"message show work INBOX 1 2", "exactly one"},
		{"message show work INBOX x", "neither a UID"},
		{"message show id:0", "neither a UID"},
		{"message show id:1 2", "neither a UID"},
		{"message mark work INBOX 17", "what to mark"},
		{"message mark work INBOX 17 --seen --unseen", "exclude each other"},
		{"message mark work INBOX 17 --seen --timeout 0s", "longer than nothing"},
		{"message mark work INBOX 17 --keyword Ümlaut", "cannot be a keyword"},
		{"message mark work INBOX 17 --keyword a)b", "cannot be a keyword"},
		{"message mark work INBOX 17 --keyword Deleted", "cannot be a keyword"},
		{"message mark work INBOX 17 --keyword \\Deleted", "cannot be a keyword"},
		{"activity --since yesterday", "neither a time"},
		{"activity --limit 0", "1 to 1000"},
		{"alerts pause 0s", "longer than nothing"},
		{"alerts pause soon", "takes a duration"},
	} {
		args := strings.Fields(c.args)
		o := try(t, &fakes{worker: sample()}, args...)
		if o.code != 2 || o.out != "" || !strings.Contains(o.errOut, c.text) {
			t.Errorf("%s: exit %d, stdout %q, stderr %q, want 2 and %q", c.args, o.code, o.out, o.errOut, c.text)
		}
		o = try(t, &fakes{worker: sample()}, append([]string{"--json"}, args...)...)
		var e errorLine
		if err := json.Unmarshal([]byte(o.errOut), &e); err != nil || o.code != 2 || o.out != "" || e.Error.Code == "" || e.Error.Title == "" || e.Error.Text == "" || e.Error.Remedy == "" {
			t.Errorf("%s --json: exit %d, stdout %q, stderr %q (%v)", c.args, o.code, o.out, o.errOut, err)
		}
	}
}

func TestFaultsBecomeExitCodes(t *testing.T) {
	for _, c := range []struct {
		code  mail.Code
		class mail.Class
		want  int
	}{
		{mail.CodeSignInRefused, mail.ClassAuth, 3},
		{mail.CodeSecretMissing, mail.ClassAuth, 3},
		{mail.CodeUnknownHost, mail.ClassOffline, 4},
		{mail.CodeRefused, mail.ClassOffline, 4},
		{mail.CodeTimeout, mail.ClassOffline, 4},
		{mail.CodeCertUnknown, mail.ClassTLS, 5},
		{mail.CodePlaintextRefused, mail.ClassTLS, 5},
		{mail.CodeNoAccount, mail.ClassConflict, 6},
		{mail.CodeNoFolder, mail.ClassConflict, 6},
		{mail.CodeNoMessage, mail.ClassConflict, 6},
		{mail.CodeBusy, mail.ClassLocal, 7},
		{mail.CodeDiskFull, mail.ClassLocal, 1},
		{mail.CodeKeyringLocked, mail.ClassLocal, 1},
		{mail.CodeThrottled, mail.ClassLimit, 1},
	} {
		f := sample()
		f.err = &mail.Fault{Code: c.code, Class: c.class, Args: mail.Args{"host": "mail.example.org", "text": "no\x1b[31m"}}
		o := try(t, &fakes{worker: f}, "account", "test", "work", "--json")
		var e errorLine
		if err := json.Unmarshal([]byte(o.errOut), &e); err != nil {
			t.Fatal(err)
		}
		if o.code != c.want || e.Error.Code != c.code || o.out != "" {
			t.Errorf("%s: exit %d, %s, stdout %q; want %d", c.code, o.code, o.errOut, o.out, c.want)
		}
		// The session itself can fail the same way.
		if o = try(t, &fakes{err: f.err}, "status"); o.code != c.want || strings.Contains(o.errOut, "\x1b") || !strings.HasPrefix(o.errOut, "heronctl: ") {
			t.Errorf("%s: exit %d, %q", c.code, o.code, o.errOut)
		}
	}
	f := sample()
	f.err = errors.New("something else")
	if o := try(t, &fakes{worker: f}, "status"); o.code != 1 {
		t.Errorf("an error without a fault: exit %d", o.code)
	}
}

func TestSyncOfSeveralAccounts(t *testing.T) {
	report := func(id mail.AccountID, code mail.Code, class mail.Class) api.SyncReport {
		return api.SyncReport{Account: id, Problem: &api.Problem{Code: code, Class: class}}
	}
	auth := report("a", mail.CodeSignInRefused, mail.ClassAuth)
	tls := report("b", mail.CodeCertExpired, mail.ClassTLS)
	offline := report("c", mail.CodeRefused, mail.ClassOffline)
	busy := report("d", mail.CodeBusy, mail.ClassLocal)
	good := api.SyncReport{Account: "e"}
	for _, c := range []struct {
		reports []api.SyncReport
		want    int
		code    mail.Code
	}{
		{[]api.SyncReport{offline, tls, auth}, 3, mail.CodeSignInRefused},
		{[]api.SyncReport{good, offline, tls}, 5, mail.CodeCertExpired},
		{[]api.SyncReport{busy, offline}, 4, mail.CodeRefused},
		{[]api.SyncReport{good, busy}, 1, mail.CodeBusy},
		{[]api.SyncReport{busy}, 7, mail.CodeBusy},
		{[]api.SyncReport{good, good}, 0, ""},
	} {
		o := try(t, &fakes{worker: &fake{reports: c.reports}}, "sync", "--json")
		var got []api.SyncReport
		if err := json.Unmarshal([]byte(o.out), &got); err != nil || len(got) != len(c.reports) {
			t.Fatalf("%v: %s", err, o.out)
		}
		var e errorLine
		if c.want != 0 {
			if err := json.Unmarshal([]byte(o.errOut), &e); err != nil {
				t.Fatal(err)
			}
		}
		if o.code != c.want || e.Error.Code != c.code {
			t.Errorf("exit %d for %s, want %d for %s", o.code, e.Error.Code, c.want, c.code)
		}
		for i, r := range got {
			if c.reports[i].Problem != nil && r.Problem.Title == "" {
				t.Errorf("the problem of %s has no words", r.Account)
			}
		}
	}
}

// TestSyncSaysWhatItCouldNotRead: a folder that the server refused is named, with
// nothing in its name that a terminal would obey.
func TestSyncSaysWhatItCouldNotRead(t *testing.T) {
	f := &fake{reports: []api.SyncReport{{Account: "work", Folders: 3, NotRead: []string{"Lists", "Old\x1b[2J"}}}}
	o := try(t, &fakes{worker: f}, "sync")
	if o.code != 0 || !strings.Contains(o.out, "3 folders") || !strings.Contains(o.out, "refused them: Lists, Old") || strings.Contains(o.out, "\x1b") {
		t.Errorf("exit %d: %q", o.code, o.out)
	}
	if o = try(t, &fakes{worker: f}, "sync", "--json"); !strings.Contains(o.out, `"not_read":["Lists",`) {
		t.Errorf("exit %d: %s", o.code, o.out)
	}
}

func TestAddAccountGuessesWhatIsMissing(t *testing.T) {
	f := sample()
	asked := false
	o := tryIn(t.Context(), t, &fakes{worker: f}, func(e *env) {
		e.Secret = func() (string, error) { asked = true; return "s3cret", nil }
	}, "account", "add", "ann@mail.example.org")
	want := api.Draft{
		Address: "ann@mail.example.org", Protocol: mail.IMAP, Host: "imap.mail.example.org", Port: 993, Security: mail.TLS,
		User: "ann@mail.example.org", Password: "s3cret",
	}
	if o.code != 0 || !asked || f.draft.Host != want.Host || f.draft.Port != want.Port ||
		f.draft.User != want.User || f.draft.Password != want.Password || f.draft.Security != want.Security {
		t.Errorf("exit %d, asked %v, draft %+v", o.code, asked, f.draft)
	}
	for _, w := range []string{"✓ found the server: 192.0.2.1\n", "✓ connected\n", "Account ann for ann@mail.example.org is set up."} {
		if !strings.Contains(o.out, w) {
			t.Errorf("lacks %q: %s", w, o.out)
		}
	}
	if !strings.Contains(o.errOut, "Password for ann@mail.example.org at imap.mail.example.org: ") || strings.Contains(o.out+o.errOut, "s3cret") {
		t.Errorf("stderr %q", o.errOut)
	}
}

func TestAddAccountTakesWhatIsSaid(t *testing.T) {
	f := sample()
	o := tryIn(t.Context(), t, &fakes{worker: f}, func(e *env) {
		e.Stdin = strings.NewReader("pass word \r\nsecond line\n")
	}, strings.Fields("account add a@b.example --id work --host h --port 1143 --security starttls --user u --password-stdin --json --trust-fingerprint "+strings.Repeat("AB:", 31)+"AB")...)
	d := f.draft
	if o.code != 0 || d.ID != "work" || d.Host != "h" || d.Port != 1143 || d.Security != mail.StartTLS || d.User != "u" ||
		d.Password != "pass word " || d.Fingerprint != strings.Repeat("ab", 32) {
		t.Errorf("exit %d, %+v", o.code, d)
	}
	if !strings.HasPrefix(o.out, `{"id":"work",`) || strings.Count(o.out, "\n") != 1 || strings.Contains(o.out, "pass word") {
		t.Errorf("stdout %s", o.out)
	}
	o = try(t, &fakes{worker: f}, strings.Fields("account add a@b.example --security plain")...)
	if o.code != 5 || !strings.Contains(o.errOut, "b.example") {
		t.Errorf("plain without agreeing: exit %d, %s", o.code, o.errOut)
	}
	o = try(t, &fakes{worker: f}, strings.Fields("account add a@b.example --protocol pop3")...)
	if o.code != 1 || !strings.Contains(o.errOut, "POP3") {
		t.Errorf("pop3: exit %d, %s", o.code, o.errOut)
	}
}

func TestFailedStepIsShownOnce(t *testing.T) {
	f := sample()
	f.err = &mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth, Args: mail.Args{"host": "h", "user": "ann"}}
	f.steps = append(f.steps, api.Step{Name: api.StepSignIn, State: api.StepFailed, Problem: &api.Problem{Code: mail.CodeSignInRefused}})
	o := try(t, &fakes{worker: f}, "account", "test", "work")
	if o.code != 3 || !strings.HasSuffix(o.out, "  ✗ signing in\n") || strings.Count(o.errOut, "Sign-in refused") != 1 {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errOut)
	}
}

func TestSignIn(t *testing.T) {
	f := sample()
	c := &fakes{worker: f}
	o := tryIn(t.Context(), t, c, func(e *env) {
		e.Secret = func() (string, error) { return "s3cret", nil }
	}, "account", "sign-in", "work")
	if o.code != 0 || f.signedIn != "work s3cret" || !strings.Contains(o.out, "✓ connected\n") || !strings.Contains(o.errOut, "Password for ann at mail.example.org: ") {
		t.Errorf("exit %d, %q\n%s%s", o.code, f.signedIn, o.out, o.errOut)
	}
	if len(c.asked) != 2 || c.asked[0] != toRead || c.asked[1] != toWork || strings.Contains(o.out+o.errOut, "s3cret") {
		t.Errorf("asked for %v\n%s%s", c.asked, o.out, o.errOut)
	}
	for _, c := range []struct {
		args, stdin string
		exit        int
		kept        string
	}{
		{"account sign-in work --password-stdin", "pass word \n", 0, "work pass word "},
		{"account sign-in nobody --password-stdin", "x\n", 6, ""},
		{"account sign-in work --password-stdin", "\n", 2, ""},
		{"account sign-in work --password-stdin", "p\xe4ss\n", 2, ""}, // it could not be kept as it is
		{"account sign-in work", "x\n", 2, ""},
	} {
		f := sample()
		o := tryIn(t.Context(), t, &fakes{worker: f}, func(e *env) { e.Stdin = strings.NewReader(c.stdin) }, strings.Fields(c.args)...)
		if o.code != c.exit || f.signedIn != c.kept {
			t.Errorf("%s < %q: exit %d, %q; want %d, %q", c.args, c.stdin, o.code, f.signedIn, c.exit, c.kept)
		}
	}
	f = sample()
	f.err = &mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}
	o = tryIn(t.Context(), t, &fakes{reader: sample(), worker: f}, func(e *env) { e.Stdin = strings.NewReader("x\n") },
		strings.Fields("account sign-in work --password-stdin --json")...)
	if o.code != 3 || o.out != "" || !strings.Contains(o.errOut, `"code":"sign-in-refused"`) {
		t.Errorf("refused: exit %d, %s%s", o.code, o.out, o.errOut)
	}
}

func TestRemoveAsksFirst(t *testing.T) {
	for answer, want := range map[string]int{"y\n": 0, "Yes\n": 0, "\n": 1, "n\n": 1, "": 1} {
		f := sample()
		o := tryIn(t.Context(), t, &fakes{worker: f}, func(e *env) {
			e.Stdin = strings.NewReader(answer)
			e.Secret = func() (string, error) { return "", nil }
		}, "account", "remove", "work")
		if o.code != want || (f.removed == "work") != (want == 0) || !strings.Contains(o.errOut, "[y/N]") {
			t.Errorf("%q: exit %d, removed %q, %s", answer, o.code, f.removed, o.errOut)
		}
	}
}

// TestRemoveSaysWhatItDrops: actions that wait for the account's server never get
// there. That is said before, where somebody is asked, and after; with its data they
// are kept.
func TestRemoveSaysWhatItDrops(t *testing.T) {
	for lang, word := range map[string]string{"en": "1 action", "de": "1 Handlung"} {
		for _, c := range []struct {
			args          string
			before, after bool
		}{
			{"account remove work", true, true},
			{"account remove work --yes", false, true},
			{"account remove work --keep-data", false, false},
			{"account remove work --yes --keep-data", false, false},
		} {
			o := tryIn(t.Context(), t, &fakes{worker: sample()}, func(e *env) {
				e.Lang, e.Stdin = lang, strings.NewReader("y\n")
				e.Secret = func() (string, error) { return "", nil }
			}, strings.Fields(c.args)...)
			if o.code != 0 || strings.Contains(o.errOut, word) != c.before || strings.Contains(o.out, word) != c.after {
				t.Errorf("%s, %s: exit %d, %s%s", lang, c.args, o.code, o.errOut, o.out)
			}
		}
	}
	if o := try(t, &fakes{worker: sample()}, "account", "remove", "work", "--yes", "--json"); o.out != `{"account":"work","dropped":1}`+"\n" {
		t.Errorf("in JSON: %s", o.out)
	}
	f := sample()
	f.ops = nil
	if o := try(t, &fakes{worker: f}, "account", "remove", "work", "--yes"); o.code != 0 || strings.Contains(o.out, "action") {
		t.Errorf("nothing waits: exit %d, %s", o.code, o.out)
	}
}

func TestWatchEndsWellWhenInterrupted(t *testing.T) {
	f := sample()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := tryIn(ctx, t, &fakes{worker: f}, nil, "watch")
	if o.code != 0 || o.errOut != "" || strings.Count(o.out, "\n") != 6 || f.query.Since != api.FromNow {
		t.Errorf("exit %d, since %d\n%s%s", o.code, f.query.Since, o.out, o.errOut)
	}
	f.eventsEnd = &mail.Fault{Code: mail.CodeStoreBroken, Class: mail.ClassLocal}
	if o = try(t, &fakes{worker: f}, "watch", "--since", "41"); o.code != 1 || f.query.Since != 41 {
		t.Errorf("a watch that cannot go on: exit %d, since %d", o.code, f.query.Since)
	}
}

func TestReadersAskForNoEngine(t *testing.T) {
	for args, want := range map[string]need{
		"account list": toRead, "status": toRead, "folder list work": toRead, "message list work INBOX": toRead,
		"activity": toRead, "op list": toRead, "message show work INBOX 17": toRead,
		"sync": toWork, "watch": toWork, "message mark work INBOX 17 --seen": toWork, "account test work": toWork,
		"folder watch work INBOX": toWork, "alerts resume": toWork, "problem dismiss": toWork,
	} {
		f := sample()
		f.eventsEnd = errEnough
		c := &fakes{worker: f}
		if try(t, c, strings.Fields(args)...); len(c.asked) != 1 || c.asked[0] != want {
			t.Errorf("%s connects %v, want %v", args, c.asked, want)
		}
	}
}

func TestShowFetchesWhatIsNotKept(t *testing.T) {
	for _, args := range []string{"message show work INBOX 17", "message show id:204 --raw"} {
		reader, worker := sample(), sample()
		reader.readOnly, reader.body, reader.raw = true, nil, ""
		c := &fakes{reader: reader, worker: worker}
		o := try(t, c, strings.Fields(args)...)
		if o.code != 0 || len(c.asked) != 2 || c.asked[1] != toWork || o.out == "" {
			t.Errorf("%s: exit %d, %v, %s", args, o.code, c.asked, o.errOut)
		}
		if strings.Contains(args, "raw") && o.out != worker.raw {
			t.Errorf("raw is %q", o.out)
		}
	}
	// A message that does not exist needs no engine to say so.
	reader := sample()
	reader.readOnly = true
	c := &fakes{reader: reader, worker: sample()}
	if o := try(t, c, "message", "show", "work", "INBOX", "99"); o.code != 6 || len(c.asked) != 1 {
		t.Errorf("exit %d after %v", o.code, c.asked)
	}
}

// TestNobodyAndNothingHaveWords: a message without sender and subject leaves no
// hole in a line.
func TestNobodyAndNothingHaveWords(t *testing.T) {
	f := &fake{messages: []api.Message{{ID: 7}}}
	for _, line := range [][]string{{"message", "list", "work", "INBOX"}, {"search", "x"}} {
		if o := try(t, &fakes{worker: f}, line...); !strings.Contains(o.out, "(no sender)  (no subject)") {
			t.Errorf("%v says %q", line, o.out)
		}
	}
	p, err := i18n.New("en")
	if err != nil {
		t.Fatal(err)
	}
	e := api.Event{Kind: "message.added", Folder: "INBOX", Messages: make([]api.EventMessage, 1)}
	if s := describe(p, e); !strings.Contains(s, "(no sender): (no subject)") {
		t.Errorf("watch says %q", s)
	}
}

func TestListPages(t *testing.T) {
	f := &fake{}
	for i := range 1203 {
		f.messages = append(f.messages, api.Message{ID: mail.MessageID(i + 1)})
	}
	for limit, want := range map[string]int{"0": 1203, "1": 1, "500": 500, "501": 501, "5000": 1203} {
		o := try(t, &fakes{worker: f}, "message", "list", "work", "INBOX", "--unread", "--limit", limit, "--json")
		var got []api.Message
		if err := json.Unmarshal([]byte(o.out), &got); err != nil || len(got) != want {
			t.Errorf("--limit %s: %d messages, want %d (%v)", limit, len(got), want, err)
		}
	}
	for _, q := range f.pages {
		if q.Limit < 1 || q.Limit > 500 || !q.Unread || q.Folder != "INBOX" {
			t.Errorf("asked for %+v", q)
		}
	}
}

func TestVersionAndLanguage(t *testing.T) {
	if o := try(t, &fakes{}, "--version"); o.code != 0 || !strings.HasPrefix(o.out, "heronctl ") {
		t.Errorf("exit %d, %q", o.code, o.out)
	}
	if o := try(t, &fakes{}, "--json", "--version"); o.code != 0 || !json.Valid([]byte(o.out)) {
		t.Errorf("exit %d, %q", o.code, o.out)
	}
	o := tryIn(t.Context(), t, &fakes{worker: sample()}, func(e *env) { e.Lang = "de_DE.UTF-8" }, "status")
	if !strings.Contains(o.out, "9 ungelesen") || !strings.Contains(o.out, "auf dem Stand") {
		t.Errorf("German:\n%s", o.out)
	}
	if o = try(t, germanSettings{&fakes{worker: sample()}}, "status"); !strings.Contains(o.out, "9 ungelesen") {
		t.Errorf("German by the settings:\n%s", o.out)
	}
}

// germanSettings has a language in its settings.
type germanSettings struct{ connector }

func (germanSettings) Language() string { return "de" }

func TestInterruptedIsNoSuccess(t *testing.T) {
	f := sample()
	f.err = context.Canceled
	if o := try(t, &fakes{worker: f}, "sync"); o.code != 1 || !strings.Contains(o.errOut, "Interrupted") {
		t.Errorf("exit %d, %s", o.code, o.errOut)
	}
}
