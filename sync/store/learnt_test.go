package store

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestWhatWasLearntIsKept: of each account by itself, over a restart, and until the
// account is forgotten.
func TestWhatWasLearntIsKept(t *testing.T) {
	f := open(t)
	f.inbox(1)
	is := func(account mail.AccountID, want string) {
		t.Helper()
		if got, err := f.Learnt(f.ctx(), account); got != want || err != nil {
			t.Errorf("of %s %q is known, %v", account, got, err)
		}
	}
	is(acc, "")
	f.must(f.KeepLearnt(f.ctx(), acc, "one"))
	f.must(f.KeepLearnt(f.ctx(), acc, "two"))
	f = f.again()
	is(acc, "two")
	is("another", "")
	f.must(f.RemoveAccount(f.ctx(), acc))
	is(acc, "")
}
