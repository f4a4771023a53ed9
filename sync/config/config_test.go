package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/rule"
)

func dirs(t *testing.T) Dirs {
	t.Helper()
	d, err := DirsUnder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func open(t *testing.T, d Dirs) (*File, []mail.Problem) {
	t.Helper()
	f, problems, err := Open(d)
	if err != nil {
		t.Fatal(err)
	}
	return f, problems
}

func account(id string) mail.Account {
	return mail.Account{
		ID: mail.AccountID(id), Address: "ann@example.org",
		Endpoint: mail.Endpoint{Protocol: mail.IMAP, Host: "imap.example.org", Port: 993, Security: mail.TLS},
		Auth:     mail.Auth{User: "ann@example.org", Method: "password"},
		Policy:   mail.Policy{Watch: []string{"INBOX", "Lists/Go"}},
	}
}

func TestWhatIsSavedIsReadAgain(t *testing.T) {
	d := dirs(t)
	f, problems := open(t, d)
	if len(problems) != 0 || len(f.Accounts()) != 0 || !reflect.DeepEqual(f.Settings(), Settings{}) {
		t.Fatalf("without files: %v %v %v", problems, f.Accounts(), f.Settings())
	}
	want := Settings{Language: "de", Alerts: rule.Settings{PausedUntil: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}}
	if err := f.SaveSettings(want); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"work", "home"} {
		if err := f.SaveAccount(account(id)); err != nil {
			t.Fatal(err)
		}
	}
	f, problems = open(t, d)
	if len(problems) != 0 || f.Settings().Language != "de" || !f.Settings().Alerts.PausedUntil.Equal(want.Alerts.PausedUntil) {
		t.Errorf("read again: %v %+v", problems, f.Settings())
	}
	if got := f.Accounts(); len(got) != 2 || !reflect.DeepEqual(got[0], account("home")) || !reflect.DeepEqual(got[1], account("work")) {
		t.Errorf("accounts = %+v", got)
	}
	info, err := os.Stat(f.accountPath("work"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the account's file has mode %v, %v", info.Mode(), err)
	}
	if err := f.RemoveAccount("work"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Account("work"); mail.FaultOf(err).Code != mail.CodeNoAccount {
		t.Errorf("after RemoveAccount: %v", err)
	}
	left, err := os.ReadDir(f.accountsDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if strings.Contains(e.Name(), "work") {
			t.Errorf("RemoveAccount left %s", e.Name())
		}
	}
}

// TestABrokenFile: each way to break a file is told with its line, keeps what
// the user wrote, and goes on with what was last good.
func TestABrokenFile(t *testing.T) {
	for _, c := range []struct{ name, text, line string }{
		{"syntax", "address = \"ann@example.org\"\nport = = 5\n", "2"},
		{"table", "watch = []\n\n[policy\n", "3"},
		{"type", "port = \"many\"\n", "1"},
		{"unknown key", "address = \"a@b.c\"\n\npasword = \"x\"\n", "3"},
		{"nonsense", "address = \"ann@example.org\"\nprotocol = \"smtp\"\n", ""},
		{"binary", "\x00\xff\xfe", "1"},
		{"NUL in a value", "address = \"ann@example.org\"\nuser = \"a\x00b\"\n", "2"},
		{"key twice", "port = 1\nport = 2\n", "2"},
		{"not UTF-8", "user = \"\xe4\"\n", "1"},
		{"UTF-16", "\xff\xfeu\x00s\x00", "1"},
		{"empty", "", ""},
		{"plain without a word", "address = \"ann@example.org\"\nprotocol = \"imap\"\nhost = \"h\"\nport = 143\nsecurity = \"plain\"\nuser = \"a\"\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := dirs(t)
			f, _ := open(t, d)
			if err := f.SaveAccount(account("work")); err != nil {
				t.Fatal(err)
			}
			path := f.accountPath("work")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			f, problems := open(t, d)
			if len(problems) != 1 {
				t.Fatalf("problems = %+v", problems)
			}
			p := problems[0]
			if p.Code != mail.CodeSettingsBroken || p.Account != "work" || p.Args["path"] != path || p.Args["line"] != c.line || !strings.Contains(p.Args["text"], " ") {
				t.Errorf("problem = %+v, want line %q", p, c.line)
			}
			if b, err := os.ReadFile(p.Args["backup"]); err != nil || string(b) != c.text {
				t.Errorf("backup %q holds %q, %v", p.Args["backup"], b, err)
			}
			if got := f.Accounts(); len(got) != 1 || !reflect.DeepEqual(got[0], account("work")) {
				t.Errorf("not the last good account: %+v", got)
			}
		})
	}
	t.Run("never good", func(t *testing.T) {
		d := dirs(t)
		if err := os.MkdirAll(d.Config, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d.Config, "settings.toml"), []byte("language = 5\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		f, problems := open(t, d)
		if len(problems) != 1 || !reflect.DeepEqual(f.Settings(), Settings{}) {
			t.Errorf("%+v %+v", problems, f.Settings())
		}
	})
}

// TestOddFiles: what lies at the place of a file and is no settings file is
// told like one that is broken, and does not keep Heron from starting.
func TestOddFiles(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"folder":           func(path string) error { return os.Mkdir(path+".d", 0o700) },
		"link to a folder": func(path string) error { return os.Symlink(os.TempDir(), path) },
		"link to nothing":  func(path string) error { return os.Symlink("/nowhere/at-all", path) },
		"endless":          func(path string) error { return os.Symlink("/dev/zero", path) },
		"huge": func(path string) error {
			if err := os.WriteFile(path, []byte("user = \"ann\"\n"), 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 10<<30)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := dirs(t)
			f, _ := open(t, d)
			if err := f.SaveAccount(account("home")); err != nil {
				t.Fatal(err)
			}
			path := f.accountPath("work")
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			f, problems := open(t, d)
			want := 1
			if name == "folder" {
				want = 0 // it has another name than files have
			}
			if len(problems) != want || len(f.Accounts()) < 1 {
				t.Fatalf("%+v, %+v", problems, f.Accounts())
			}
			if name != "huge" {
				return
			}
			info, err := os.Stat(problems[0].Args["backup"])
			if err != nil || info.Size() != 10<<30 {
				t.Errorf("set aside: %v, %v", info, err)
			}
			// A save leaves what was set aside.
			if err := f.SaveAccount(account("work")); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path + ".bak"); err != nil || info.Size() != 10<<30 {
				t.Errorf("after a save: %v, %v", info, err)
			}
		})
	}
}

