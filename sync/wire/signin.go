package wire

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
)

// greetLine bounds a response before sign-in, in bytes: nobody we know yet.
const greetLine = 64 << 10

// silence is how long a server without TLS may say nothing before it is asked
// whether it waits for TLS.
const silence = 3 * time.Second

// signIn does all that comes before the first command of others.
func (c *Conn) signIn(ctx context.Context) error {
	if strings.ContainsAny(c.opt.User+c.opt.Password, "\r\n\x00") {
		return &mail.Fault{
			Code: mail.CodeUsage, Class: mail.ClassLocal, Args: mail.Args{"text": "user or password"}, Err: errControl,
		}
	}
	s := &session{c: c, rd: &reader{br: c.rd.br, line: greetLine, literal: greetLine}}
	preauth, err := s.greeting(ctx)
	if err != nil {
		return err
	}
	if c.endpoint.Security == mail.StartTLS {
		if err := s.startTLS(ctx, preauth); err != nil {
			return err
		}
	}
	before := s.caps
	if !preauth {
		if before, err = s.needCaps(); err != nil {
			return err
		}
		s.caps = Caps{}
		if err := s.authenticate(before); err != nil {
			return err
		}
	}
	return s.settle(before)
}

// session is the dialogue before the pump runs.
type session struct {
	c    *Conn
	rd   *reader
	r    Response
	caps Caps // zero: not known
}

// greeting waits for the first line. preauth: we are somebody already.
func (s *session) greeting(ctx context.Context) (preauth bool, err error) {
	first, err := s.firstByte(ctx)
	if err != nil {
		return false, err
	}
	if f := s.c.net.TLSOnPlain(first); f != nil {
		return false, f
	}
	notIMAP := &mail.Fault{
		Code: mail.CodeNotIMAP, Class: mail.ClassProtocol,
		Args: mail.Args{"host": s.c.endpoint.Host, "port": strconv.Itoa(s.c.endpoint.Port)}, Err: errors.New("no IMAP greeting"),
	}
	if first != '*' {
		return false, notIMAP
	}
	if err := s.read(); err != nil {
		return false, err
	}
	s.c.says = clean(s.r.Text)
	switch s.r.Type {
	case "OK":
		return false, nil
	case "PREAUTH":
		return true, nil
	case "BYE":
		return false, s.c.fault(net.ErrClosed)
	default:
		return false, notIMAP
	}
}

// firstByte looks at what the server says first. A server that waits for TLS
// says nothing on a plain connection, and neither does one that is slow: the
// second is left in peace while another connection asks for the first.
func (s *session) firstByte(ctx context.Context) (byte, error) {
	if s.c.net.TLSState() == nil {
		if err := s.c.net.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return 0, err
		}
	}
	b, err := s.rd.br.Peek(1)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// If it cannot be taken back the connection is gone, and the next read says so.
		_ = s.c.net.SetReadDeadline(time.Time{})
		if f := s.wantsTLS(ctx); f != nil {
			return 0, f
		}
		b, err = s.rd.br.Peek(1)
	}
	if err != nil {
		return 0, err
	}
	_ = s.c.net.SetReadDeadline(time.Time{}) // as above
	return b[0], nil
}

// wantsTLS is tls-on-plain if the server answers TLS on a connection of its
// own, within silence; else nothing is known.
func (s *session) wantsTLS(ctx context.Context) *mail.Fault {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	o := s.c.opt.Dial
	o.OnStep, o.Trace = nil, nil // they are told of one connection
	probe, err := dial.Dial(ctx, o)
	if err != nil {
		return nil
	}
	return probe.ProbeTLS(ctx)
}

// startTLS protects the connection. PREAUTH forbids STARTTLS, and nothing is
// done on a connection that cannot be protected (RFC 9051 §7.1.4).
func (s *session) startTLS(ctx context.Context, preauth bool) error {
	missing := &mail.Fault{Code: mail.CodeStartTLSMissing, Class: mail.ClassTLS, Args: mail.Args{"host": s.c.endpoint.Host}}
	if preauth {
		missing.Err = errors.New("PREAUTH before TLS")
		return missing
	}
	caps, err := s.needCaps()
	if err != nil {
		return err
	}
	if !caps.Has("STARTTLS") {
		missing.Err = errors.New("not offered")
		return missing
	}
	st, err := s.run("STARTTLS")
	if err != nil {
		return err
	}
	if !st[0].OK() {
		missing.Err = errors.New("refused with " + st[0].Type)
		return missing
	}
	if err := s.c.net.StartTLS(ctx, s.rd.br.Buffered()); err != nil {
		return err
	}
	s.caps = Caps{} // what was said before counts no more
	return nil
}

// needCaps returns the capabilities and asks for them if they are not known.
func (s *session) needCaps() (Caps, error) {
	if s.caps.set == nil {
		if _, err := s.run("CAPABILITY"); err != nil {
			return Caps{}, err
		}
	}
	return s.caps, nil
}

// authenticate signs in by SASL PLAIN (RFC 4616), else by LOGIN.
func (s *session) authenticate(caps Caps) error {
	o := s.c.opt
	login := !caps.Has("LOGINDISABLED")
	var st []Status
	var err error
	method := "PLAIN"
	switch {
	case caps.Has("AUTH=PLAIN"):
		secret := plainResponse(o.User, o.Password)
		if caps.Has("SASL-IR") { // RFC 4959
			st, err = s.run("AUTHENTICATE PLAIN " + secret)
		} else {
			st, err = s.run("AUTHENTICATE PLAIN", secret+"\r\n")
		}
		if err != nil || st[0].Type != "BAD" || !login {
			break
		}
		fallthrough // it offers PLAIN and does not understand it
	case login:
		method = "LOGIN"
		st, err = s.login(caps)
	default:
		return &mail.Fault{
			Code: mail.CodeNotSupported, Class: mail.ClassProtocol,
			Args: mail.Args{"what": "PLAIN, LOGIN"}, Err: errors.New("no way to sign in with a password"),
		}
	}
	if err != nil {
		return err
	}
	if !st[0].OK() {
		return s.refused(st[0])
	}
	s.c.step("sign-in", method)
	return nil
}

