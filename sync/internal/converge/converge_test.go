package converge

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/heronmail/heron/sync/mailtest"
)

const (
	lanes     = 4  // rounds that are played side by side
	usersEach = 25 // rounds that one server sees, each with a user of its own
)

// lengths are how many steps a round has: mostly many, where two things meet that
// should not; a failure is made smaller as far as it goes.
var lengths = []int{5, 20, 60, 80, 100, 100}

// TestMain sets how many rounds are played, unless the command line does.
func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	rounds := 20
	if os.Getenv("HERON_LONG") != "" {
		rounds = 500
	}
	for name, value := range map[string]string{
		"rapid.checks": strconv.Itoa(max(1, rounds/lanes)), "rapid.shrinktime": "20s", "rapid.nofailfile": "true",
	} {
		if given[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func TestConvergence(t *testing.T) {
	t.Parallel()
	for lane := range lanes {
		t.Run(fmt.Sprintf("lane %d", lane), func(t *testing.T) {
			t.Parallel()
			s := servers{storage: storages[lane%len(storages)]}
			rapid.Check(t, func(rt *rapid.T) {
				n := rapid.SampledFrom(lengths).Draw(rt, "length")
				steps := rapid.SliceOfN(drawStep, n, n).Draw(rt, "steps")
				r := newRound(t, rt, &s)
				r.play(steps)
				r.rest()
				r.check()
			})
		})
	}
}

// storage is how a server keeps mail, and what it keeps right.
type storage struct {
	name     string
	extra    string // of its configuration
	indexed  bool   // flags are in an index that must not be lost
	keywords bool
}

// storages are how the servers of lanes keep mail.
//
// Dovecot offers NOTIFY only with an index of the list of folders, and its sessions
// read that late: they may list folders as they were before others renamed or deleted
// them.
//
// Sessions of Dovecot 2.3 with Maildirs miss a keyword that another one brought into a
// mailbox in the same second, and take one for another.
var storages = []storage{
	{name: "maildir"},
	{name: "sdbox", indexed: true, keywords: true},
	{name: "maildir", extra: noList},
	{name: "sdbox", extra: noList, indexed: true, keywords: true},
}

// subscribesNobody takes "auto = subscribe" back: Dovecot shows such folders as
// subscribed whoever unsubscribes from them.
const subscribesNobody = `
namespace inbox {
  mailbox Drafts {
    auto = create
  }
  mailbox Sent {
    auto = create
  }
  mailbox Trash {
    auto = create
  }
  mailbox Archive {
    auto = create
  }
  mailbox Junk {
    auto = create
  }
}
`

const noList = "mailbox_list_index = no"

// servers gives each round a mailbox that nobody used before.
type servers struct {
	storage
	dc   *mailtest.Dovecot
	used int
}

func (s *servers) next(t *testing.T) (*mailtest.Dovecot, int) {
	t.Helper()
	if s.dc == nil || s.used == usersEach {
		if s.dc != nil {
			s.dc.Stop()
		}
		s.dc, s.used = mailtest.StartDovecot(t, mailtest.DovecotConfig{
			Users: usersEach, Storage: s.name, Extra: keepsLog + subscribesNobody + s.extra,
		}), 0
	}
	s.used++
	return s.dc, s.used - 1
}
