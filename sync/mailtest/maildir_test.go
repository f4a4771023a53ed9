//go:build unix

package mailtest

import (
	"testing"

	"github.com/emersion/go-imap/v2"
)

func TestDovecotServesTheCorpus(t *testing.T) {
	t.Parallel()
	d := StartDovecot(t, DovecotConfig{Users: 1})
	filled := d.Fill(t, 0, Corpus(5), 600, "INBOX", "Lists/Go", "Entwürfe", "日本語/予定")
	c := d.Client(t, 0)
	for name, want := range filled {
		st, err := c.Status(name, &imap.StatusOptions{NumMessages: true, NumUnseen: true}).Wait()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if int(*st.NumMessages) != want.Total || int(*st.NumUnseen) != want.Unread {
			t.Errorf("%s has %d messages, %d unseen, want %+v", name, *st.NumMessages, *st.NumUnseen, want)
		}
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	msgs, err := c.Fetch(imap.SeqSetNum(1, 2, 3), &imap.FetchOptions{UID: true, InternalDate: true, Envelope: true}).Collect()
	if err != nil || len(msgs) != 3 {
		t.Fatalf("%d messages, %v", len(msgs), err)
	}
	for i := 1; i < len(msgs); i++ {
		if msgs[i].InternalDate.Before(msgs[i-1].InternalDate) {
			t.Errorf("UID %d came before UID %d", msgs[i].UID, msgs[i-1].UID)
		}
	}
}
