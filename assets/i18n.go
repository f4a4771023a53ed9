// Package assets holds what is embedded in the programs: icons, translations
// and presets. It has data and no behaviour.
package assets

import "embed"

// I18N holds the catalogues: i18n/LANGUAGE/AREA.toml, in the format of go-i18n.
//
//go:embed i18n
var I18N embed.FS
