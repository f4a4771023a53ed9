package mailtest

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"
)

// Filled is what WriteMaildir put into a folder.
type Filled struct {
	Total  int
	Unread int
}

// WriteMaildir writes n messages into a Maildir as Dovecot keeps it with
// LAYOUT=fs: INBOX is dir itself, every other folder a folder below, levels
// parted by "/". Messages go round the folders; without folders all go into
// INBOX. About a fifth are unread and some are flagged or answered; the dates
// of arrival follow each other. 20,000 messages take seconds.
func (g *Gen) WriteMaildir(dir string, n int, folders ...string) (map[string]Filled, error) {
	if len(folders) == 0 {
		folders = []string{"INBOX"}
	}
	paths := make([]string, len(folders))
	for i, f := range folders {
		if paths[i] = dir; !strings.EqualFold(f, "INBOX") {
			paths[i] = filepath.Join(dir, filepath.FromSlash(mUTF7(f)))
		}
		for _, sub := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(paths[i], sub), 0o700); err != nil {
				return nil, err
			}
		}
	}
	filled := make(map[string]Filled, len(folders))
	for i := range n {
		msg := g.Message()
		flags := g.flags()
		// Dovecot numbers new files in the order of their names.
		name := fmt.Sprintf("%d.M%06dP1.heron,S=%d,W=%d:2,%s", g.now.Unix(), g.n%1_000_000, len(msg), len(msg), flags)
		file := filepath.Join(paths[i%len(paths)], "cur", name)
		if err := os.WriteFile(file, msg, 0o600); err != nil {
			return nil, err
		}
		if err := os.Chtimes(file, time.Time{}, g.now); err != nil {
			return nil, err
		}
		f := folders[i%len(folders)]
		count := filled[f]
		count.Total++
		if !strings.Contains(flags, "S") {
			count.Unread++
		}
		filled[f] = count
	}
	return filled, nil
}

// flags are a Maildir name's, in the alphabet's order as they must be.
func (g *Gen) flags() string {
	var f string
	if g.rng.IntN(20) == 0 {
		f += "F"
	}
	seen := g.rng.IntN(5) != 0
	if seen && g.rng.IntN(8) == 0 {
		f += "R"
	}
	if seen {
		f += "S"
	}
	return f
}

// Fill writes n messages straight into a user's folders, as WriteMaildir does,
// which is much faster than delivering them. The server's storage must be
// maildir; it may run.
func (d *Dovecot) Fill(t TB, user int, g *Gen, n int, folders ...string) map[string]Filled {
	t.Helper()
	dir := filepath.Join(d.home(user), "Maildir")
	filled, err := g.WriteMaildir(dir, n, folders...)
	if err == nil {
		err = d.owner.take(dir)
	}
	if err != nil {
		t.Fatalf("mailtest: fill %s: %v", d.User(user), err)
	}
	return filled
}

// mUTF7 is a mailbox name in modified UTF-7 (RFC 3501 §5.1.3).
func mUTF7(name string) string {
	enc := base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)
	var b strings.Builder
	var wide []byte // UTF-16 that waits
	flush := func() {
		if len(wide) > 0 {
			b.WriteString("&" + enc.EncodeToString(wide) + "-")
			wide = nil
		}
	}
	for _, r := range name {
		switch {
		case r == '&':
			flush()
			b.WriteString("&-")
		case r >= 0x20 && r <= 0x7e:
			flush()
			b.WriteRune(r)
		default:
			for _, u := range utf16.Encode([]rune{r}) {
				wide = append(wide, byte(u>>8), byte(u))
			}
		}
	}
	flush()
	return b.String()
}
