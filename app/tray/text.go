package tray

// shortEnd cuts s to at most n runes, with "…" at the end: for subjects.
func shortEnd(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// shortMiddle cuts s to at most n runes, with "…" in the middle: for names and
// addresses, whose ends tell them apart.
func shortMiddle(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	head := n / 2
	return string(r[:head]) + "…" + string(r[len(r)-(n-1-head):])
}