// plainResponse is what SASL PLAIN sends (RFC 4616 §2), in base64.
func plainResponse(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
}

func (s *session) login(caps Caps) ([]Status, error) {
	user, err := astring(s.c.opt.User)
	if err != nil {
		return nil, err
	}
	password, err := astring(s.c.opt.Password)
	if err != nil {
		return nil, err
	}
	parts, err := split("LOGIN "+user+" "+password, caps)
	if err != nil {
		return nil, err
	}
	parts[len(parts)-1] += "\r\n"
	return s.run(strings.TrimSuffix(parts[0], "\r\n"), parts[1:]...)
}

// refused sorts a NO. Only what is about user and password may lead to a
// question; what asks for patience must not.
func (s *session) refused(st Status) error {
	f := &mail.Fault{
		Code: mail.CodeSignInRefused, Class: mail.ClassAuth,
		Args: mail.Args{"host": s.c.endpoint.Host, "user": s.c.opt.User, "text": s.c.safe(st.Text)},
		Err:  errors.New("sign-in: " + st.Type + " " + st.Code),
	}
	st.limit(f)
	return f
}

// settle reads the capabilities and lays out what belongs right behind the
// sign-in: ID before anything else, because some servers refuse SELECT without
// it, then ENABLE. Nobody waits for their answers: they go out with what is asked
// first, which saves a round trip. A server that refuses one is used without.
func (s *session) settle(before Caps) error {
	id := s.c.idCommand()
	var cmds []string
	known := s.caps
	if known.set == nil {
		known = before
	}
	if known.Has("ID") && id != "" {
		cmds = append(cmds, id)
		id = ""
	}
	if s.caps.set == nil {
		cmds = append(cmds, "CAPABILITY")
		if _, err := s.pipeline(cmds); err != nil {
			return err
		}
		cmds = nil
	}
	if s.caps.Has("ID") && id != "" {
		cmds = append(cmds, id)
	}
	if enable := s.c.enableCommand(s.caps); enable != "" {
		cmds = append(cmds, enable)
	}
	for _, cmd := range cmds {
		s.c.opening = append(s.c.opening, []string{cmd})
	}
	s.c.caps = s.caps
	s.c.step("capabilities", strings.Join(s.caps.List(), " "))
	return nil
}

// idCommand is empty if there is nothing to say.
func (c *Conn) idCommand() string {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(c.opt.ID)) {
		key, err1 := Quote(k)
		value, err2 := Quote(c.opt.ID[k])
		if err1 == nil && err2 == nil && len(words) < 60 { // RFC 2971 §3.3: 30 pairs
			words = append(words, key, value)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "ID (" + strings.Join(words, " ") + ")"
}

func (c *Conn) enableCommand(caps Caps) string {
	words := []string{"ENABLE"}
	for _, e := range c.opt.Enable {
		if isAtom(e) && caps.Has("ENABLE") && caps.Has(e) {
			words = append(words, e)
		}
	}
	if len(words) == 1 {
		return ""
	}
	return strings.Join(words, " ")
}

// run sends one command and, at each continuation request, the next answer;
// when there is none left the command is called off (RFC 3501 §6.2.2).
func (s *session) run(cmd string, answers ...string) ([]Status, error) {
	return s.pipeline([]string{cmd}, answers...)
}

// pipeline sends commands in one write and waits for all of them.
func (s *session) pipeline(cmds []string, answers ...string) ([]Status, error) {
	if len(cmds) == 0 {
		return nil, nil
	}
	var out []byte
	tags := map[string]int{}
	for i, cmd := range cmds {
		tag := s.c.tag()
		tags[tag] = i
		out = fmt.Appendf(out, "%s %s\r\n", tag, cmd)
	}
	s.c.commands.Add(int64(len(cmds)))
	if err := s.c.write(out); err != nil {
		return nil, err
	}
	st := make([]Status, len(cmds))
	for len(tags) > 0 {
		if err := s.read(); err != nil {
			return nil, err
		}
		if s.r.Tag == "+" {
			answer := "*\r\n"
			if len(answers) > 0 {
				answer, answers = answers[0], answers[1:]
			}
			if err := s.c.write([]byte(answer)); err != nil {
				return nil, err
			}
			continue
		}
		if i, ok := tags[s.r.Tag]; ok {
			st[i] = s.r.Status()
			delete(tags, s.r.Tag)
		}
	}
	return st, nil
}

// read reads one response and notes what it says of the server.
func (s *session) read() error {
	if err := s.rd.read(&s.r); err != nil {
		return err
	}
	r := &s.r
	if r.odd() {
		s.c.malformed.Add(1)
	}
	s.c.alert(r)
	switch {
	case r.Type == "BYE":
		s.c.noteBye(r)
	case r.Type == "ID":
		s.c.noteID(r)
	case r.Type == "CAPABILITY":
		s.caps = readCaps(r.Args(), 0)
	case r.CodeName() == "CAPABILITY":
		s.caps = readCaps(r.Code(), 1)
	}
	return nil
}