func TestAByteOrderMarkIsRead(t *testing.T) {
	d := dirs(t)
	f, _ := open(t, d)
	if err := f.SaveAccount(account("work")); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(f.accountPath("work"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.accountPath("work"), append([]byte("\xef\xbb\xbf"), b...), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, problems := open(t, d); len(problems) != 0 || len(f.Accounts()) != 1 {
		t.Errorf("%+v", problems)
	}
}

// TestALinkStays: who keeps the settings elsewhere still finds them there.
func TestALinkStays(t *testing.T) {
	d := dirs(t)
	f, _ := open(t, d)
	elsewhere := filepath.Join(t.TempDir(), "mine.toml")
	if err := errors.Join(os.WriteFile(elsewhere, nil, 0o600), os.MkdirAll(d.Config, 0o700), os.Symlink(elsewhere, f.settingsPath())); err != nil {
		t.Fatal(err)
	}
	if err := f.SaveSettings(Settings{Language: "de"}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(elsewhere)
	if err != nil || !strings.Contains(string(b), `"de"`) {
		t.Errorf("%q, %v", b, err)
	}
	if f, _ := open(t, d); f.Settings().Language != "de" {
		t.Error("not read again")
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*mail.Account)
		want mail.Code
	}{
		{"good", func(*mail.Account) {}, ""},
		{"IP address", func(a *mail.Account) { a.Endpoint.Host = "::1" }, ""},
		{"plain with the user's word", func(a *mail.Account) { a.Endpoint.Security = mail.Plain; a.Policy.AllowPlaintext = true }, ""},
		{"plain", func(a *mail.Account) { a.Endpoint.Security = mail.Plain }, mail.CodePlaintextRefused},
		{"no address", func(a *mail.Account) { a.Address = "ann" }, mail.CodeBadAddress},
		{"display name", func(a *mail.Account) { a.Address = "Ann <ann@example.org>" }, mail.CodeBadAddress},
		{"id is a path", func(a *mail.Account) { a.ID = "../x" }, mail.CodeUsage},
		{"host is a URL", func(a *mail.Account) { a.Endpoint.Host = "https://x" }, mail.CodeUsage},
		{"port", func(a *mail.Account) { a.Endpoint.Port = 70000 }, mail.CodeUsage},
		{"line break in user", func(a *mail.Account) { a.Auth.User = "a\r\nA2 LOGOUT" }, mail.CodeUsage},
		{"fingerprint", func(a *mail.Account) { a.Endpoint.Trust.Fingerprint = "zz" }, mail.CodeUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := account("work")
			c.edit(&a)
			err := Validate(a)
			if (c.want == "") != (err == nil) || err != nil && mail.FaultOf(err).Code != c.want {
				t.Errorf("Validate = %v, want %q", err, c.want)
			}
		})
	}
}

func TestNormalFingerprint(t *testing.T) {
	hex := strings.Repeat("ab", 32)
	for in, want := range map[string]string{
		hex: hex, strings.ToUpper(hex): hex, strings.TrimSuffix(strings.Repeat("AB:", 32), ":"): hex, "sha256:" + hex: hex, "ab": "", "": "",
	} {
		if got := NormalFingerprint(in); got != want {
			t.Errorf("NormalFingerprint(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSocketPathsAreShortAndApart(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/1000")
	seen := map[string]bool{}
	for _, root := range []string{"/tmp/a", "/tmp/b", "/tmp/" + strings.Repeat("long/", 40)} {
		d, err := DirsUnder(root)
		if err != nil {
			t.Fatal(err)
		}
		p := d.SocketPath()
		if len(p) > maxSocket || seen[p] {
			t.Errorf("%s: socket %q of %d bytes", root, p, len(p))
		}
		seen[p] = true
		if d.Namespace() == "" || d.KeyringService() == AppID {
			t.Errorf("%s shares its keyring entries with the user's own", root)
		}
	}
	d, err := DefaultDirs()
	if err != nil {
		t.Fatal(err)
	}
	if d.Namespace() != "" || d.KeyringService() != AppID {
		t.Errorf("default dirs: %q %q", d.Namespace(), d.KeyringService())
	}
}

func TestASettingsFolderThatCannotBeWritten(t *testing.T) {
	d := dirs(t)
	if err := os.WriteFile(d.Config, []byte("a file where the folder should be"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &File{dir: d.Config, accounts: map[mail.AccountID]mail.Account{}}
	err := f.SaveAccount(account("work"))
	if err == nil || mail.FaultOf(err).Code != mail.CodeReadOnly || len(f.Accounts()) != 0 {
		t.Errorf("SaveAccount = %v, accounts %v", err, f.Accounts())
	}
}
