package imapsync

import (
	"context"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
)

// BenchmarkFirstIndex is the first sync of an inbox of 20,000 messages on a
// real Dovecot whose cache is warm: from the sign-in to the last row.
func BenchmarkFirstIndex(b *testing.B) {
	const total = 20_000
	dc := mailtest.StartDovecot(b, mailtest.DovecotConfig{Users: 1})
	dc.Fill(b, 0, mailtest.Corpus(1), total)
	index := func() {
		s, err := store.Open(b.Context(), b.TempDir(), store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		w := New(Config{
			Account: dc.Account(0, mail.TLS), Store: s,
			Secret: func(context.Context) (string, error) { return dc.Password(0), nil },
		})
		r, err := w.Pass(b.Context())
		if err != nil || r.New != total {
			b.Fatalf("%d new, %v", r.New, err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	index() // the server's own cache
	b.ResetTimer()
	for range b.N {
		index()
	}
	b.ReportMetric(float64(total)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
