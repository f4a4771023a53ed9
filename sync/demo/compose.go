package demo

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// sample is a message of the demo.
type sample struct {
	folder  string
	ago     time.Duration // before the start
	from    netmail.Address
	subject string
	text    string
	html    string // beside the text, "" for none
	file    string // name of an attached file, "" for none
	flags   []imap.Flag
	sent    bool // by the demo's user, to from
}

// compose is the message as it travels (RFC 5322), dated at.
func (m sample) compose(at time.Time) []byte {
	you := netmail.Address{Name: "You", Address: Address}
	from, to := m.from, you
	if m.sent {
		from, to = you, m.from
	}
	h := fnv.New64a()
	// A hash takes everything.
	_, _ = fmt.Fprint(h, m.folder, m.subject, from.Address, at.UnixNano())
	id := h.Sum64()
	var b strings.Builder
	header := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	header("From", from.String())
	header("To", to.String())
	header("Subject", mime.BEncoding.Encode("utf-8", m.subject))
	header("Date", at.Format(time.RFC1123Z))
	header("Message-ID", fmt.Sprintf("<%016x@heron.example>", id))
	header("MIME-Version", "1.0")

	var parts []string
	switch {
	case m.html != "":
		inner := fmt.Sprintf("=_a%016x", id)
		parts = append(parts, "Content-Type: multipart/alternative; boundary=\""+inner+"\"\r\n\r\n"+
			join(inner, textPart("plain", m.text), textPart("html", m.html)))
	default:
		parts = append(parts, textPart("plain", m.text))
	}
	if m.file != "" {
		parts = append(parts, filePart(m.file))
	}
	if len(parts) == 1 {
		b.WriteString(parts[0])
		return []byte(b.String())
	}
	outer := fmt.Sprintf("=_m%016x", id)
	header("Content-Type", "multipart/mixed; boundary=\""+outer+"\"")
	b.WriteString("\r\n" + join(outer, parts...))
	return []byte(b.String())
}

// join is the body of a multipart.
func join(boundary string, parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--" + boundary + "\r\n" + p + "\r\n")
	}
	return b.String() + "--" + boundary + "--\r\n"
}

// textPart is a part of text with its header.
func textPart(kind, text string) string {
	var b strings.Builder
	b.WriteString("Content-Type: text/" + kind + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(&b)
	// A strings.Builder takes everything.
	_, _ = w.Write([]byte(strings.ReplaceAll(strings.TrimSpace(text)+"\n", "\n", "\r\n")))
	_ = w.Close()
	return b.String()
}

// filePart is a small attached file: the demo's files hold their own name.
func filePart(name string) string {
	kind := mime.TypeByExtension(name[strings.LastIndexByte(name, '.'):])
	if kind == "" {
		kind = "application/octet-stream"
	}
	data := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(name+"\n", 40)))
	var b strings.Builder
	b.WriteString("Content-Type: " + kind + "\r\nContent-Transfer-Encoding: base64\r\n")
	b.WriteString("Content-Disposition: attachment; filename=\"" + name + "\"\r\n\r\n")
	for len(data) > 76 {
		b.WriteString(data[:76] + "\r\n")
		data = data[76:]
	}
	return b.String() + data + "\r\n"
}
