package config

import "path/filepath"

// Language is the language that the settings ask for, or asked for when they
// were last good; "" when they ask for none or never could be read. It is for a
// program that has to speak before it opens the settings, and writes nothing:
// no copy, no .bak.
func Language(d Dirs) string {
	path := filepath.Join(d.Config, "settings.toml")
	for _, p := range []string{path, goodPath(path)} {
		var s Settings
		if broken, err := readTOML(p, &s); broken == nil && err == nil {
			return s.Language
		}
	}
	return ""
}
