package wire

import "testing"

// BenchmarkDecodeText is a subject in a character set of its own: it should
// take no more than some 10 KB.
func BenchmarkDecodeText(b *testing.B) {
	subject := []byte("=?iso-8859-15?Q?K=FCndigung_f=FCr_20_=A4?=")
	if got := decodeText(subject); got != "Kündigung für 20 €" {
		b.Fatal(got)
	}
	b.ReportAllocs()
	for b.Loop() {
		decodeText(subject)
	}
}
