package wire

import (
	"bytes"
	"time"
)

// plainDate reads a date in the form that nearly all have, "[Mon, ]02 Jan 2006
// 15:04:05 -0700" with sep ' ' and "02-Jan-2006 15:04:05 -0700" with sep '-'.
// ok is false for any other, which package time may still know: to have it try
// one layout after the other costs more than all else in an ENVELOPE.
func plainDate(b []byte, sep byte) (t time.Time, ok bool) {
	if sep == ' ' && len(b) > 5 && b[3] == ',' && b[4] == ' ' {
		if !isDay(b[:3]) {
			return t, false
		}
		b = b[5:]
	}
	if len(b) > 1 && b[1] == sep || len(b) > 0 && b[0] == ' ' && sep == '-' {
		b = append([]byte{'0'}, bytes.TrimPrefix(b, []byte(" "))...) // one digit
	}
	// 02 Jan 2006 15:04:05 -0700
	if len(b) != 26 || b[2] != sep || b[6] != sep || b[11] != ' ' || b[14] != ':' || b[17] != ':' || b[20] != ' ' ||
		b[21] != '+' && b[21] != '-' {
		return t, false
	}
	month := monthOf(b[3:6])
	ok = month != 0
	number := func(from, to int) (n int) {
		for _, c := range b[from:to] {
			ok = ok && c >= '0' && c <= '9'
			n = 10*n + int(c-'0')
		}
		return n
	}
	day, year := number(0, 2), number(7, 11)
	hour, minute, second := number(12, 14), number(15, 17), number(18, 20)
	zh, zm := number(22, 24), number(24, 26)
	if !ok || hour > 23 || minute > 59 || second > 59 || zh > 23 || zm > 59 {
		return t, false
	}
	t = time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	if t.Day() != day { // 31 April
		return time.Time{}, false
	}
	zone := time.Duration(zh)*time.Hour + time.Duration(zm)*time.Minute
	if b[21] == '+' {
		zone = -zone
	}
	return t.Add(zone), true
}

func monthOf(b []byte) time.Month {
	switch string(b) {
	case "Jan":
		return time.January
	case "Feb":
		return time.February
	case "Mar":
		return time.March
	case "Apr":
		return time.April
	case "May":
		return time.May
	case "Jun":
		return time.June
	case "Jul":
		return time.July
	case "Aug":
		return time.August
	case "Sep":
		return time.September
	case "Oct":
		return time.October
	case "Nov":
		return time.November
	case "Dec":
		return time.December
	}
	return 0
}

func isDay(b []byte) bool {
	switch string(b) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}
