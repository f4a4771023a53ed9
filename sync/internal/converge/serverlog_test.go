package converge

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/heronmail/heron/sync/mailtest"
)

// keepsLog lets Dovecot note what becomes of each message, and in which session.
const keepsLog = `
mail_plugins = notify mail_log
plugin {
  mail_log_events = expunge mailbox_delete
  mail_log_fields = box msgid
}
`

// said is a line of that log.
var said = regexp.MustCompile(`imap\((\w+)\)<\d+><([^>]+)>: Info: (?:Mailbox deleted: (.*)|expunge: box=(.*), msgid=<([^>]+)>)\n`)

// buried is how often each letter went with a folder that held it: Dovecot
// empties a folder just before it deletes it.
func buried(dc *mailtest.Dovecot, user int) (map[string]int, error) {
	log, err := os.ReadFile(filepath.Join(dc.Dir, "dovecot.log"))
	if err != nil {
		return nil, err
	}
	type expunged struct{ box, letter string }
	sessions, out := map[string][]expunged{}, map[string]int{}
	for line := range strings.Lines(string(log)) {
		m := said.FindStringSubmatch(line)
		if len(m) != 6 || m[1] != dc.User(user) {
			continue
		}
		session, deleted := m[2], m[3]
		if deleted == "" {
			sessions[session] = append(sessions[session], expunged{m[4], m[5]})
			continue
		}
		last := sessions[session]
		for len(last) > 0 && last[len(last)-1].box == deleted {
			out[last[len(last)-1].letter]++
			last = last[:len(last)-1]
		}
		delete(sessions, session)
	}
	return out, nil
}
