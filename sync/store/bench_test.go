package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

var vocabulary = []string{
	"invoice", "meeting", "tomorrow", "Prüfung", "report", "status", "weekly", "build", "failed", "newsletter",
	"re:", "order", "shipped", "your", "the", "about", "draft", "review", "summer", "holiday", "kündigung", "plan",
}

// corpus are n messages with subjects and people as mail has them.
func corpus(first, n int) []Fetched {
	out := make([]Fetched, n)
	for i := range out {
		k := first + i
		f := msg(mail.UID(k), k)
		f.Envelope.Subject = fmt.Sprintf("%s %s %s %d", vocabulary[k%22], vocabulary[k/22%22], vocabulary[k/7%22], k)
		f.Envelope.From[0] = mail.Address{Name: fmt.Sprintf("Person %d", k%500), Addr: fmt.Sprintf("p%d@example.org", k%500)}
		if k%3 != 0 {
			f.Flags = seen
		}
		out[i] = f
	}
	return out
}

// BenchmarkIndex is the first index of an inbox of 20,000 messages, in batches
// of 1,000, newest first, full text included.
func BenchmarkIndex(b *testing.B) {
	const total, batch = 20_000, 1000
	ctx := context.Background()
	messages := corpus(1, total)
	for b.Loop() {
		s, err := Open(ctx, b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Apply(ctx, acc, Batch{Listing: &Listing{Mailboxes: []ListedMailbox{{Name: "INBOX"}}}}); err != nil {
			b.Fatal(err)
		}
		box, err := s.MailboxByPath(ctx, acc, "inbox")
		if err != nil {
			b.Fatal(err)
		}
		for at := total; at > 0; at -= batch {
			below := mail.UID(at - batch + 1)
			d := Delta{
				Mailbox: box.ID, Added: messages[at-batch : at], Backfill: true, SetCursor: true,
				Cursor: mail.Cursor{UIDValidity: 1, UIDNext: total + 1, Messages: total, BackfillBelow: below},
				Server: &mail.Counts{Total: total, Unread: total / 3},
			}
			if _, err := s.Apply(ctx, acc, Batch{Deltas: []Delta{d}}); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(total)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
