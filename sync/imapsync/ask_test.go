package imapsync

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/wire"
)

// TestAnOldKickSendsNoPassword: a wish of the time when all was well is not one
// to try a password again that is refused now.
func TestAnOldKickSendsNoPassword(t *testing.T) {
	var script *mailtest.Script
	dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		if script != nil {
			return nil, &mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}
		}
		script = mailtest.NewScript(t, idling+"C: ? IDLE\nS: + go\nS: <wait>\nS: <close>\n")
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return script.NewConn(), nil }
		return wire.Dial(ctx, o)
	}
	inBubble(t, dial, nil, func(t *bubble) {
		time.Sleep(time.Second)
		t.w.Kick(ReasonCheck)
		time.Sleep(steadyAfter)
		synctest.Wait()
		script.Continue()
		time.Sleep(time.Hour)
		if n := len(t.dialled()); n != 2 {
			t.Errorf("the refused password was sent %d times", n-1)
		}
	})
}

// TestWhoAsksBeforeItIsServedIsAnswered: who wants a pass while the worker is just
// being started is answered by it, and does not wait for its connection.
func TestWhoAsksBeforeItIsServedIsAnswered(t *testing.T) {
	pass := strings.NewReplacer("S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE LIST-EXTENDED LIST-STATUS] ready", "C: ? NOOP\nS: ? OK done").Replace(idling)
	pass, _, _ = strings.Cut(pass, "\tC: A2")
	idle := "C: ? IDLE\nS: + go\nC: DONE\nS: ? OK done\n"
	inBubble(t, plays(idling+idle+strings.NewReplacer("A1", "B1").Replace(pass)+"C: ? IDLE\nS: + go\nC: <anything>\n"), nil, func(t *bubble) {
		time.Sleep(time.Second)
		synctest.Wait()
		t.w.setServing(false) // it holds the connection, and has not said so yet
		answered := make(chan error, 1)
		go func() {
			_, err := t.w.Sync(t.Context())
			answered <- err
		}()
		synctest.Wait()
		t.w.setServing(true)
		select {
		case err := <-answered:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Error("it was not answered")
		}
		synctest.Wait()
	})
}

// slowLog takes a second for each line.
type slowLog struct{}

func (slowLog) Write(b []byte) (int, error) {
	time.Sleep(time.Second)
	return len(b), nil
}

// TestWhatIsAnsweredIsKept: who asked for a pass may end Heron at the answer, as
// heronctl does. What it failed of is in the store by then, and is shown afterwards.
func TestWhatIsAnsweredIsKept(t *testing.T) {
	var script *mailtest.Script
	dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		time.Sleep(time.Second) // it is served meanwhile, and asked
		if script != nil {
			return nil, &mail.Fault{Code: mail.CodeUnreachable, Class: mail.ClassOffline}
		}
		script = mailtest.NewScript(t, "S: * PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS] ready\n"+
			"C: ? LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))\nS: <close>\n")
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return script.NewConn(), nil }
		return wire.Dial(ctx, o)
	}
	inBubble(t, dial, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(slowLog{}, nil)) }, func(t *bubble) {
		synctest.Wait()
		_, err := t.w.Sync(t.Context())
		ps, perr := t.store.Problems(t.Context())
		if f := mail.FaultOf(err); err == nil || perr != nil || len(ps) != 1 || ps[0].Code != f.Code {
			t.Errorf("answered %v; problems: %+v, %v", err, ps, perr)
		}
	})
}

// TestEveryBodyIsAnswered: who asked for one is not forgotten when another one
// ended the connection.
func TestEveryBodyIsAnswered(t *testing.T) {
	asks := make(chan error, 3)
	dials := 0
	dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		if dials++; dials > 1 {
			return nil, &mail.Fault{Code: mail.CodeUnreachable, Class: mail.ClassOffline}
		}
		script := mailtest.NewScript(t, strings.NewReplacer("MESSAGES 0 UIDNEXT 1 ", "MESSAGES 1 UIDNEXT 2 ", "* 0 EXISTS", "* 1 EXISTS", "[UIDNEXT 1]", "[UIDNEXT 2]",
			"C: A2 SELECT \"INBOX\"", "C: A2 SELECT \"INBOX\"\nC: A3 FETCH 1:* "+items).Replace(idling)+
			messages(1, 1)+"S: A3 OK done\n"+peek("1")+"C: ? IDLE\nS: + go\nC: DONE\nS: ? OK done\nC: ? UID FETCH 1 (UID BODY.PEEK[])\nS: <close>\n")
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return script.NewConn(), nil }
		return wire.Dial(ctx, o)
	}
	inBubble(t, dial, nil, func(t *bubble) {
		time.Sleep(time.Second)
		synctest.Wait()
		box, err := t.store.MailboxByPath(t.Context(), "a", "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		m, err := t.store.MessageAt(t.Context(), box.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		for range cap(asks) {
			a, _ := t.w.post(m.ID)
			if a == nil {
				t.Fatal("nobody serves")
			}
			go func() {
				_, err := t.w.await(t.Context(), a)
				asks <- err
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(asks) != cap(asks) {
			t.Errorf("%d of %d were answered", len(asks), cap(asks))
		}
	})
}
