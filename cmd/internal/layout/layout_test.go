package layout

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/heronmail/heron"

// table says what each package may import of ours. "sync/..." stands for all
// packages of sync, but never for mailtest.
var table = map[string][]string{
	"assets":           {},
	"sync/mail":        {},
	"sync/punctual":    {},
	"sync/i18n":        {"assets"},
	"sync/health":      {"sync/mail", "sync/i18n"},
	"sync/rule":        {"sync/mail"},
	"sync/config":      {"sync/mail", "sync/rule"},
	"sync/news":        {"sync/mail", "sync/rule", "sync/store"},
	"sync/secret":      {"sync/mail"},
	"sync/dial":        {"sync/mail"},
	"sync/wire":        {"sync/mail", "sync/dial", "sync/punctual"},
	"sync/bodytext":    {"sync/mail"},
	"sync/store":       {"sync/mail"},
	"sync/imapsync":    {"sync/mail", "sync/store", "sync/wire", "sync/dial", "sync/bodytext", "sync/punctual"},
	"sync/engine":      {"sync/mail", "sync/i18n", "sync/health", "sync/config", "sync/rule", "sync/secret", "sync/dial", "sync/wire", "sync/bodytext", "sync/store", "sync/imapsync"},
	"sync/control/api": {"sync/mail"},
	"sync/control":     {"sync/mail", "sync/control/api"},
	"sync/demo":        {"sync/mail"},
	"sync/host":        {"sync/..."},
	"app/tray/badge":   {"assets"},
	"app/tray":         {"app/tray/badge", "sync/mail", "sync/health", "sync/i18n", "assets"},
	"app/alert":        {"sync/mail", "sync/i18n"},
	"app/platform":     {"sync/punctual"},
	"app/agent":        {"app/tray", "app/tray/badge", "app/alert", "app/platform", "assets", "sync/..."},
	"app/view":         {"sync/mail", "sync/health", "sync/i18n", "sync/control/api"},
	"app/wizard":       {"app/view", "sync/mail", "sync/health", "sync/i18n", "sync/control/api"},
	"app/window":       {"app/view", "app/wizard", "app/platform", "sync/control", "sync/control/api", "sync/mail", "sync/i18n", "sync/health", "assets"},
	"cmd/heron":        {"app/agent", "sync/..."},
	"cmd/heron-window": {"app/window", "sync/..."},
	"cmd/heronctl":     {"sync/..."},
}

// testsOnly are packages that no program may hold.
var testsOnly = []string{"sync/mailtest", "sync/mailtest/desktop", "cmd/internal/"}

// fyneHere are the packages that may draw a window.
var fyneHere = []string{"app/window", "app/view", "app/wizard", "cmd/heron-window"}

type goPackage struct {
	ImportPath string
	Imports    []string
	GoFiles    []string
	CgoFiles   []string
}

func packages(t *testing.T, goos string) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,GoFiles,CgoFiles", "./...")
	cmd.Dir = "../../.."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module+"/")
		all = append(all, p)
	}
}

func isTestsOnly(p string) bool {
	return slices.ContainsFunc(testsOnly, func(s string) bool { return p == s || strings.HasSuffix(s, "/") && strings.HasPrefix(p, s) })
}

func allowed(list []string, imp string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		if prefix, ok := strings.CutSuffix(a, "..."); ok {
			return strings.HasPrefix(imp, prefix)
		}
		return a == imp
	})
}

func TestImportTable(t *testing.T) {
	seen := map[string]bool{}
	for _, goos := range []string{"linux", "windows", "darwin"} {
		for _, p := range packages(t, goos) {
			seen[p.ImportPath] = true
			if isTestsOnly(p.ImportPath) || strings.Contains(p.ImportPath, "/internal/") {
				continue
			}
			if len(p.GoFiles)+len(p.CgoFiles) == 0 {
				continue
			}
			list, ok := table[p.ImportPath]
			if !ok {
				t.Errorf("%s is not in the import table", p.ImportPath)
				continue
			}
			for _, imp := range p.Imports {
				if strings.HasPrefix(imp, "fyne.io/fyne/") && !slices.Contains(fyneHere, p.ImportPath) {
					t.Errorf("%s imports %s on %s: only %v draw windows", p.ImportPath, imp, goos, fyneHere)
				}
				own, ok := strings.CutPrefix(imp, module+"/")
				if !ok {
					continue
				}
				if isTestsOnly(own) {
					t.Errorf("%s imports %s, which is for tests only", p.ImportPath, own)
				} else if !allowed(list, own) && !strings.HasPrefix(own, p.ImportPath+"/internal/") {
					t.Errorf("%s imports %s on %s, which the import table does not allow", p.ImportPath, own, goos)
				}
			}
		}
	}
	for p := range table {
		if !seen[p] {
			t.Errorf("%s is in the import table but not in the tree", p)
		}
	}
}

// TestTopFoldersHoldNoGoFiles: packages named sync and app would clash
// with others in every file, so the folders hold no Go files.
func TestTopFoldersHoldNoGoFiles(t *testing.T) {
	for _, dir := range []string{"app", "sync", "cmd"} {
		entries, err := os.ReadDir("../../../" + dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".go") {
				t.Errorf("%s/%s: these folders hold no Go files of their own", dir, e.Name())
			}
		}
	}
}

// TestLibcIsSQLitesOwn: modernc.org/sqlite is made for one version of modernc.org/libc
// (see its README); go get takes a newer one without a word.
func TestLibcIsSQLitesOwn(t *testing.T) {
	libc := func(goMod string) string {
		text, err := os.ReadFile(goMod)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if _, version, ok := strings.Cut(line, "modernc.org/libc "); ok {
				return strings.Fields(version)[0]
			}
		}
		t.Fatalf("%s names no modernc.org/libc", goMod)
		return ""
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatal(err)
	}
	if ours, its := libc("../../../go.mod"), libc(strings.TrimSpace(string(out))); ours != its {
		t.Errorf("go.mod has libc %s, sqlite was made for %s", ours, its)
	}
}
