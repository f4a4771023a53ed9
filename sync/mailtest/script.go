package mailtest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Script is an IMAP (or POP3) server that says what a transcript says and
// expects what it expects. A transcript is made of lines:
//
//	# a comment; empty lines are ignored too
//	S: * OK ready               the server sends this line
//	C: A1 LOGIN ...             the client must send such a line
//	S: A1 OK signed in
//	---                         the next connection plays what follows
//
// A1 stands for a tag: capital letters and digits at the start of a line. It is
// bound to the client's own tag where it is first expected and stands for that
// from there on. "?" as a tag is any tag, and after S: the last one received.
// "..." in a C: line stands for any bytes of that line, none as well; all else
// must be equal. A literal needs nothing special, as it is lines too:
//
//	C: A2 APPEND INBOX {5}
//	S: + go on
//	C: hello
//	S: * 1 FETCH (BODY[] {7}
//	S: hello
//	S: )
//
// Directives stand in place of the text:
//
//	S: <close>          closes the connection
//	S: <reset>          drops it with a TCP reset
//	S: <pause 50ms>     waits that long
//	S: <wait>           waits until the test calls Continue
//	S: <raw "a\r\nb">   sends these bytes, a Go string, without a line end
//	S: <starttls>       shakes hands as the server, with the script's TLS
//	C: <literal>        the literal just announced, whatever it holds, and the rest of its line
//	C: <close>          the client must close the connection
//	C: <anything>       whatever comes, until the client closes
//
// At the end of its part a connection stays open until the client closes it;
// what the client still sends then is a mistake. The first mistake closes that
// connection and fails the test when it ends, and so does a part that was not
// played to its end, and a connection for which there is no part.
type Script struct {
	// TLS is what ListenTLS and <starttls> serve. Set it before the first
	// connection.
	TLS *tls.Config

	tb       TB
	parts    [][]step
	goOn     chan struct{}
	done     chan struct{} // closed when every part has ended
	stopping chan struct{}
	wg       sync.WaitGroup

	mu       sync.Mutex
	next     int // part for the next connection
	ended    int
	listener net.Listener
	open     map[net.Conn]struct{}
	mistakes []error
}

// Play runs a transcript on a free port of the loopback and returns its
// address. It is NewScript and Listen in one.
func Play(t TB, transcript string) string {
	t.Helper()
	return NewScript(t, transcript).Listen()
}

// NewScript reads a transcript. It fails the test at a line that makes no
// sense. When the test ends, the server is stopped and mistakes are told.
func NewScript(t TB, transcript string) *Script {
	t.Helper()
	parts, err := parseTranscript(transcript)
	if err != nil {
		t.Fatalf("mailtest: script: %v", err)
	}
	s := &Script{
		tb: t, parts: parts,
		goOn: make(chan struct{}), done: make(chan struct{}), stopping: make(chan struct{}),
		open: map[net.Conn]struct{}{},
	}
	t.Cleanup(func() {
		s.stop()
		if err := s.Err(); err != nil {
			t.Fatalf("mailtest: script: %v", err)
		}
	})
	return s
}

// Listen takes connections on a free port of the loopback and returns its
// address. It may be called once.
func (s *Script) Listen() string { return s.listen(nil) }

// ListenTLS is Listen with TLS from the first byte.
func (s *Script) ListenTLS() string { return s.listen(s.TLS) }

// NewConn is the client's end of a new connection over a net.Pipe, for tests in
// a synctest bubble. As the pipe has no buffer, the client must read at all
// times.
func (s *Script) NewConn() net.Conn {
	server, client := net.Pipe()
	s.wg.Go(func() { s.serve(server) })
	return client
}

// Continue lets a connection go on that is at <wait>, or will be.
func (s *Script) Continue() {
	select {
	case s.goOn <- struct{}{}:
	case <-s.done:
	case <-s.stopping:
	}
}

// Done is closed when every part was played, or given up after a mistake.
func (s *Script) Done() <-chan struct{} { return s.done }

// Err tells the mistakes so far, nil if there is none.
func (s *Script) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.mistakes...)
}

func (s *Script) listen(cfg *tls.Config) string {
	s.tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.tb.Fatalf("mailtest: script: %v", err)
	}
	s.mu.Lock()
	s.listener = l
	s.mu.Unlock()
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed: the test has ended
			}
			if cfg != nil {
				c = tls.Server(c, cfg)
			}
			s.wg.Go(func() { s.serve(c) })
		}
	})
	return l.Addr().String()
}

// serve plays the next part on a connection.
func (s *Script) serve(c net.Conn) {
	s.mu.Lock()
	part := s.next
	s.next++
	s.open[c] = struct{}{}
	s.mu.Unlock()
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, c)
		if part < len(s.parts) {
			if s.ended++; s.ended == len(s.parts) {
				close(s.done)
			}
		}
	}()
	select {
	case <-s.stopping:
		return
	default:
	}
	if part >= len(s.parts) {
		s.mistake(fmt.Errorf("connection %d: the transcript has %d parts only", part+1, len(s.parts)))
		return
	}
	p := newPlayer(s, c)
	if err := p.play(s.parts[part]); err != nil {
		s.mistake(fmt.Errorf("connection %d, %w\nso far:\n%s", part+1, err, p.soFar()))
	}
}

func (s *Script) mistake(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mistakes = append(s.mistakes, err)
}

// stop ends all connections and waits for them.
func (s *Script) stop() {
	s.mu.Lock()
	close(s.stopping)
	if s.listener != nil {
		_ = s.listener.Close()
	}
	for c := range s.open {
		_ = c.Close()
	}
	unplayed := len(s.parts) - s.next
	s.mu.Unlock()
	s.wg.Wait()
	if unplayed > 0 {
		s.mistake(fmt.Errorf("%d of %d parts were not played: the client made no connection for them", unplayed, len(s.parts)))
	}
}
