package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"unicode"

	"github.com/heronmail/heron/sync/mail"
)

// SearchQuery asks for messages whose text holds words.
type SearchQuery struct {
	// Text is what a person types: words that must all be there, "quotes" around
	// words that follow each other, * after the beginning of a word, and from:,
	// to: or subject: before what must stand there. Case and accents do not count.
	Text    string
	Account mail.AccountID // "": all
	Limit   int            // 1 to 500; else it is brought into that range
}

// Search returns messages newest first, with Page.Total for how many there are.
// Sender, recipients and subject of every message are searched; of its text the
// first words, and all of it once it was read. Fault usage for a text without a
// word.
func (s *Store) Search(ctx context.Context, q SearchQuery) (Page, error) {
	match := matchText(q.Text)
	if match == "" {
		return Page{}, &mail.Fault{
			Code: mail.CodeUsage, Class: mail.ClassLocal, Args: mail.Args{"text": "there is no word to search for"},
		}
	}
	where := fromMessages + `JOIN texts ON texts.rowid = m.id
		WHERE texts MATCH ?1 AND b.id IS NOT NULL AND b.gone = 0 AND (m.shown & ` + strconv.Itoa(bitDeleted) + `) = 0
		AND (?2 = '' OR a.name = ?2)`
	var p Page
	err := s.view(ctx, "search", func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum((m.shown & `+strconv.Itoa(bitSeen)+`) = 0), 0)`+where,
			match, string(q.Account)).Scan(&p.Total, &p.Unread)
		if err != nil {
			return err
		}
		p.Messages, err = query(ctx, tx, scanMessage, `SELECT `+messageColumns+where+` ORDER BY m.sort DESC, m.id DESC LIMIT ?3`,
			match, string(q.Account), min(max(q.Limit, 1), maxPage))
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return p, nil
}

// matchText turns what a person types into an FTS5 query, "" if there is no
// word in it. Nothing of it is left to be read as FTS5's own syntax.
func matchText(text string) string {
	var terms []string
	for _, w := range searchWords(text) {
		column := ""
		for prefix, c := range map[string]string{"from:": "sender", "to:": "recipients", "subject:": "subject"} {
			if rest, ok := cutPrefixFold(w, prefix); ok {
				w, column = rest, c+" : "
			}
		}
		begins := strings.HasSuffix(w, "*")
		w = strings.Trim(w, `"*`)
		if !strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			continue // what the tokenizer leaves nothing of would match nothing
		}
		term := column + `"` + strings.ReplaceAll(w, `"`, `""`) + `"`
		if begins {
			term += " *"
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, " AND ")
}

// searchWords parts a text at blanks that are not between quotes.
func searchWords(text string) []string {
	quoted := false
	return strings.FieldsFunc(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), " "), func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return unicode.IsSpace(r) && !quoted
	})
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}
