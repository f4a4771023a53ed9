package imapsync

import (
	"context"
	"fmt"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/wire"
)

// TestAPushOfVeryMuchMailIsTakenInParts: what the inbox is told to have gained
// is not asked for at once, however much it is.
func TestAPushOfVeryMuchMailIsTakenInParts(t *testing.T) {
	const more = window + 10
	script := idling + "C: ? IDLE\nS: + go\n" + fmt.Sprintf("S: * %d EXISTS\n", more) + "C: DONE\nS: ? OK done\n" +
		"C: B0 NOOP\nC: B1 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))\n" +
		fmt.Sprintf("S: B0 OK done\nS: * LIST () \"/\" INBOX\nS: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN 0)\nS: B1 OK done\n", more, more+2) +
		fmt.Sprintf("C: C1 SELECT \"INBOX\"\nC: C2 UID FETCH 1:%d %s\n", window, items) + selected("C1", more, more+2) + messages(1, 1) + "S: C2 OK done\n" +
		"C: <anything>\n"
	dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		s := mailtest.NewScript(t, script)
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return s.NewConn(), nil }
		return wire.Dial(ctx, o)
	}
	inBubble(t, dial, nil, func(t *bubble) {
		time.Sleep(5 * time.Second)
		synctest.Wait()
		box, err := t.store.MailboxByPath(t.Context(), "a", "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		uids, err := t.store.UIDs(t.Context(), box.ID)
		if err != nil || !slices.Equal(uids, []mail.UID{1}) || box.Cursor.UIDNext != window+1 {
			t.Errorf("known are %d messages, the cursor is %+v, %v", len(uids), box.Cursor, err)
		}
	})
}
