package config

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/rule"
)

// Settings are the user's wishes about Heron as a whole. The zero value is the
// default.
type Settings struct {
	Language string        `toml:"language"` // "" is that of the environment
	Alerts   rule.Settings `toml:"alerts"`
}

// File is the settings as they are on disk. Its methods may be called by
// several goroutines.
type File struct {
	dir      string
	mu       sync.Mutex
	settings Settings
	accounts map[mail.AccountID]mail.Account
}

// Open reads the settings under d.Config; missing files are defaults. A file
// that cannot be understood is kept as .bak, left out, and reported as a
// problem (settings-broken). The error is a Fault when the folder itself cannot
// be read.
func Open(d Dirs) (*File, []mail.Problem, error) {
	f := &File{dir: d.Config, accounts: map[mail.AccountID]mail.Account{}}
	var problems []mail.Problem
	p, err := f.load(f.settingsPath(), func(path string) (*mail.Problem, error) {
		f.settings = Settings{}
		return readTOML(path, &f.settings)
	})
	if err != nil {
		return nil, nil, err
	}
	if p != nil {
		problems = append(problems, *p)
	}
	files, err := os.ReadDir(f.accountsDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, diskFault(f.accountsDir(), err)
	}
	for _, e := range files {
		name, ok := strings.CutSuffix(e.Name(), ".toml")
		if !ok || e.IsDir() {
			continue
		}
		id := mail.AccountID(name)
		p, err := f.load(f.accountPath(id), func(path string) (*mail.Problem, error) {
			a, p, err := readAccount(path, id)
			if p == nil && err == nil {
				f.accounts[id] = a
			}
			return p, err
		})
		if err != nil {
			return nil, nil, err
		}
		if p != nil {
			p.Account = id
			problems = append(problems, *p)
		}
	}
	return f, problems, nil
}

// load reads one file, and the copy that was last good when it is broken. The
// problem tells of the broken file either way.
func (f *File) load(path string, read func(path string) (*mail.Problem, error)) (*mail.Problem, error) {
	p, err := read(path)
	if err != nil {
		return nil, err
	}
	if p == nil {
		keepGood(path)
		return nil, nil
	}
	setAside(path, p)
	if again, err := read(goodPath(path)); err != nil || again != nil {
		return p, err
	}
	return p, nil
}

func (f *File) settingsPath() string { return filepath.Join(f.dir, "settings.toml") }
func (f *File) accountsDir() string  { return filepath.Join(f.dir, "accounts") }
func (f *File) accountPath(id mail.AccountID) string {
	return filepath.Join(f.accountsDir(), string(id)+".toml")
}

// Settings returns the settings in force.
func (f *File) Settings() Settings {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.settings
}

// SaveSettings writes settings.toml. On a Fault (disk-full, read-only) the old
// ones stay in force.
func (f *File) SaveSettings(s Settings) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := writeTOML(f.settingsPath(), s); err != nil {
		return err
	}
	keepGood(f.settingsPath())
	f.settings = s
	return nil
}

// Accounts returns the accounts, sorted by id.
func (f *File) Accounts() []mail.Account {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]mail.Account, 0, len(f.accounts))
	for _, a := range f.accounts {
		a.Policy.Watch = slices.Clone(a.Policy.Watch)
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b mail.Account) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Account returns one account; Fault no-such-account.
func (f *File) Account(id mail.AccountID) (mail.Account, error) {
	for _, a := range f.Accounts() {
		if a.ID == id {
			return a, nil
		}
	}
	return mail.Account{}, &mail.Fault{Code: mail.CodeNoAccount, Class: mail.ClassLocal, Args: mail.Args{"account": string(id)}}
}

// SaveAccount checks and writes an account's file. Faults: usage, bad-address,
// plaintext-refused, disk-full, read-only.
func (f *File) SaveAccount(a mail.Account) error {
	if err := Validate(a); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := writeTOML(f.accountPath(a.ID), fromAccount(a)); err != nil {
		return err
	}
	keepGood(f.accountPath(a.ID))
	a.Policy.Watch = slices.Clone(a.Policy.Watch)
	f.accounts[a.ID] = a
	return nil
}

// RemoveAccount removes an account's file and the copies of it; a missing one
// is no error.
func (f *File) RemoveAccount(id mail.AccountID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := f.accountPath(id)
	for _, p := range []string{path, goodPath(path), path + ".bak"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return diskFault(p, err)
		}
	}
	delete(f.accounts, id)
	return nil
}
