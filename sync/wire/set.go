package wire

import (
	"cmp"
	"iter"
	"slices"
	"strconv"

	"github.com/heronmail/heron/sync/mail"
)

// Range is the UIDs from Lo to Hi, both in it.
type Range struct{ Lo, Hi mail.UID }

// Set is a set of UIDs: ascending ranges that neither overlap nor touch. Nil
// is the empty set.
type Set []Range

// NewSet makes the set of uids, in any order; 0 is left out.
func NewSet(uids []mail.UID) Set {
	if !slices.IsSorted(uids) {
		uids = slices.Sorted(slices.Values(uids))
	}
	var s Set
	for _, u := range uids {
		switch n := len(s); {
		case u == 0:
		case n > 0 && u <= s[n-1].Hi:
		case n > 0 && u-1 == s[n-1].Hi:
			s[n-1].Hi = u
		default:
			s = append(s, Range{u, u})
		}
	}
	return s
}

// ParseSet reads a sequence set (RFC 3501 §9) as servers send them: numbers
// from 1 to 2^32-1, in any order, no "*". It may stand for four thousand
// million UIDs: see Len before going through them.
func ParseSet(b []byte) (Set, error) {
	var s Set
	for pos := 0; ; {
		lo, next, ok := number(b, pos)
		if !ok {
			return nil, malformed("set")
		}
		hi := lo
		pos = next
		if pos < len(b) && b[pos] == ':' {
			if hi, pos, ok = number(b, pos+1); !ok {
				return nil, malformed("set")
			}
		}
		s = append(s, Range{min(lo, hi), max(lo, hi)})
		if pos == len(b) {
			return s.normal(), nil
		}
		if b[pos] != ',' {
			return nil, malformed("set")
		}
		pos++
	}
}

func number(b []byte, pos int) (mail.UID, int, bool) {
	beg := pos
	var x uint64
	for pos < len(b) && b[pos] >= '0' && b[pos] <= '9' {
		x = x*10 + uint64(b[pos]-'0')
		if x > 1<<32-1 {
			return 0, pos, false
		}
		pos++
	}
	return mail.UID(x), pos, pos > beg && x > 0
}

// normal sorts and merges.
func (s Set) normal() Set {
	slices.SortFunc(s, func(a, b Range) int { return cmp.Compare(a.Lo, b.Lo) })
	out := s[:0]
	for _, r := range s {
		if n := len(out); n > 0 && r.Lo <= out[n-1].Hi+1 && out[n-1].Hi+1 != 0 {
			out[n-1].Hi = max(out[n-1].Hi, r.Hi)
		} else if n == 0 || r.Lo > out[n-1].Hi {
			out = append(out, r)
		}
	}
	return out
}

// String returns the set as commands take it, "" for the empty one.
func (s Set) String() string {
	var b []byte
	for i, r := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(r.Lo), 10)
		if r.Hi != r.Lo {
			b = append(b, ':')
			b = strconv.AppendUint(b, uint64(r.Hi), 10)
		}
	}
	return string(b)
}

// Len is how many UIDs are in the set.
func (s Set) Len() int {
	var n uint64
	for _, r := range s {
		n += uint64(r.Hi-r.Lo) + 1
	}
	return int(min(n, uint64(maxInt)))
}

const maxInt = int(^uint(0) >> 1)

// Has reports whether u is in the set.
func (s Set) Has(u mail.UID) bool {
	i, found := slices.BinarySearchFunc(s, u, func(r Range, u mail.UID) int { return cmp.Compare(r.Lo, u) })
	return found || (i > 0 && u <= s[i-1].Hi)
}

// Within reports whether all of the set is in another one. It goes through ranges, not UIDs.
func (s Set) Within(other Set) bool {
	i := 0
	for _, r := range s {
		for i < len(other) && other[i].Hi < r.Lo {
			i++
		}
		if i == len(other) || r.Lo < other[i].Lo || r.Hi > other[i].Hi {
			return false
		}
	}
	return true
}

// UIDs are all in the set, ascending.
func (s Set) UIDs() iter.Seq[mail.UID] {
	return func(yield func(mail.UID) bool) {
		for _, r := range s {
			for u := r.Lo; ; u++ {
				if !yield(u) {
					return
				}
				if u == r.Hi { // not in the loop's condition: Hi may be the largest
					break
				}
			}
		}
	}
}
