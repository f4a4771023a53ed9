package wire

import (
	"maps"
	"slices"
	"strings"
)

// Caps are the capabilities that a server showed.
type Caps struct{ set map[string]struct{} }

// Has reports whether the server has a capability, in any case.
func (c Caps) Has(name string) bool {
	_, ok := c.set[strings.ToUpper(name)]
	return ok
}

// List returns all of them in upper case, sorted.
func (c Caps) List() []string { return slices.Sorted(maps.Keys(c.set)) }

// readCaps reads the values of a list from the one numbered skip on. What is
// no atom is left out.
func readCaps(v Value, skip int) Caps {
	set := map[string]struct{}{}
	for x := range v.Items() {
		if skip > 0 {
			skip--
			continue
		}
		if s := strings.ToUpper(x.Str()); x.Kind() == Atom && isAtom(s) {
			set[s] = struct{}{}
		}
	}
	return Caps{set}
}
