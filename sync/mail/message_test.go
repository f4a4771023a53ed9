package mail

import (
	"strings"
	"testing"
)

func TestFlagsThatCanBeSent(t *testing.T) {
	for f, want := range map[Flag]struct{ valid, keyword bool }{
		FlagSeen: {true, false}, FlagDeleted: {true, false}, "$work": {true, true}, "a-b_c.[d": {true, true},
		"": {}, "two words": {}, "a)\r\na1 logout": {}, "ä": {}, `\seen`: {}, "a]": {}, "100%": {}, "a\x00": {},
		Flag(strings.Repeat("x", maxFlag)): {true, true}, Flag(strings.Repeat("x", maxFlag+1)): {},
	} {
		if f.Valid() != want.valid || f.Keyword() != want.keyword {
			t.Errorf("%q: valid %v, keyword %v", f, f.Valid(), f.Keyword())
		}
	}
}
