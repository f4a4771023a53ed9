package wire

import "strings"

// Whose says to whom a mailbox belongs (RFC 2342).
type Whose int

// The kinds of namespaces.
const (
	Personal Whose = iota // the user's own
	Others                // another user's
	Shared                // nobody's
)

// Prefix is a namespace: the mailboxes whose names begin with it.
type Prefix struct {
	Name      string // decoded, with its delimiter at the end; "" is all of them
	Delimiter string // "" for NIL
	Whose     Whose
}

// ParseNamespace reads a NAMESPACE response (RFC 2342 §5).
func ParseNamespace(r *Response) ([]Prefix, error) {
	if r.Type != "NAMESPACE" || r.Bad != nil {
		return nil, malformed("NAMESPACE")
	}
	var out []Prefix
	args := r.Args()
	for i, whose := range []Whose{Personal, Others, Shared} {
		for v := range args.At(i).Items() {
			if v.Kind() != List {
				continue
			}
			p := Prefix{Name: DecodeMailbox(v.At(0).Bytes()), Whose: whose}
			if d := v.At(1); !d.Nil() {
				p.Delimiter = guess(d.Bytes())
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// has reports whether the mailbox of a name is in the namespace, or is the
// folder that only holds it. INBOX at the beginning is in any case.
func (p Prefix) has(name string) bool {
	if len(name) >= len(p.Name) && sameName(name[:len(p.Name)], p.Name) {
		return true
	}
	return p.Name != "" && name != "" && name+p.Delimiter == p.Name
}

func sameName(a, b string) bool {
	return a == b || len(b) >= 5 && strings.EqualFold(b[:5], "INBOX") && strings.EqualFold(a[:5], b[:5]) && a[5:] == b[5:]
}

// NamespaceOf returns the namespace of a mailbox: that with the longest prefix,
// of two the more personal one. INBOX is always the user's own, and so is what
// is in none.
func NamespaceOf(name string, all []Prefix) Prefix {
	best := Prefix{}
	if strings.EqualFold(name, "INBOX") {
		return best
	}
	found := false
	for _, p := range all {
		if p.has(name) && (!found || len(p.Name) > len(best.Name)) {
			best, found = p, true
		}
	}
	return best
}
