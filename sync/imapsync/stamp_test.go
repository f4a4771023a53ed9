package imapsync

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/wire"
)

// TestAPollThatFindsNothingWritesNothing: how fresh a folder is, is known all the
// same, and the store knows it in the end.
func TestAPollThatFindsNothingWritesNothing(t *testing.T) {
	const poll = "C: ? IDLE\nS: + go\nC: DONE\nS: ? OK done\n" +
		"C: B1 NOOP\nC: B2 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))\nS: B1 OK done\n" +
		"S: * LIST () \"/\" INBOX\nS: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: B2 OK done\n"
	again := strings.NewReplacer("B1", "C1", "B2", "C2").Replace
	var script *mailtest.Script
	dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		if script != nil {
			return nil, &mail.Fault{Code: mail.CodeUnreachable, Class: mail.ClassOffline}
		}
		script = mailtest.NewScript(t, idling+poll+again(poll)+"C: ? IDLE\nS: + go\nS: <wait>\nS: <close>\n")
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return script.NewConn(), nil }
		return wire.Dial(ctx, o)
	}
	inBubble(t, dial, nil, func(t *bubble) {
		begun := time.Now()
		inbox := func() mail.Mailbox {
			t.Helper()
			box, err := t.store.MailboxByPath(t.Context(), "a", "INBOX")
			if err != nil {
				t.Fatal(err)
			}
			return box
		}
		time.Sleep(2*time.Minute + 10*time.Second)
		synctest.Wait()
		box := inbox()
		if !box.LastSync.Equal(begun) {
			t.Errorf("in the store it is in step since %v", box.LastSync.Sub(begun))
		}
		last := t.w.LastSync(box)
		if d := last.Sub(begun); d < 119*time.Second || d > 130*time.Second {
			t.Errorf("it is in step since %v", d)
		}
		script.Continue()
		time.Sleep(time.Second)
		synctest.Wait()
		if box = inbox(); !box.LastSync.Equal(last) || !t.w.LastSync(box).Equal(last) {
			t.Errorf("after the connection's end it is in step since %v", box.LastSync.Sub(begun))
		}
	})
}
