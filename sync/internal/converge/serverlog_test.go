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
  mail_log_events = save copy expunge mailbox_delete
  mail_log_fields = box msgid
}
`

// said is a line of that log.
var said = regexp.MustCompile(`imap\((\w+)\)<\d+><([^>]+)>: Info: ` +
	`(?:Mailbox deleted: (.*)|(save|expunge|copy from (.*)): box=(.*), msgid=<([^>]+)>)\n`)

// serverLog is what Dovecot says became of letters.
type serverLog struct {
	// buried is how often each went with a folder that held it: Dovecot empties a
	// folder just before it deletes it.
	buried map[string]int
	// shared is how often one was taken from a folder by a session after another one
	// had taken it from there, and it had not come there again.
	shared map[string]int
}

func readLog(dc *mailtest.Dovecot, user int) (serverLog, error) {
	log, err := os.ReadFile(filepath.Join(dc.Dir, "dovecot.log"))
	type place struct{ box, letter string }
	out := serverLog{buried: map[string]int{}, shared: map[string]int{}}
	emptied := map[string][]place{}      // by the sessions that did it
	taken := map[place]map[string]bool{} // sessions, since the letter came there
	for line := range strings.Lines(string(log)) {
		m := said.FindStringSubmatch(line)
		if len(m) != 8 || m[1] != dc.User(user) {
			continue
		}
		session, deleted, event, from, to := m[2], m[3], m[4], m[5], place{m[6], m[7]}
		switch {
		case deleted != "":
			of := emptied[session]
			for ; len(of) > 0 && of[len(of)-1].box == deleted; of = of[:len(of)-1] {
				out.buried[of[len(of)-1].letter]++
			}
			delete(emptied, session)
		case event == "expunge":
			emptied[session] = append(emptied[session], to)
		case event != "save":
			was := place{from, to.letter}
			if len(taken[was]) > 0 && !taken[was][session] {
				out.shared[to.letter]++
			}
			if taken[was] == nil {
				taken[was] = map[string]bool{}
			}
			taken[was][session] = true
			fallthrough
		default:
			delete(taken, to)
		}
	}
	return out, err
}
