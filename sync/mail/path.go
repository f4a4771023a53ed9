package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds a new folder's name, in bytes. RFC 3501 sets no limit; file
// systems of servers do.
const maxName = 1000

// Why a name cannot be a folder's: the reason argument of CodeBadFolder.
const (
	NameEmpty     = "empty"     // it, or a level of it, holds no visible character
	NameLong      = "long"      // above 1000 bytes
	NameControl   = "control"   // a control or an invisible character, or no UTF-8
	NameFlat      = "flat"      // levels, on a server that has none
	NameDelimiter = "delimiter" // the server's delimiter inside a level
	NameInside    = "inside"    // it is inside the folder that is to get it
)

// Levels takes a display path apart: the names of its levels, as the server
// has them. It is the reverse of what DisplayPath joins.
func Levels(path string) []string {
	var out []string
	var level strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path):
			i++
			level.WriteByte(path[i])
		case c == '/':
			out = append(out, level.String())
			level.Reset()
		default:
			level.WriteByte(c)
		}
	}
	return append(out, level.String())
}

// NewName is the server's name of a folder that is to get a display path, on a
// server with that delimiter ("" for none). Fault bad-folder-name.
func NewName(path, delimiter string) (string, error) {
	bad := func(reason string) error {
		return &Fault{
			Code: CodeBadFolder, Class: ClassLocal,
			Args: Args{"folder": path, "reason": reason, "delimiter": delimiter},
		}
	}
	levels := Levels(path)
	for _, l := range levels {
		switch {
		case !utf8.ValidString(l), strings.ContainsFunc(l, func(r rune) bool { return unicode.IsControl(r) || hidden(r) }):
			return "", bad(NameControl)
		case strings.TrimSpace(l) == "":
			return "", bad(NameEmpty)
		case delimiter != "" && strings.Contains(l, delimiter):
			return "", bad(NameDelimiter)
		}
	}
	name := strings.Join(levels, delimiter)
	switch {
	case delimiter == "" && len(levels) > 1:
		return "", bad(NameFlat)
	case len(name) > maxName:
		return "", bad(NameLong)
	}
	return name, nil
}
