package health

import (
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

func printers(t *testing.T) map[string]*i18n.Printer {
	t.Helper()
	out := map[string]*i18n.Printer{}
	for _, l := range []string{"en", "de"} {
		p, err := i18n.New(l)
		if err != nil {
			t.Fatal(err)
		}
		out[l] = p
	}
	return out
}

// codes reads them from the source, so that a new one cannot be forgotten.
func codes(t *testing.T) []mail.Code {
	t.Helper()
	src, err := os.ReadFile("../mail/fault.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []mail.Code
	for _, m := range regexp.MustCompile(`Code\s+= "([a-z-]+)"`).FindAllStringSubmatch(string(src), -1) {
		out = append(out, mail.Code(m[1]))
	}
	if len(out) < 40 {
		t.Fatalf("found only %d codes", len(out))
	}
	return out
}

func TestEveryCodeHasWords(t *testing.T) {
	for lang, p := range printers(t) {
		for _, c := range codes(t) {
			got := Describe(p, mail.Problem{Code: c})
			for _, s := range []string{got.Title, got.Text, got.Remedy} {
				if s == "" || strings.Contains(s, "health.") || strings.Contains(s, "no value") || strings.Contains(s, "{{") {
					t.Errorf("%s %s: %q", lang, c, s)
				}
			}
			if strings.ContainsAny(got.Title+got.Text+got.Remedy, "!") {
				t.Errorf("%s %s shouts: %+v", lang, c, got)
			}
		}
	}
}

// TestRemediesFitEveryProgram: a problem is told in the window, in the tray and
// on the terminal, so no remedy is a command line. Only who has no display is
// sent to the terminal.
func TestRemediesFitEveryProgram(t *testing.T) {
	for lang, p := range printers(t) {
		for _, c := range codes(t) {
			if r := Describe(p, mail.Problem{Code: c}).Remedy; strings.Contains(r, "heronctl ") && c != mail.CodeNoDisplay {
				t.Errorf("%s %s: %q", lang, c, r)
			}
		}
	}
}

func TestDescribeNamesValues(t *testing.T) {
	p := printers(t)["en"]
	got := Describe(p, mail.Problem{Code: mail.CodeSettingsBroken, Args: mail.Args{
		"path": "/c/settings.toml", "line": "3", "text": "unknown key", "backup": "/c/settings.toml.bak",
	}})
	want := "/c/settings.toml, line 3: unknown key. The file was kept as /c/settings.toml.bak. Heron uses what was last good, or the defaults."
	if got.Text != want {
		t.Errorf("text = %q", got.Text)
	}
	got = Describe(p, mail.Problem{Code: mail.CodeServerClosed, Args: mail.Args{"host": "h", "text": "bye\x1b[31m\u202e" + strings.Repeat("x", 5000)}})
	if strings.ContainsAny(got.Text, "\x1b\u202e") || len(got.Text) > 1000 {
		t.Errorf("a server's words went through as they are: %q", got.Text)
	}
	if got := Describe(p, mail.Problem{Code: "of-a-newer-agent", Args: mail.Args{"text": "x"}}); got.Title == "" || got.Remedy == "" {
		t.Errorf("unknown code: %+v", got)
	}
}

// TestWhatIsNotSupported: the faults name it in English.
func TestWhatIsNotSupported(t *testing.T) {
	german := printers(t)["de"]
	for what, want := range map[string]string{
		"a paused account": "Ein angehaltenes Konto wird nicht unterstützt.", "messages above 64 MiB": "Eine Nachricht über 64 MiB wird nicht unterstützt.",
		"this request": "Diese Anfrage wird nicht unterstützt.", "restarting a command": "Das Neustarten eines Befehls wird nicht unterstützt.",
		"showing a window without the agent": "Ein Fenster ohne das laufende Heron wird nicht unterstützt.", "POP3": "POP3 wird nicht unterstützt.",
	} {
		got := Describe(german, mail.Problem{Code: mail.CodeNotSupported, Args: mail.Args{"what": what}})
		if got.Text != want {
			t.Errorf("%s: %q, want %q", what, got.Text, want)
		}
	}
}

// TestWhyNothingIsTakenBack: in either language, of the last action and of one that was
// named, each reason has words of its own, and none is left in English or empty.
func TestWhyNothingIsTakenBack(t *testing.T) {
	reasons := []mail.PassReason{
		mail.PassGone, mail.PassDeleted, mail.PassCopy, mail.PassLast, mail.PassFolder, mail.PassMail, mail.PassFound,
		mail.PassFolderDeleted, mail.PassRefused, mail.PassUndone, "of a newer agent",
	}
	kinds := []mail.OpKind{
		mail.OpFlags, mail.OpMove, mail.OpCopy, mail.OpDelete, mail.OpFolderCreate,
		mail.OpFolderRename, mail.OpFolderDelete, mail.OpFolderSubscribe, mail.OpFolderUnsubscribe,
	}
	for lang, p := range printers(t) {
		said := map[string]bool{}
		for _, reason := range reasons {
			args := mail.Args{"op": "14", "reason": string(reason)}
			got := Describe(p, mail.Problem{Code: mail.CodeNotUndoable, Args: args})
			if said[got.Text] || !strings.Contains(got.Text, " 14") || got.Remedy == "" {
				t.Errorf("%s %s: %+v", lang, reason, got)
			}
			said[got.Text] = true
			args["last"] = "yes"
			for _, kind := range kinds {
				args["before"], args["what"] = "12", "action "+string(kind)
				last := Describe(p, mail.Problem{Code: mail.CodeNotUndoable, Args: args})
				if last.Text == got.Text || !strings.Contains(last.Remedy, " 12 (") || strings.Contains(last.Remedy, "(action") {
					t.Errorf("%s %s, before it %s: %+v", lang, reason, kind, last)
				}
			}
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		pr   mail.Problem
		want int
	}{
		{mail.Problem{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}, 3},
		{mail.Problem{Code: mail.CodeSecretMissing, Class: mail.ClassAuth}, 3},
		{mail.Problem{Code: mail.CodeUnknownHost, Class: mail.ClassOffline}, 4},
		{mail.Problem{Code: mail.CodeCertExpired, Class: mail.ClassTLS}, 5},
		{mail.Problem{Code: mail.CodeNotTLS, Class: mail.ClassProtocol}, 5},
		{mail.Problem{Code: mail.CodeBadAddress, Class: mail.ClassLocal}, 2},
		{mail.Problem{Code: mail.CodeNoFolder, Class: mail.ClassLocal}, 6},
		{mail.Problem{Code: mail.CodeBusy, Class: mail.ClassLocal}, 7},
		{mail.Problem{Code: mail.CodeNoDisplay, Class: mail.ClassLocal}, 4},
		{mail.Problem{Code: mail.CodeDiskFull, Class: mail.ClassLocal}, 1},
		{mail.Problem{Code: mail.CodeThrottled, Class: mail.ClassLimit}, 1},
	} {
		if got := ExitCode(c.pr); got != c.want {
			t.Errorf("%s ends with %d, want %d", c.pr.Code, got, c.want)
		}
	}
	for _, c := range []struct {
		codes []int
		want  int
	}{{nil, 0}, {[]int{0, 0}, 0}, {[]int{1, 4, 5, 3}, 3}, {[]int{1, 4, 5}, 5}, {[]int{0, 1, 4}, 4}, {[]int{0, 6}, 1}} {
		if got := WorstExit(c.codes...); got != c.want {
			t.Errorf("WorstExit(%v) = %d, want %d", c.codes, got, c.want)
		}
	}
}

func TestRingKeepsTheLastLinesRedacted(t *testing.T) {
	var out []string
	r := NewRing(2, slog.LevelInfo, func(l string) { out = append(out, l) })
	log := slog.New(r).With("account", "work", "user", "ann")
	log.Debug("not kept")
	log.Info("first")
	log.Info("second", "password", "hunter2", slog.Group("g", "subject", "Lunch"))
	log.Warn("server said no such user ann@example.org", "err", "<bob@example.org> refused", "n", 5)
	lines := r.Lines()
	if len(lines) != 2 || len(out) != 3 {
		t.Fatalf("kept %d, wrote %d", len(lines), len(out))
	}
	if !strings.Contains(lines[0], "second") || !strings.Contains(lines[1], `n="5"`) || !strings.Contains(lines[1], `account="work"`) {
		t.Errorf("lines = %q", lines)
	}
	for _, secret := range []string{"hunter2", "Lunch", "ann@", "bob@", `user="ann"`} {
		if strings.Contains(strings.Join(out, "\n"), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// TestBadFolderNames: each reason is said, in words of its own.
func TestBadFolderNames(t *testing.T) {
	for lang, p := range printers(t) {
		seen := map[string]bool{}
		for _, reason := range []string{mail.NameEmpty, mail.NameLong, mail.NameControl, mail.NameFlat, mail.NameDelimiter, mail.NameInside, "another"} {
			text := Describe(p, mail.Problem{Code: mail.CodeBadFolder, Args: mail.Args{"folder": "v1.0", "reason": reason, "delimiter": "."}}).Text
			if seen[text] || !strings.Contains(text, "v1.0") {
				t.Errorf("%s, %s: %q", lang, reason, text)
			}
			seen[text] = true
		}
		// No name at all cannot be shown.
		text := Describe(p, mail.Problem{Code: mail.CodeBadFolder, Args: mail.Args{"folder": "", "reason": mail.NameEmpty}}).Text
		if text == "" || strings.TrimSpace(text) != text || !strings.HasSuffix(text, ".") || strings.ContainsAny(text, ":<{") {
			t.Errorf("%s, no name: %q", lang, text)
		}
	}
}
