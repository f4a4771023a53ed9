//go:build linux

package main_test

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// mustBeSearched are files that the story writes for certain, from the
// session's folder on. A search that did not meet them has looked in the wrong
// place.
var mustBeSearched = []string{
	"agent.log",
	"config/heron/accounts/*.toml",
	"data/heron/*.db",
	"data/keyrings/*.keyring",
}

// secrets are the password as it is, and as the sign-in sends it.
func (st *story) secrets() [][]byte {
	sasl := "\x00" + st.dovecot.User(0) + "\x00" + st.password
	return [][]byte{[]byte(st.password), []byte(base64.StdEncoding.EncodeToString([]byte(sasl)))}
}

// clean reports whether something holds no secret, and fails the test if not.
func (st *story) clean(t *testing.T, what string, content []byte) {
	t.Helper()
	for _, s := range st.secrets() {
		if bytes.Contains(content, s) {
			t.Errorf("the password is in %s", what)
		}
	}
}

// nothingLeaks searches for the password in every file that the session wrote:
// settings, data, caches, logs and temporary files are all in its folder.
func (st *story) nothingLeaks(t *testing.T) {
	t.Helper()
	met := map[string]bool{}
	err := filepath.WalkDir(st.desk.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // a socket, or a file that went while we looked
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // it went while we looked
		}
		st.clean(t, path, content)
		name, err := filepath.Rel(st.desk.Dir, path)
		if err != nil {
			return err
		}
		for _, pattern := range mustBeSearched {
			if ok, err := filepath.Match(pattern, name); err != nil {
				return err
			} else if ok {
				met[pattern] = len(content) > 0
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range mustBeSearched {
		if !met[pattern] {
			t.Errorf("no file %s was searched", pattern)
		}
	}
}

// noProcessLeaks searches for the password in the arguments and the
// environment of every process, those of all three programs among them.
func (st *story) noProcessLeaks(t *testing.T) {
	t.Helper()
	met := map[string]bool{}
	for _, what := range []string{"cmdline", "environ"} {
		found, err := filepath.Glob("/proc/[0-9]*/" + what)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			content, err := os.ReadFile(f)
			if err != nil {
				continue // the process has ended, or is another user's
			}
			st.clean(t, f, content)
			met[f] = len(content) > 0
		}
	}
	for _, program := range []string{"heron", "heron-window", "heronctl"} {
		pids := st.processes(program)
		if len(pids) == 0 {
			t.Errorf("%s does not run", program)
		}
		for _, pid := range pids {
			if !met["/proc/"+pid+"/cmdline"] || !met["/proc/"+pid+"/environ"] {
				t.Errorf("%s was not searched", program)
			}
		}
	}
}
