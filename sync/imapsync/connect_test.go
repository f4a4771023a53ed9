package imapsync

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// TestConnectAndSignInShareOneLimit: a server that is slow at each step, and silent
// at the next, is given a minute in all and not one for each.
func TestConnectAndSignInShareOneLimit(t *testing.T) {
	const greeting = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hm\r\n"
	for name, slow := range map[string]struct {
		connect time.Duration
		says    []string // each 20 seconds after it could have been said
	}{
		"silent after its greeting":         {20 * time.Second, []string{greeting}},
		"silent before its greeting":        {50 * time.Second, nil},
		"silent after a note to be patient": {0, []string{greeting, "* OK wait\r\n"}},
		"never there":                       {time.Hour, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var left []time.Duration
			tries := 0
			note := func(begun time.Time) {
				mu.Lock()
				defer mu.Unlock()
				left = append(left, time.Since(begun))
			}
			dial := func(ctx context.Context, _ *testing.T, o wire.Options) (*wire.Conn, error) {
				begun := time.Now()
				o.Dial.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
					mu.Lock()
					tries++
					first := tries == 1
					mu.Unlock()
					if !first { // it looks whether a silent server wants TLS, and tries again
						return nil, errors.New("one is enough")
					}
					select {
					case <-time.After(slow.connect):
					case <-ctx.Done():
						note(begun)
						return nil, ctx.Err()
					}
					ours, theirs := net.Pipe()
					go func() {
						serveSlowly(theirs, slow.says)
						note(begun)
					}()
					return ours, nil
				}
				return wire.Dial(ctx, o)
			}
			inBubble(t, dial, nil, func(t *bubble) {
				time.Sleep(connectLimit + time.Millisecond)
				if n := len(t.dialled()); n != 1 {
					t.Errorf("%d tries", n)
				}
				mu.Lock()
				defer mu.Unlock()
				if !slices.Equal(left, []time.Duration{connectLimit}) {
					t.Errorf("it was left after %v, want %v", left, connectLimit)
				}
				ps, err := t.store.Problems(t.Context())
				if err != nil || len(ps) != 1 || ps[0].Class != mail.ClassOffline {
					t.Errorf("problems: %+v, %v", ps, err)
				}
			})
		})
	}
}

// serveSlowly says what it has to say and returns when the client has gone.
func serveSlowly(conn net.Conn, says []string) {
	defer func() { _ = conn.Close() }() // it is gone by then
	for i, line := range says {
		time.Sleep(20 * time.Second)
		if _, err := io.WriteString(conn, line); err != nil {
			return
		}
		if i == 0 {
			if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
				return
			}
		}
	}
	// An error is what it waits for.
	_, _ = io.Copy(io.Discard, conn)
}
