package imapsync

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/wire"
)

// A server that ends every IDLE as soon as it began is not asked without pause.
func TestIdleEndsAtOnce(t *testing.T) {
	for name, answer := range map[string]string{
		"agreed to":     "S: + go\nS: ? OK done\n",
		"not agreed to": "S: ? OK done\n",
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var began []time.Time
			dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
				t.Helper()
				script := mailtest.NewScript(t, idling+strings.Repeat("C: ? IDLE\n"+answer, 3)+"C: ? IDLE\nS: + go\nC: <anything>\n")
				o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return script.NewConn(), nil }
				o.Dial.Trace = func(dir byte, line []byte) {
					if dir == 'C' && strings.Contains(string(line), "IDLE") {
						mu.Lock()
						defer mu.Unlock()
						began = append(began, time.Now())
					}
				}
				return wire.Dial(ctx, o)
			}
			far := func(c *Config) { c.PollInterval = 100 * time.Hour }
			inBubble(t, dial, far, func(t *bubble) {
				time.Sleep(time.Minute + time.Second)
				mu.Lock()
				defer mu.Unlock()
				if len(began) != 4 {
					t.Errorf("it idled %d times", len(began))
				}
				for i := 1; i < len(began); i++ {
					if d := began[i].Sub(began[i-1]); d < idleAgain {
						t.Errorf("it idled again after %v", d)
					}
				}
				if st := t.state(); st.State != mail.StateOnline {
					t.Errorf("the state is %+v", st)
				}
			})
		})
	}
}
