package mail

import "testing"

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Lunch on Friday?", "Lunch on Friday?"},
		{"override", "invoice\u202Efdp.exe", "invoicefdp.exe"},
		{"isolate and mark", "\u2066a\u2069\u200Fb", "ab"},
		{"controls", "a\x00b\tc\r\nd\x1b[31m", "a b c d [31m"},
		{"zero width", "pay\u200Bpal\uFEFF", "paypal"},
		{"emoji with joiner", "👩\u200D💻 hi", "👩\u200D💻 hi"},
		{"scripts", "Grüße 東京 שלום", "Grüße 東京 שלום"},
		{"line separators", "a\u2028b\u2029c", "a b c"},
		{"edges", "  a   b ", "a b"},
		{"broken UTF-8", "a\xffb", "a\uFFFDb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Printable(c.in); got != c.want {
				t.Errorf("Printable(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestPrintableText(t *testing.T) {
	in := "a\r\nb\u202Ec\x07\td  e\rf"
	if got, want := PrintableText(in), "a\nbc\td  e\nf"; got != want {
		t.Errorf("PrintableText(%q) = %q, want %q", in, got, want)
	}
}
