package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLanguageIsReadWithoutATrace(t *testing.T) {
	d, err := DirsUnder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got := Language(d); got != "" {
		t.Errorf("without settings: %q", got)
	}
	if err := os.MkdirAll(d.Config, 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"language = \"de\"\n": "de", "language = 7\n": "", "langu": ""} {
		if err := os.WriteFile(filepath.Join(d.Config, "settings.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Language(d); got != want {
			t.Errorf("%q: language %q, want %q", text, got, want)
		}
	}
	files, err := os.ReadDir(d.Config)
	if err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
	if err := os.WriteFile(filepath.Join(d.Config, "settings.toml"), []byte("language = \"de\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(d); err != nil { // it keeps a copy
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.Config, "settings.toml"), []byte("langu"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Language(d); got != "de" {
		t.Errorf("broken, but good before: %q", got)
	}
}
