package engine

import (
	"context"
	"strings"

	"github.com/heronmail/heron/sync/mail"
)

// home is what the paths of the user's own folders begin with: some servers
// (Courier, Cyrus by default) keep every one below the inbox ("INBOX/"), and make
// none elsewhere. Where the server does not say (RFC 2342), it is guessed from where
// the folders are.
func (e *Engine) home(ctx context.Context, id mail.AccountID, boxes []mail.Mailbox) (string, error) {
	home, known, err := e.store.Home(ctx, id)
	if known || err != nil {
		return home, err
	}
	return guessHome(boxes), nil
}

func guessHome(boxes []mail.Mailbox) string {
	const below = "INBOX/"
	others := 0
	for _, b := range boxes {
		switch p := b.Path(); {
		case strings.EqualFold(p, "INBOX"):
		case strings.HasPrefix(p, below):
			others++
		default:
			return ""
		}
	}
	if others == 0 {
		return ""
	}
	return below
}

// placed is the path of a new folder that a person gave a path. One at the top
// level belongs to the user's own folders; one that is to be beside or in what is
// there, as in a folder that others share, is where it was wanted.
func placed(boxes []mail.Mailbox, home, path string) string {
	if home == "" || strings.EqualFold(path, "INBOX") {
		return path
	}
	if n := len(home); len(path) >= n && strings.EqualFold(home, "INBOX/") && strings.EqualFold(path[:n], home) {
		return home + path[n:]
	}
	top := mail.Levels(path)[0]
	if top == mail.Levels(home)[0] {
		return path
	}
	for _, b := range boxes {
		if mail.Levels(b.Path())[0] == top {
			return path
		}
	}
	return home + path
}
