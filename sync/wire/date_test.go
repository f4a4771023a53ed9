package wire

import (
	"fmt"
	netmail "net/mail"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestPlainDateAgreesWithTheLibrary: what the short way reads is what the long
// way would have read, of any date near the form, right or wrong.
func TestPlainDateAgreesWithTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num := func(name string, lo, hi, digits int) string {
			return fmt.Sprintf("%0*d", digits, rapid.IntRange(lo, hi).Draw(t, name))
		}
		month := rapid.SampledFrom([]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "May.", "Foo"}).Draw(t, "month")
		day := rapid.SampledFrom([]string{"Mon, ", "Sun, ", "", "Xyz, "}).Draw(t, "day")
		width := rapid.IntRange(1, 2).Draw(t, "width")
		clock := num("hour", 0, 25, 2) + ":" + num("minute", 0, 61, 2) + ":" + num("second", 0, 61, 2)
		zone := rapid.SampledFrom([]string{"+", "-", "*"}).Draw(t, "sign") + num("zone hours", 0, 25, 2) + num("zone minutes", 0, 61, 2)
		date, year := num("date", 0, 33, width), num("year", 1900, 9998, 4)

		in := day + date + " " + month + " " + year + " " + clock + " " + zone
		if got, ok := plainDate([]byte(in), ' '); ok {
			if want, err := netmail.ParseDate(in); err != nil || !got.Equal(want) {
				t.Fatalf("%q: %v, the library says %v, %v", in, got, want, err)
			}
		}
		in = date + "-" + month + "-" + year + " " + clock + " " + zone
		if got, ok := plainDate([]byte(in), '-'); ok {
			if want, err := time.Parse("_2-Jan-2006 15:04:05 -0700", in); err != nil || !got.Equal(want) {
				t.Fatalf("%q: %v, the library says %v, %v", in, got, want, err)
			}
		}
	})
	for _, in := range []string{"Sat, 7 Feb 2026 10:30:00 +0100", "Sat, 07 Feb 2026 10:30:00 +0100", "07 Feb 2026 09:30:00 -0000"} {
		if got, ok := plainDate([]byte(in), ' '); !ok || !got.Equal(time.Date(2026, 2, 7, 9, 30, 0, 0, time.UTC)) {
			t.Errorf("%q: %v, %v", in, got, ok)
		}
	}
	for _, in := range []string{" 7-Feb-2026 10:30:00 +0100", "07-Feb-2026 10:30:00 +0100"} {
		if got, ok := plainDate([]byte(in), '-'); !ok || !got.Equal(time.Date(2026, 2, 7, 9, 30, 0, 0, time.UTC)) {
			t.Errorf("%q: %v, %v", in, got, ok)
		}
	}
}
