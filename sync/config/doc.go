// Package config keeps the settings: settings.toml and one TOML file an
// account, without any secret, and knows where Heron's files are.
//
// A file that cannot be read never stops Heron and is never overwritten
// silently: it is kept beside itself as .bak, a problem names it with its line,
// and what was last good (or the default) is used. Writes go to a temporary
// file, are synced and renamed, so that a full disk or a crash leaves the old
// file whole.
//
// To test it: go test ./sync/config.
package config
