package wire

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
)

// squeezer is a server that knows BULK, ECHO n, IDLE and COMPRESS.
type squeezer struct {
	conn     net.Conn
	in       *bufio.Reader
	out      io.Writer
	flush    func() error
	pause    time.Duration // behind each 16 KB of BULK
	answer   string        // to COMPRESS
	lies     bool          // it says OK, and goes on without
	squeezed int           // how often it was asked for COMPRESS
}

func (s *squeezer) serve() {
	defer func() { _ = s.conn.Close() }()
	s.in, s.out, s.flush = bufio.NewReader(s.conn), s.conn, func() error { return nil }
	say := func(format string, args ...any) error {
		if _, err := fmt.Fprintf(s.out, format+"\r\n", args...); err != nil {
			return err
		}
		return s.flush()
	}
	err := say("* PREAUTH [CAPABILITY IMAP4rev1 IDLE COMPRESS=DEFLATE] in")
	for err == nil {
		var l string
		if l, err = s.in.ReadString('\n'); err != nil {
			return // the client has gone
		}
		tag, cmd, _ := strings.Cut(strings.TrimSpace(l), " ")
		switch name, arg, _ := strings.Cut(cmd, " "); name {
		case "BULK":
			for i := 0; i < 20 && err == nil; i++ {
				time.Sleep(s.pause)
				err = say("* OK %s", strings.Repeat("much ado ", 2<<10))
			}
			if err == nil {
				err = say("%s OK done", tag)
			}
		case "LITTLE":
			time.Sleep(s.pause)
			err = say("* OK %s\r\n%s OK done", strings.Repeat("much ado ", 2<<10), tag)
		case "NOOP":
			err = say("%s OK done", tag)
		case "ECHO":
			err = say("* %s EXISTS\r\n%s OK done", arg, tag)
		case "IDLE":
			if err = say("+ go on\r\n* 7 EXISTS"); err != nil {
				return
			}
			if l, err = s.in.ReadString('\n'); l == "DONE\r\n" {
				err = say("%s OK done", tag)
			}
		case "ENDLESS":
			line := bytes.Repeat([]byte("x"), 64<<10)
			_, err = io.WriteString(s.out, "* OK ")
			for err == nil {
				_, err = s.out.Write(line)
			}
		case "COMPRESS":
			err = s.compress(tag)
		}
	}
}

// compress answers COMPRESS; the first compressed bytes are in one packet with OK.
func (s *squeezer) compress(tag string) error {
	s.squeezed++
	if !strings.HasPrefix(s.answer, "OK") {
		_, err := fmt.Fprintf(s.conn, "%s %s\r\n", tag, s.answer)
		return err
	}
	var packet bytes.Buffer
	to := &sink{&packet}
	z, err := flate.NewWriter(to, flate.DefaultCompression)
	if err != nil {
		return err
	}
	fmt.Fprintf(&packet, "* 5 EXISTS\r\n%s %s\r\n", tag, s.answer)
	if s.lies {
		packet.WriteString("* 6 EXISTS, and not compressed\r\n")
	} else if _, err := z.Write([]byte("* 6 EXISTS\r\n")); err != nil {
		return err
	}
	if err := z.Flush(); err != nil {
		return err
	}
	if _, err := s.conn.Write(packet.Bytes()); err != nil {
		return err
	}
	to.Writer = s.conn
	s.in, s.out, s.flush = bufio.NewReader(flate.NewReader(s.conn)), z, z.Flush
	return nil
}

type sink struct{ io.Writer }

// squeeze connects to s.
func squeeze(t *testing.T, s *squeezer, edit func(*Options)) *Conn {
	t.Helper()
	client, server := net.Pipe()
	s.conn = server
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.serve()
	}()
	o := Options{User: "bird", Password: "s3cret", Dial: dial.Options{
		Endpoint:       mail.Endpoint{Protocol: mail.IMAP, Host: "mail.example.org", Port: 143, Security: mail.Plain},
		AllowPlaintext: true,
		DialContext:    func(context.Context, string, string) (net.Conn, error) { return client, nil },
	}}
	if edit != nil {
		edit(&o)
	}
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		<-ended
	})
	return c
}

const (
	near = 10 * time.Millisecond  // for 16 KB
	far  = 100 * time.Millisecond // 160 KB/s
)

