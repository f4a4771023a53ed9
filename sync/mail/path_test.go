package mail

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestLevels(t *testing.T) {
	for path, want := range map[string][]string{
		"INBOX":         {"INBOX"},
		"Lists/Go":      {"Lists", "Go"},
		`Lists/Go \/ C`: {"Lists", "Go / C"},
		`a\\/b`:         {`a\`, "b"},
		`end\`:          {`end\`},
		"/a//":          {"", "a", "", ""},
		"":              {""},
	} {
		if got := Levels(path); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

// TestNewName: a folder gets the name that its path shows, or a reason why not.
func TestNewName(t *testing.T) {
	for _, c := range []struct{ path, delimiter, name, reason string }{
		{"Lists/Go", "/", "Lists/Go", ""},
		{"Lists/Go", ".", "Lists.Go", ""},
		{`Go \/ C`, ".", "Go / C", ""},
		{`back\\slash`, "/", `back\slash`, ""},
		{"Ärger 日本", "", "Ärger 日本", ""},
		{"", "/", "", NameEmpty},
		{"a//b", "/", "", NameEmpty},
		{"a/", "/", "", NameEmpty},
		{"/a", "/", "", NameEmpty},
		{" \u00a0", "/", "", NameEmpty},
		{"a\nb", "/", "", NameControl},
		{"a\x00", "/", "", NameControl},
		{"a\u202eb", "/", "", NameControl},
		{"a\xff", "/", "", NameControl},
		{`a\/b`, "/", "", NameDelimiter},
		{"v1.0", ".", "", NameDelimiter},
		{"a/b", "", "", NameFlat},
		{strings.Repeat("x", 1001), "/", "", NameLong},
	} {
		got, err := NewName(c.path, c.delimiter)
		reason := ""
		var f *Fault
		if errors.As(err, &f) && f.Code == CodeBadFolder {
			reason = f.Args["reason"]
		}
		if got != c.name || reason != c.reason || (err != nil) != (c.reason != "") {
			t.Errorf("%q with %q: %q, %v, want %q, %q", c.path, c.delimiter, got, err, c.name, c.reason)
		}
		if c.reason == "" && DisplayPath(got, c.delimiter) != c.path {
			t.Errorf("%q shows as %q", c.path, DisplayPath(got, c.delimiter))
		}
	}
}
