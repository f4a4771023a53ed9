package wire

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"time"
)

// The way to a server is slow if a burst brought at least slowLeast bytes, and
// fewer than slowRate of them a second, in bytes. Compression costs a server far
// more than it is worth where the way is fast.
const (
	slowLeast = 256 << 10
	slowRate  = 256 << 10
)

// pace is how fast the answers to a burst come. It belongs to the pump.
type pace struct {
	of     *burst
	bytes  int64         // without those that came first
	waited time.Duration // for them: our own share of the time does not count
}

// at begins anew when the answers to another burst come. What was waited for the
// first of them was the server's thinking, or nobody's.
func (p *pace) at(b *burst) {
	if p.of != b {
		*p = pace{of: b}
	}
}

func (p *pace) slow() bool {
	return p.bytes >= slowLeast && float64(p.bytes) < slowRate*p.waited.Seconds()
}

// measured takes what the answers to a burst show; the pump, when all have come.
func (c *Conn) measured(b *burst) {
	if c.pace.slow() {
		c.slow.Store(true)
	}
	c.pace = pace{} // a burst may hold much, and has ended
	if c.squeezed != nil && c.squeezed != b {
		c.inflated.Store(true)
	}
}

// Compressed reports whether what the server sends is compressed.
func (c *Conn) Compressed() bool {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.deflates
}

// CompressFailed reports whether the connection came to grief over compression: no
// command was answered since it was agreed on, or what came was none. It is for
// who is to connect again, with Options.NoCompress.
func (c *Conn) CompressFailed() bool {
	var corrupt flate.CorruptInputError
	return c.Compressed() && (!c.inflated.Load() || errors.As(c.Err(), &corrupt))
}

// compress agrees on COMPRESS (RFC 4978), once, if the way is slow and the server
// offers it. Who calls it has the gate, and no IDLE runs. A connection that ends
// over it is found to have ended by the next command.
func (c *Conn) compress(ctx context.Context) {
	if !c.slow.Load() || c.askedDeflate || c.opt.NoCompress || !c.caps.Has("COMPRESS=DEFLATE") || c.opt.Dial.Trace != nil {
		return // a trace is to be read
	}
	c.askedDeflate = true
	_ = c.run(ctx, [][]string{{"COMPRESS DEFLATE"}}, false, func(_ int, r *Response) error {
		switch {
		case !r.Tagged():
			c.toEvents(r)
		case r.Type == "OK":
			c.deflate()
		}
		return nil
	})
}

// deflate begins to read and write the compressed form; the pump, behind the
// server's OK.
func (c *Conn) deflate() {
	c.squeezed = c.pace.of
	// What came in one packet with the OK is compressed already. Peek of what is
	// buffered cannot fail.
	left, _ := c.rd.br.Peek(c.rd.br.Buffered())
	c.rd.br.Reset(flate.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(left)), &touching{c: c})))
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.deflates = true
}

// stored is p in DEFLATE's form for what is not compressed (RFC 1951 §3.2.4), in
// front of an empty block, by which readers know that this is all for now. Our
// commands are short; to compress them would take most of a megabyte for a
// connection's whole life.
func stored(p []byte) []byte {
	const head = 5
	out := make([]byte, 0, len(p)+head*(len(p)/math.MaxUint16+2))
	for {
		n := min(len(p), math.MaxUint16)
		out = append(out, 0)
		out = binary.LittleEndian.AppendUint16(out, uint16(n))
		out = binary.LittleEndian.AppendUint16(out, ^uint16(n))
		out = append(out, p[:n]...)
		if n == 0 {
			return out
		}
		p = p[n:]
	}
}
