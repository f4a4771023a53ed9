package imapsync

import "testing"

// FuzzCopyUID reads what a server says of copies. A code that is believed tells of
// no more messages than were copied, and each UID is one.
func FuzzCopyUID(f *testing.F) {
	for _, s := range [][2]string{
		{"1", "1"},
		{"1:3,7", "4:7"},
		{"3,1", "1,2"},
		{"1:4294967295", "*"},
		{"1:2", "1"},
		{"", ""},
		{"2:1", "8:9"},
		{"1,1", "2,3"},
		{"0", "0"},
		{"1,", ",1"},
		{"4294967296", "1"},
		{"1:*", "1:2"},
	} {
		f.Add(uint32(9), s[0], s[1], uint8(4))
	}
	f.Add(uint32(0), "1", "1", uint8(1))
	f.Fuzz(func(t *testing.T, validity uint32, from, to string, most uint8) {
		var c copied
		c.take(validity, from, to, int(most))
		if len(c.uids) > int(most) || (len(c.uids) > 0) != (c.validity > 0) {
			t.Fatalf("%q to %q: %d messages under %d, at most %d were copied", from, to, len(c.uids), c.validity, most)
		}
		for a, b := range c.uids {
			if a == 0 || b == 0 {
				t.Fatalf("%q to %q: %d became %d", from, to, a, b)
			}
		}
	})
}
