package wire

import (
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
)

const (
	// defaultStall is how long a server may be silent while an answer is due.
	defaultStall = 60 * time.Second
	// stallBytes are as good as a whole response as a sign of life. Single bytes
	// are not: a server could keep us busy with them for ever.
	stallBytes = 1024
)

// Options say how to connect and sign in.
type Options struct {
	Dial     dial.Options // its Timeout covers the sign-in too
	User     string
	Password string
	ID       map[string]string // who we are (RFC 2971); sent right after sign-in if offered
	Enable   []string          // extensions to enable (RFC 5161); those that are not offered are left out
	Stall    time.Duration     // neither a response nor 1 KB of one for so long while an answer is due closes the connection; 0 means 60 s

	// EndIdle ends an IDLE, and waits for its answer, before Idle returns, instead
	// of together with the next command: a server may lose what comes behind DONE.
	EndIdle bool
	// NoCompress leaves a way that is slow as it is (RFC 4978).
	NoCompress bool

	// Events is given what the server says of itself, outside of bursts: while
	// idling, while go-imap owns the connection, and between commands. It runs
	// in the pump. May be nil.
	Events func(*Response)
	// Alert is given what the server wants the user to be told (RFC 3501 §7.1), fit
	// to be shown and at most a few hundred bytes long; not what it said before the
	// connection was protected, nor its wish for patience, which is a fault. It runs
	// in Dial or in the pump, and must not block. May be nil.
	Alert func(text string)
	// OnStep adds "sign-in" and "capabilities" to the steps of package dial,
	// when Dial.OnStep is nil also those. May be nil.
	OnStep func(step, detail string)
	// Spent is given what was sent and read, and how many commands, when Dial fails
	// after the way to the server stood. It runs in Dial. May be nil.
	Spent func(c dial.Counters, commands int)

	MaxLine    int // most bytes of a response outside its literals; 0 means 1 MiB
	MaxLiteral int // most bytes inside its literals; 0 means 64 MiB, at most 1 GiB
}

// Conn is a connection that is signed in. Its methods may be called from any
// goroutine but the pump's; commands wait for each other.
type Conn struct {
	opt      Options
	endpoint mail.Endpoint
	net      *dial.Conn
	rd       *reader
	gate     *gate
	watch    *watchdog
	heard    atomic.Int64 // when the last response came, in nanoseconds

	commands, malformed atomic.Int64

	chatter   int    // responses that nobody asked for, since the last command
	chatterAt int64  // commands then; both belong to the pump
	pace      pace   // of the burst that is answered; the pump's, too
	squeezed  *burst // by which compression was agreed on; the pump's
	slow      atomic.Bool
	inflated  atomic.Bool // commands were answered in compressed form

	caps Caps // fixed after Dial

	wmu      sync.Mutex // held while writing
	deflates bool       // what is read and written has DEFLATE's form; under wmu

	// These belong to who holds the gate.
	seq          uint32     // of the last tag
	opening      [][]string // commands that go out with the first burst
	askedDeflate bool       // COMPRESS was sent

	mu       sync.Mutex
	err      *mail.Fault // why it ended
	bye      *Status
	enabled  []string          // extensions, as they stand in Options.Enable
	says     string            // of itself, in its greeting and its ID
	raw      map[string]string // names of mailboxes that do not encode to what the server has
	rawBytes int               // that they take
	burst    *burst            // who gets the responses
	idle     *idling           // an IDLE that still runs; set by who holds the gate
	lib      *library
	selected bool // a burst selected since go-imap last owned the connection

	ending chan struct{} // closed when err is set
	done   chan struct{} // closed when the pump has ended
}

// Dial connects, signs in and reads the capabilities. Who we are and what is to
// be enabled is told with the first commands of others. Every error is a
// *mail.Fault: those of dial.Dial, and timeout, sign-in-refused,
// too-many-connections, throttled, starttls-missing, starttls-injected,
// tls-on-plain, not-imap, not-supported, server-closed, bad-answer.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	if o.Stall <= 0 {
		o.Stall = defaultStall
	}
	if o.Dial.OnStep == nil {
		o.Dial.OnStep = o.OnStep
	}
	limited, cancel := context.WithTimeout(ctx, o.Dial.Limit())
	defer cancel()
	nc, err := dial.Dial(limited, o.Dial)
	if err != nil {
		return nil, err
	}
	c := &Conn{
		opt: o, endpoint: o.Dial.Endpoint, net: nc, gate: newGate(),
		ending: make(chan struct{}), done: make(chan struct{}),
	}
	c.watch = newWatchdog(o.Stall, func() { c.fail(c.stalled()) })
	c.rd = newReader(&touching{c: c}, o.MaxLine, o.MaxLiteral)

	stop := context.AfterFunc(limited, func() { _ = nc.Abort() })
	err = c.signIn(limited)
	stopped := stop()
	if (err != nil || !stopped) && o.Spent != nil {
		o.Spent(c.Counters(), c.Commands())
	}
	if !stopped {
		return nil, dial.Ended(limited, c.endpoint)
	}
	if err != nil {
		_ = nc.Abort() // the error below is the one that tells
		return nil, c.fault(err)
	}
	c.opt.Password = "" // nobody needs it any more
	go c.pump()         // it outlives ctx and ends with the connection
	return c, nil
}

// touching reads for the reader and tells the watchdog of what comes.
type touching struct {
	c    *Conn
	some int // bytes of which it was not told
}

func (t *touching) Read(p []byte) (int, error) {
	begun := time.Now()
	n, err := t.c.net.Read(p)
	t.c.pace.bytes += int64(n)
	t.c.pace.waited += time.Since(begun)
	if t.some += n; t.some >= stallBytes {
		t.some = 0
		t.c.watch.touch()
	}
	return n, err
}

