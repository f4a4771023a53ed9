package wire

import (
	"errors"
	"strconv"
	"strings"

	"github.com/heronmail/heron/sync/mail"
)

// nonSyncLimit is the largest literal that LITERAL- sends without asking
// (RFC 7888 §5), in bytes.
const nonSyncLimit = 4096

var errLineEnd = errors.New("line end or NUL in a command")

// split cuts a command, without its tag and last line end, behind every
// literal head that the server must answer before the literal may be sent.
// Heads of literals that need no answer become {n+}. It refuses a command with
// a NUL, with a line end that is not that of a literal, or with a literal that
// is not complete: such a command was not built as it should have been, and
// may hold another one.
func split(cmd string, caps Caps) ([]string, error) {
	plus, minus := caps.Has("LITERAL+"), caps.Has("LITERAL-")
	if strings.IndexByte(cmd, 0) >= 0 || cmd == "" {
		return nil, usage()
	}
	var parts []string
	var b strings.Builder
	for {
		nl := strings.IndexAny(cmd, "\r\n")
		if nl < 0 {
			b.WriteString(cmd)
			return append(parts, b.String()), nil
		}
		if !strings.HasPrefix(cmd[nl:], "\r\n") {
			return nil, usage()
		}
		n, ok := literalTail([]byte(cmd[:nl]))
		body := cmd[nl+2:]
		if !ok || n > int64(len(body)) {
			return nil, usage()
		}
		b.WriteString(cmd[:strings.LastIndexByte(cmd[:nl], '{')])
		b.WriteString("{" + strconv.FormatInt(n, 10))
		if plus || minus && n <= nonSyncLimit {
			b.WriteString("+}\r\n")
		} else {
			b.WriteString("}\r\n")
			parts = append(parts, b.String())
			b.Reset()
		}
		b.WriteString(body[:n])
		cmd = body[n:]
	}
}

func usage() error {
	return &mail.Fault{Code: mail.CodeInternal, Class: mail.ClassLocal, Args: mail.Args{"text": errLineEnd.Error()}, Err: errLineEnd}
}

// name is what a command is called in faults: its first word, and after UID
// the second.
func name(cmd string) string {
	words := strings.SplitN(cmd, " ", 3)
	n := strings.ToUpper(words[0])
	if n == "UID" && len(words) > 1 {
		n += " " + strings.ToUpper(words[1])
	}
	return clean(n)
}

// selects reports whether a command changes which mailbox is selected.
func selects(cmd string) bool {
	switch name(cmd) {
	case "SELECT", "EXAMINE", "CLOSE", "UNSELECT":
		return true
	}
	return false
}

// SelectOptions say what to select and how.
type SelectOptions struct {
	Mailbox   string // as decoded from LIST
	ReadOnly  bool   // EXAMINE
	CondStore bool   // only if the server has it (RFC 7162 §3.1.8)

	// With both set, and QRESYNC enabled, the answer has what changed since
	// (RFC 7162 §3.2.5). Known are the UIDs that we have; nil means all.
	UIDValidity mail.UIDValidity
	ModSeq      mail.ModSeq
	Known       Set
}

// SelectCommand returns the SELECT or EXAMINE of o, for a Burst of several.
func (c *Conn) SelectCommand(o SelectOptions) string {
	cmd := "SELECT "
	if o.ReadOnly {
		cmd = "EXAMINE "
	}
	cmd += c.Mailbox(o.Mailbox)
	switch {
	case o.UIDValidity != 0 && o.ModSeq != 0 && c.Enabled("QRESYNC"):
		cmd += " (QRESYNC (" + strconv.FormatUint(uint64(o.UIDValidity), 10) + " " + strconv.FormatUint(uint64(o.ModSeq), 10)
		if len(o.Known) > 0 {
			cmd += " " + o.Known.String()
		}
		cmd += "))"
	case o.CondStore && c.caps.Has("CONDSTORE"):
		cmd += " (CONDSTORE)"
	}
	return cmd
}