// TestCompress: what comes slowly is compressed from the next command on, and
// all goes on as before: commands, IDLE, literals, events, go-imap.
func TestCompress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got listener
		s := &squeezer{pause: far, answer: "OK DEFLATE active"}
		c := squeeze(t, s, func(o *Options) { o.Events = got.events })
		before := c.Counters().BytesRead
		if _, err := c.Do(t.Context(), "BULK", nil); err != nil {
			t.Fatal(err)
		}
		if plain := c.Counters().BytesRead - before; !c.Compressed() || s.squeezed != 1 || plain < slowLeast {
			t.Fatalf("compressed %v, asked %d times, after %d bytes", c.Compressed(), s.squeezed, plain)
		}
		synctest.Wait() // what came with the OK is nobody's but the listener's
		before = c.Counters().BytesRead
		if _, err := c.Do(t.Context(), "BULK", nil); err != nil {
			t.Fatal(err)
		}
		if n := c.Counters().BytesRead - before; n > slowLeast/20 || c.CompressFailed() {
			t.Errorf("%d bytes passed", n)
		}
		if err := c.Idle(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		// A command that is longer than a block.
		long := "ECHO 8" + strings.Repeat(" ", math.MaxUint16)
		if err := c.Burst(t.Context(), []string{long, "ECHO 9"}, func(i int, r *Response) error { got.add(i, r); return nil }); err != nil {
			t.Fatal(err)
		}
		if err := c.Lib(t.Context(), func(lib *imapclient.Client) error { return lib.Noop().Wait() }); err != nil {
			t.Fatal(err)
		}
		want := []string{"-1 5 EXISTS", "-1 6 EXISTS", "-1 7 EXISTS", "0 8 EXISTS", "0 OK", "1 9 EXISTS", "1 OK"}
		if lines := got.take(); !slices.Equal(lines, want) {
			t.Errorf("%q", lines)
		}
		if s.squeezed != 1 {
			t.Errorf("asked %d times", s.squeezed)
		}
	})
}

// TestNotCompressed: a way that is fast, a little that came slowly, a server or
// a user of this package that does not want it.
func TestNotCompressed(t *testing.T) {
	for name, test := range map[string]struct {
		s     squeezer
		cmd   string
		edit  func(*Options)
		asked int
	}{
		"fast":        {squeezer{pause: near}, "BULK", nil, 0},
		"little":      {squeezer{pause: time.Minute / 2}, "LITTLE", nil, 0},
		"refused":     {squeezer{pause: far, answer: "NO"}, "BULK", nil, 1},
		"unwanted":    {squeezer{pause: far}, "BULK", func(o *Options) { o.NoCompress = true }, 0},
		"we are busy": {squeezer{pause: near}, "BULK", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := squeeze(t, &test.s, test.edit)
				for range 3 {
					h := func(*Response) error {
						if name == "we are busy" {
							time.Sleep(far) // that is not the way's fault
						}
						return nil
					}
					if _, err := c.Do(t.Context(), test.cmd, h); err != nil {
						t.Fatal(err)
					}
				}
				if c.Compressed() || test.s.squeezed != test.asked {
					t.Errorf("compressed %v, asked %d times", c.Compressed(), test.s.squeezed)
				}
			})
		})
	}
}

// TestCompressedNonsense: what is no DEFLATE, and a few bytes that stand for a
// line without end, end the connection with a fault that says so.
func TestCompressedNonsense(t *testing.T) {
	for name, s := range map[string]*squeezer{
		"no deflate": {pause: far, answer: "OK", lies: true},
		"endless":    {pause: far, answer: "OK"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := squeeze(t, s, nil)
				if _, err := c.Do(t.Context(), "BULK", nil); err != nil {
					t.Fatal(err)
				}
				before := c.Counters().BytesRead
				_, err := c.Do(t.Context(), "ENDLESS", nil)
				if f := faultOf(t, err); f.Code != mail.CodeBadAnswer || f.Class != mail.ClassProtocol {
					t.Errorf("%s, %s: %v", f.Code, f.Class, f.Err)
				}
				if n := c.Counters().BytesRead - before; n > 64<<10 || !c.CompressFailed() {
					t.Errorf("%d bytes were read", n)
				}
			})
		})
	}
}

// TestStored: a DEFLATE reader takes it for what it was, block after block.
func TestStored(t *testing.T) {
	for _, n := range []int{0, 1, math.MaxUint16, math.MaxUint16 + 1, 200_000} {
		want := bytes.Repeat([]byte("heron"), n)[:n]
		got := make([]byte, n)
		if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(stored(want))), got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
