package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Every call reaches the backend with what it was given, and brings back what
// the backend answers, or its Fault.
func TestCalls(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	draft := api.Draft{ID: "a", Address: "a@example.org", Password: "secret", Watch: []string{"Lists/Go"}}
	for _, c := range []struct {
		call string
		do   func(context.Context, Backend) (any, error)
	}{
		{"status[]", func(x context.Context, b Backend) (any, error) { return b.Status(x) }},
		{"accounts[]", func(x context.Context, b Backend) (any, error) { return b.Accounts(x) }},
		{"check[" + asJSON(t, draft) + "]", func(x context.Context, b Backend) (any, error) { return nil, b.Check(x, draft, nil) }},
		{"add[" + asJSON(t, draft) + "]", func(x context.Context, b Backend) (any, error) {
			return b.AddAccount(x, draft, func(api.Step) {})
		}},
		{`test["a"]`, func(x context.Context, b Backend) (any, error) { return nil, b.TestAccount(x, "a", nil) }},
		{`sign-in["a","pw"]`, func(x context.Context, b Backend) (any, error) { return nil, b.SignIn(x, "a", "pw", nil) }},
		{`remove["a",true]`, func(x context.Context, b Backend) (any, error) { return b.RemoveAccount(x, "a", true) }},
		{`sync[""]`, func(x context.Context, b Backend) (any, error) { return b.Sync(x, "") }},
		{`kick[]`, func(x context.Context, b Backend) (any, error) { return nil, b.Kick(x) }},
		{`folders["a/../b"]`, func(x context.Context, b Backend) (any, error) { return b.Folders(x, "a/../b") }},
		{`watch["a","Ü / ?",true]`, func(x context.Context, b Backend) (any, error) { return nil, b.SetWatched(x, "a", "Ü / ?", true) }},
		{
			`messages[{"Account":"a","Folder":"A\u0026B","Unread":true,"Offset":7,"Limit":500}]`,
			func(x context.Context, b Backend) (any, error) {
				return b.Messages(x, api.PageQuery{Account: "a", Folder: "A&B", Unread: true, Offset: 7, Limit: 500})
			},
		},
		{`message[12]`, func(x context.Context, b Backend) (any, error) { return b.Message(x, 12) }},
		{`message-at["a","INBOX",4294967295]`, func(x context.Context, b Backend) (any, error) {
			return b.MessageAt(x, "a", "INBOX", 4294967295)
		}},
		{`body[12]`, func(x context.Context, b Backend) (any, error) { return b.Body(x, 12) }},
		{`do[{"kind":"flags","ids":[1,2],"add":["seen"]}]`, func(x context.Context, b Backend) (any, error) {
			return b.Do(x, api.Action{Kind: mail.ActFlags, IDs: []mail.MessageID{1, 2}, Add: mail.Flags{mail.FlagSeen}})
		}},
		{`do[{"kind":"move","ids":[1],"to":"Ü \\/ ?"}]`, func(x context.Context, b Backend) (any, error) {
			return b.Do(x, api.Action{Kind: mail.ActMove, IDs: []mail.MessageID{1}, To: `Ü \/ ?`})
		}},
		{`do-folder["a",{"kind":"rename","path":"Old","to":"New/One"}]`, func(x context.Context, b Backend) (any, error) {
			return b.DoFolder(x, "a", api.FolderAction{Kind: mail.FolderRename, Path: "Old", To: "New/One"})
		}},
		{`undo[0]`, func(x context.Context, b Backend) (any, error) { return b.Undo(x, 0) }},
		{
			`search[{"Text":"\"a b\" \u0026 c","Account":"a","Limit":50}]`,
			func(x context.Context, b Backend) (any, error) {
				return b.Search(x, api.SearchQuery{Text: `"a b" & c`, Account: "a", Limit: 50})
			},
		},
		{`dismiss["a","gone"]`, func(x context.Context, b Backend) (any, error) { return b.DismissNews(x, "a", mail.CodeGone) }},
		{`dismiss["",""]`, func(x context.Context, b Backend) (any, error) { return b.DismissNews(x, "", "") }},
		{`wait[5]`, func(x context.Context, b Backend) (any, error) { return b.WaitOp(x, 5) }},
		{`ops["a"]`, func(x context.Context, b Backend) (any, error) { return b.Ops(x, "a") }},
		{`activity["2026-03-04T05:06:07.000000008Z",10]`, func(x context.Context, b Backend) (any, error) {
			return b.Activity(x, at, 10)
		}},
		{`activity["0001-01-01T00:00:00Z",1]`, func(x context.Context, b Backend) (any, error) {
			return b.Activity(x, time.Time{}, 1)
		}},
		{`ui[{"show":"message","message":3}]`, func(x context.Context, b Backend) (any, error) {
			return nil, b.ShowUI(x, api.UIRequest{Show: "message", Message: 3})
		}},
		{`pause["2026-03-04T05:06:07.000000008Z"]`, func(x context.Context, b Backend) (any, error) { return nil, b.PauseAlerts(x, at) }},
		{`doctor[]`, func(x context.Context, b Backend) (any, error) { return b.Doctor(x) }},
		{`handover[]`, func(x context.Context, b Backend) (any, error) { return nil, b.Handover(x) }},
		{`quit[]`, func(x context.Context, b Backend) (any, error) { return nil, b.Quit(x) }},
		{`restart[]`, func(x context.Context, b Backend) (any, error) { return nil, b.Restart(x) }},
	} {
		t.Run(c.call, func(t *testing.T) {
			f := &fake{}
			path, _ := serve(t, f)
			cl := client(t, path)
			got, err := c.do(t.Context(), cl)
			if err != nil {
				t.Fatal(err)
			}
			if f.last() != c.call {
				t.Errorf("the backend was asked %s", f.last())
			}
			want, err := c.do(t.Context(), f)
			if err != nil || asJSON(t, got) != asJSON(t, want) {
				t.Errorf("answer %+v, want %+v (%v)", got, want, err)
			}
			f.set(func() {
				f.err = &mail.Fault{
					Code: mail.CodeSignInRefused, Class: mail.ClassAuth, Args: mail.Args{"user": "u"},
					Err: errors.New("the cause stays where it was"),
				}
			})
			_, err = c.do(t.Context(), cl)
			var got2 *mail.Fault
			if !errors.As(err, &got2) || got2.Code != mail.CodeSignInRefused || got2.Class != mail.ClassAuth ||
				got2.Args["user"] != "u" || got2.Err != nil {
				t.Errorf("error %#v", err)
			}
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSteps(t *testing.T) {
	refused := &mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}
	f := &fake{
		err: refused,
		steps: []api.Step{
			{Name: api.StepResolve, State: api.StepRunning},
			{Name: api.StepResolve, State: api.StepOK, Detail: "127.0.0.1"},
			{Name: api.StepSignIn, State: api.StepFailed, Problem: &api.Problem{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}},
		},
	}
	path, _ := serve(t, f)
	var got []api.Step
	err := client(t, path).Check(t.Context(), api.Draft{}, func(s api.Step) { got = append(got, s) })
	if !reflect.DeepEqual(got, f.steps) {
		t.Errorf("steps %+v", got)
	}
	if mail.FaultOf(err).Code != refused.Code {
		t.Errorf("error %v", err)
	}
}

func TestRaw(t *testing.T) {
	const msg = "Subject: x\r\n\r\n\x00\xff"
	f := &fake{raw: func() io.Reader { return strings.NewReader(msg) }}
	path, _ := serve(t, f)
	c := client(t, path)
	if got, err := readRaw(t, c); got != msg || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	// What breaks off must not look whole.
	f.set(func() {
		f.raw = func() io.Reader {
			return io.MultiReader(strings.NewReader(msg), iotest.ErrReader(errors.New("broken")))
		}
	})
	if _, err := readRaw(t, c); err == nil {
		t.Error("half a message was read as if it were whole")
	}
	f.set(func() { f.err = &mail.Fault{Code: mail.CodeNoMessage} })
	if _, err := readRaw(t, c); mail.FaultOf(err).Code != mail.CodeNoMessage {
		t.Errorf("error %v", err)
	}
}

func readRaw(t *testing.T, c *Client) (string, error) {
	t.Helper()
	rc, err := c.Raw(t.Context(), 1)
	if err != nil {
		return "", err
	}
	defer func() { _ = rc.Close() }()
	b, err := io.ReadAll(rc)
	return string(b), err
}

func TestNoHolder(t *testing.T) {
	path := socketPath(t)
	if _, err := Dial(t.Context(), path); !errors.Is(err, ErrNoHolder) {
		t.Errorf("no socket: %v", err)
	}
	leaveStale(t, path)
	if _, err := Dial(t.Context(), path); !errors.Is(err, ErrNoHolder) {
		t.Errorf("a socket that nobody listens on: %v", err)
	}
	f := mail.FaultOf(func() error { _, err := Dial(t.Context(), path); return err }())
	if f.Class != mail.ClassLocal {
		t.Errorf("class %q", f.Class)
	}
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	t.Run("who is there", func(t *testing.T) {
		t.Parallel()
		hello := api.Hello{API: 1, Build: "b", PID: 42, Holder: HolderAgent, Demo: true}
		path, _ := serve(t, &fake{hello: hello})
		if got := client(t, path).Holder(); got != hello {
			t.Errorf("%+v", got)
		}
	})
	t.Run("newer holder", func(t *testing.T) {
		t.Parallel()
		path, _ := serve(t, &fake{hello: api.Hello{API: api.Version + 1}})
		if _, err := Dial(t.Context(), path); mail.FaultOf(err).Code != mail.CodeNotSupported {
			t.Errorf("error %v", err)
		}
	})
	t.Run("the first dial reaches nobody", func(t *testing.T) {
		t.Parallel()
		path := socketPath(t)
		ln, err := Listen(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		deaf := &deafListener{Listener: ln}
		t.Cleanup(deaf.hangUp)
		serveOn(t, deaf, &fake{})
		client(t, path)
	})
	t.Run("nobody answers", func(t *testing.T) {
		t.Parallel()
		path := socketPath(t)
		ln, err := Listen(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ln.Close() })
		if _, err := Dial(t.Context(), path); mail.FaultOf(err).Code != mail.CodeBusy {
			t.Errorf("error %v", err)
		}
	})
	t.Run("the caller gives up", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		path, _ := serve(t, &fake{})
		if _, err := Dial(ctx, path); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// deafListener keeps the first connection to itself.
type deafListener struct {
	net.Listener
	kept net.Conn
}

func (l *deafListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if l.kept == nil && err == nil {
		l.kept = c
		return l.Listener.Accept()
	}
	return c, err
}

func (l *deafListener) hangUp() {
	if l.kept != nil {
		_ = l.kept.Close()
	}
}

// Requests are bounded, and what is wrong with one is said without quoting it.
func TestBadRequests(t *testing.T) {
	f := &fake{}
	path, log := serve(t, f)
	hc := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, path) },
	}}
	defer hc.CloseIdleConnections()
	const secret = "hunter2"
	for _, c := range []struct {
		method, path, body string
		code               mail.Code
	}{
		{"POST", "/check", `{"address":"` + strings.Repeat("x", maxRequest) + `"}`, mail.CodeUsage},
		{"POST", "/check", `{"password":["` + secret + `"]}`, mail.CodeUsage},
		{"POST", "/accounts", `{"port":"` + secret + `"}`, mail.CodeUsage},
		{"POST", "/sign-in?account=a", secret, mail.CodeUsage},
		{"POST", "/accounts", `{} {"password":"` + secret + `"}`, mail.CodeUsage},
		{"POST", "/actions", `{"kind":"flags"}`, mail.CodeUsage},
		{"GET", "/messages?limit=501&offset=0", "", mail.CodeUsage},
		{"GET", "/messages?limit=10&offset=-1", "", mail.CodeUsage},
		{"GET", "/messages/x", "", mail.CodeUsage},
		{"GET", "/message-at?uid=4294967296", "", mail.CodeUsage},
		{"GET", "/activity?limit=10&since=yesterday", "", mail.CodeUsage},
		{"GET", "/events?since=-2", "", mail.CodeUsage},
		{"GET", "/nowhere", "", mail.CodeNotSupported},
		{"POST", "/status", "", mail.CodeNotSupported},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "http://heron"+prefix+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := hc.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		var e api.Error
		if err != nil || json.Unmarshal(text, &e) != nil || e.Problem.Code != c.code || res.StatusCode < 400 {
			t.Errorf("%s %s: %d %s", c.method, c.path, res.StatusCode, text)
		}
		if strings.Contains(string(text), secret) {
			t.Errorf("%s %s: the answer quotes the secret", c.method, c.path)
		}
	}
	if strings.Contains(log.String(), secret) {
		t.Error("the log quotes the secret")
	}
	if f.last() != "" {
		t.Errorf("the backend was asked %s", f.last())
	}
	d := api.Draft{Password: secret}
	if s := fmt.Sprintf("%v %+v %#v %s", d, d, d, fmt.Errorf("%v", d)); strings.Contains(s, secret) {
		t.Errorf("a draft shows its secret: %s", s)
	}
}

// TestABodyThatDoesNotCome: who promises a request and does not send it is left.
func TestABodyThatDoesNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer func() { _ = ours.Close() }()
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() {
			served <- Serve(ctx, &oneConn{conn: theirs, closed: make(chan struct{})}, &fake{}, slog.New(slog.DiscardHandler))
		}()
		began := time.Now()
		if _, err := io.WriteString(ours, "POST /v1/actions HTTP/1.1\r\nHost: heron\r\nContent-Length: 100\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(ours); err != nil || len(answer) > 0 {
			t.Errorf("answered %q, %v", answer, err)
		}
		if took := time.Since(began); took < bodyLimit || took > bodyLimit+time.Second {
			t.Errorf("left after %v", took)
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// oneConn is a listener that has one connection to give.
type oneConn struct {
	conn   net.Conn
	gave   bool
	once   sync.Once
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if !l.gave {
		l.gave = true
		return l.conn, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}
