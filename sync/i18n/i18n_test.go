package i18n

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/heronmail/heron/assets"
)

func TestLanguageOfTheEnvironment(t *testing.T) {
	for _, c := range []struct{ lang, want string }{
		{"de_DE.UTF-8", "de"},
		{"de", "de"},
		{"de_AT@euro", "de"},
		{"en_GB.UTF-8", "en"},
		{"C", "en"},
		{"C.UTF-8", "en"},
		{"xx_YY", "en"},
		{"///", "en"},
		{"ja_JP", "en"},
	} {
		p, err := New(c.lang)
		if err != nil {
			t.Fatal(err)
		}
		if p.Lang() != c.want {
			t.Errorf("New(%q) speaks %s, want %s", c.lang, p.Lang(), c.want)
		}
	}
	env := map[string]string{"LANG": "en_US", "LC_MESSAGES": "de_DE", "LC_ALL": ""}
	if got := environment(func(k string) string { return env[k] }); got != "de_DE" {
		t.Errorf("LC_MESSAGES goes before LANG, got %q", got)
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 3, 4, 10, 42, 0, 0, time.UTC) // a Wednesday
	for _, c := range []struct {
		back   time.Duration
		en, de string
	}{
		{time.Second, "just now", "gerade eben"},
		{4 * time.Second, "4 s ago", "vor 4 s"},
		{59 * time.Minute, "59 min ago", "vor 59 min"},
		{2 * time.Hour, "08:42", "08:42"},
		{24 * time.Hour, "Tuesday", "Dienstag"},
		{10 * 24 * time.Hour, "22 Feb 2026", "22.02.2026"},
		{-3 * time.Hour, "13:42", "13:42"},
	} {
		for lang, want := range map[string]string{"en": c.en, "de": c.de} {
			p, err := New(lang)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Ago(now.Add(-c.back), now); got != want {
				t.Errorf("%s, %v ago: %q, want %q", lang, c.back, got, want)
			}
		}
	}
}

func TestUntil(t *testing.T) {
	p, err := New("en")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 10, 42, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		-time.Second: "now", -time.Millisecond: "now", 0: "now", time.Millisecond: "in 1 s",
		19500 * time.Millisecond: "in 20 s", 20 * time.Second: "in 20 s", 59500 * time.Millisecond: "in 1 min",
		time.Minute: "in 1 min", 90 * time.Second: "in 2 min", 2 * time.Minute: "in 2 min",
		59*time.Minute + 30*time.Second: "at 11:41", time.Hour: "at 11:42", 3 * time.Hour: "at 13:42",
	} {
		if got := p.Until(now.Add(d), now); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestNumbersAndUnknownIDs(t *testing.T) {
	de, err := New("de")
	if err != nil {
		t.Fatal(err)
	}
	if got := de.Number(12345); got != "12.345" {
		t.Errorf("Number = %q", got)
	}
	if got := de.T("no.such-id"); got != "no.such-id" {
		t.Errorf("unknown id = %q", got)
	}
}

// TestEveryCatalogueLoads: what New does not read can be read.
func TestEveryCatalogueLoads(t *testing.T) {
	langs, err := Languages()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range langs {
		files, err := fs.Glob(assets.I18N, "i18n/"+l.String()+"/*.toml")
		if err != nil || len(files) < 8 {
			t.Errorf("%s has %d catalogues: %v", l, len(files), err)
		}
		for _, f := range files {
			area := strings.TrimSuffix(filepath.Base(f), ".toml")
			if _, err := load(source{l, area}); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestManyMaySpeakAtOnce(t *testing.T) {
	p, err := New("de")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, id := range []string{"tray.quit", "i18n.now", "no.such-id", "nothing", ""} {
				if got := p.T(id); (got == id) == (id == "tray.quit" || id == "i18n.now") {
					t.Errorf("%q is %q", id, got)
				}
			}
		})
	}
	all.Wait()
}

// catalogue reads every text of a language: id → form → text.
func catalogue(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	files, err := fs.Glob(assets.I18N, "i18n/"+lang+"/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no catalogue for %s: %v", lang, err)
	}
	for _, f := range files {
		b, err := fs.ReadFile(assets.I18N, f)
		if err != nil {
			t.Fatal(err)
		}
		one := map[string]map[string]string{}
		if err := toml.Unmarshal(b, &one); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		area := strings.TrimSuffix(filepath.Base(f), ".toml")
		for id, forms := range one {
			if !strings.HasPrefix(id, area+".") {
				t.Errorf("%s: id %q does not begin with its area", f, id)
			}
			if forms["other"] == "" {
				t.Errorf("%s: %q has no form \"other\"", f, id)
			}
			out[id] = forms
		}
	}
	return out
}

var argument = regexp.MustCompile(`\{\{\s*\.(\w+)`)

func arguments(forms map[string]string) []string {
	var out []string
	for _, m := range argument.FindAllStringSubmatch(forms["other"], -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestBothLanguagesSayTheSame: a text missing in one language, or one that
// names other values, would be seen by a person and by no other test.
func TestBothLanguagesSayTheSame(t *testing.T) {
	en, de := catalogue(t, "en"), catalogue(t, "de")
	for id, forms := range en {
		other, ok := de[id]
		if !ok {
			t.Errorf("German lacks %q", id)
			continue
		}
		if a, b := arguments(forms), arguments(other); !slices.Equal(a, b) {
			t.Errorf("%q names %v in English and %v in German", id, a, b)
		}
	}
	for id := range de {
		if _, ok := en[id]; !ok {
			t.Errorf("English lacks %q", id)
		}
	}
}

var literalID = regexp.MustCompile(`\bT\(\s*"([a-z0-9]+\.[a-z0-9.-]+)"`)

// known looks an id up; one that ends in '.' is completed at run time, so that
// some text must begin with it.
func known(texts map[string]map[string]string, id string) bool {
	if _, ok := texts[id]; ok || !strings.HasSuffix(id, ".") {
		return ok
	}
	for other := range texts {
		if strings.HasPrefix(other, id) {
			return true
		}
	}
	return false
}

// TestEveryIDInTheSourcesExists finds texts asked for by a literal id.
func TestEveryIDInTheSourcesExists(t *testing.T) {
	en := catalogue(t, "en")
	for _, top := range []string{"../../app", "../../sync", "../../cmd"} {
		err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
				return err
			}
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			for _, m := range literalID.FindAllStringSubmatch(string(b), -1) {
				if !known(en, m[1]) {
					t.Errorf("%s asks for %q, which has no text", p, m[1])
				}
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}
