package converge

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mailtest"
)

// keepsLog lets Dovecot note what becomes of each message, when, and in which session.
const keepsLog = `
log_timestamp = "%s.%{usecs} "
mail_plugins = notify mail_log
plugin {
  mail_log_events = save copy expunge flag_change mailbox_delete
  mail_log_fields = box msgid
}
`

// said is a line of that log.
var said = regexp.MustCompile(`^(\d+)\.(\d{6}) imap\((\w+)\)<\d+><([^>]+)>: Info: ` +
	`(?:Mailbox deleted: (.*)|(save|expunge|flag_change|copy from (.*)): box=(.*), msgid=<([^>]+)>)\n`)

// serverLog is what Dovecot says became of letters.
type serverLog struct {
	// buried is how often each went with a folder that held it: Dovecot empties a
	// folder just before it deletes it.
	buried map[string]int
	// shared is how often one was taken from a folder by a session after another one
	// had taken it from there, and it had not come there again.
	shared map[string]int
	// stale are, by letter, changes of its flags in one session before another one
	// moved it away.
	stale map[string][]stale
}

// stale is when flags were changed, and when the message was taken from there.
type stale struct{ changed, left time.Time }

func readLog(dc *mailtest.Dovecot, user int) (serverLog, error) {
	log, err := os.ReadFile(filepath.Join(dc.Dir, "dovecot.log"))
	type place struct{ box, letter string }
	out := serverLog{buried: map[string]int{}, shared: map[string]int{}, stale: map[string][]stale{}}
	emptied := map[string][]place{}      // by the sessions that did it
	taken := map[place]map[string]bool{} // sessions, since the letter came there
	type change struct {
		session string
		at      time.Time
	}
	changed := map[place][]change{} // since then, too
	for line := range strings.Lines(string(log)) {
		m := said.FindStringSubmatch(line)
		if len(m) != 10 || m[3] != dc.User(user) {
			continue
		}
		at, session, deleted, event, from, to := moment(m[1], m[2]), m[4], m[5], m[6], m[7], place{m[8], m[9]}
		switch {
		case deleted != "":
			of := emptied[session]
			for ; len(of) > 0 && of[len(of)-1].box == deleted; of = of[:len(of)-1] {
				out.buried[of[len(of)-1].letter]++
			}
			delete(emptied, session)
		case event == "expunge":
			emptied[session] = append(emptied[session], to)
		case event == "flag_change":
			changed[to] = append(changed[to], change{session, at})
		case event != "save":
			was := place{from, to.letter}
			if len(taken[was]) > 0 && !taken[was][session] {
				out.shared[to.letter]++
			}
			if taken[was] == nil {
				taken[was] = map[string]bool{}
			}
			taken[was][session] = true
			for _, c := range changed[was] {
				if c.session != session {
					out.stale[to.letter] = append(out.stale[to.letter], stale{c.at, at})
				}
			}
			fallthrough
		default:
			delete(taken, to)
			delete(changed, to)
		}
	}
	return out, err
}

// moment is a time as the log writes it.
func moment(seconds, micros string) time.Time {
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{} // the pattern has digits only
	}
	us, err := strconv.ParseInt(micros, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(s, us*1000)
}
