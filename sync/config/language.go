package config

import "path/filepath"

// Language is the language that the settings ask for, "" when they ask for none
// or cannot be read. It is for a program that has to speak before it opens the
// settings, and writes nothing: no copy, no .bak.
func Language(d Dirs) string {
	var s Settings
	if p, err := readTOML(filepath.Join(d.Config, "settings.toml"), &s); p != nil || err != nil {
		return ""
	}
	return s.Language
}