// Caps returns the capabilities as they were after sign-in.
func (c *Conn) Caps() Caps { return c.caps }

// Says is what the server said of itself, in its greeting and, once a first
// command of others was answered, in its answer to ID (RFC 2971); cleaned and at
// most a few hundred bytes long. It is private: some name the user or where he is.
func (c *Conn) Says() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.says
}

// Enabled reports whether an extension of Options.Enable was enabled (RFC 5161).
// None is before a first command of others was answered.
func (c *Conn) Enabled(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.enabled, func(e string) bool { return strings.EqualFold(e, name) })
}

// Counters returns what went over the wire so far.
func (c *Conn) Counters() dial.Counters { return c.net.Counters() }

// Commands is how many commands were sent, those of go-imap too.
func (c *Conn) Commands() int { return int(c.commands.Load()) }

// Malformed is how many responses were repaired, Bad, or not for anybody.
func (c *Conn) Malformed() int { return int(c.malformed.Load()) }

// Heard is when the server's last response came, zero before the first one after
// the sign-in.
func (c *Conn) Heard() time.Time {
	at := c.heard.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at)
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns the *mail.Fault that ended the connection, nil while it lives.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return nil // not a nil *mail.Fault in an interface
	}
	return c.err
}

// Close ends the connection at once and waits for the pump. Commands under way
// fail. It must not be called from a handler.
func (c *Conn) Close() error {
	c.fail(dial.Fault(c.endpoint, fmt.Errorf("closed by us: %w", net.ErrClosed)))
	<-c.done
	return nil
}

// Mailbox returns a mailbox name, as decoded from a LIST of this connection,
// the way commands take it: encoded and quoted, or a literal if the server has
// line ends in it. There is no name that it could not make harmless.
func (c *Conn) Mailbox(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return `"INBOX"`
	}
	c.mu.Lock()
	raw, ok := c.raw[name]
	c.mu.Unlock()
	if !ok {
		raw = EncodeMailbox(name)
	}
	if strings.ContainsAny(raw, "\r\n") {
		return "{" + strconv.Itoa(len(raw)) + "}\r\n" + raw
	}
	return quoteBytes(raw)
}

// String returns s the way commands of this package take a string: quoted, or
// a literal if it is not ASCII. CR, LF and NUL are refused.
func (c *Conn) String(s string) (string, error) { return astring(s) }

// fail ends the connection; the first cause counts.
func (c *Conn) fail(f *mail.Fault) {
	c.mu.Lock()
	if c.err == nil {
		c.err = f
		close(c.ending)
	}
	lib := c.lib
	c.mu.Unlock()
	_ = c.net.Abort() // nothing more can be told by its error
	c.watch.stop()
	if lib != nil {
		lib.wake()
	}
}

func (c *Conn) stalled() *mail.Fault {
	return &mail.Fault{
		Code: mail.CodeTimeout, Class: mail.ClassOffline, Args: mail.Args{"host": c.endpoint.Host},
		Err: fmt.Errorf("no answer for %v", c.opt.Stall),
	}
}

// fault says what an error of the connection means. A BYE that came before the
// end tells more than the end.
func (c *Conn) fault(err error) *mail.Fault {
	c.mu.Lock()
	bye := c.bye
	c.mu.Unlock()
	known := (*mail.Fault)(nil)
	if bye != nil && !errors.As(err, &known) {
		f := &mail.Fault{
			Code: mail.CodeServerClosed, Class: mail.ClassOffline,
			Args: mail.Args{"host": c.endpoint.Host, "text": c.safe(bye.Text)}, Err: errors.New("BYE"),
		}
		bye.limit(f)
		return f
	}
	var corrupt flate.CorruptInputError
	if errors.Is(err, errBounds) || errors.As(err, &corrupt) {
		return &mail.Fault{
			Code: mail.CodeBadAnswer, Class: mail.ClassProtocol,
			Args: mail.Args{"host": c.endpoint.Host, "text": err.Error()}, Err: err,
		}
	}
	return dial.Fault(c.endpoint, err)
}

// safe is a server's text without the password, should the server have
// repeated it: as it is, or as it was sent.
func (c *Conn) safe(text string) string {
	if p := c.opt.Password; p != "" {
		for _, form := range []string{plainResponse(c.opt.User, p), quoteBytes(p), p} {
			text = strings.ReplaceAll(text, form, "***")
		}
	}
	return clean(text)
}

func (c *Conn) step(step, detail string) {
	if c.opt.OnStep != nil {
		c.opt.OnStep(step, detail)
	}
}

// write sends p whole.
func (c *Conn) write(p []byte) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.deflates {
		p = stored(p)
	}
	_, err := c.net.Write(p)
	c.watch.touch()
	return err
}

func (c *Conn) tag() string {
	c.seq++
	return fmt.Sprintf("H%d", c.seq)
}

// noteID keeps what the server says of itself.
func (c *Conn) noteID(r *Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for v := range r.Args().At(0).Items() {
		c.says = clean(c.says + " " + guess(v.Bytes()))
	}
}

// noteEnabled keeps what was enabled of what we asked for.
func (c *Conn) noteEnabled(r *Response) {
	for v := range r.Args().Items() {
		for _, e := range c.opt.Enable {
			if strings.EqualFold(e, v.Str()) && c.caps.Has(e) && !c.Enabled(e) {
				c.mu.Lock()
				c.enabled = append(c.enabled, e)
				c.mu.Unlock()
			}
		}
	}
}

// noteBye remembers why the server is about to hang up.
func (c *Conn) noteBye(r *Response) {
	s := r.Status()
	c.mu.Lock()
	c.bye = &s
	c.mu.Unlock()
}
