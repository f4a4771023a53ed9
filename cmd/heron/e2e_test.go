//go:build linux

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/app/tray/badge"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// TestFromAServerToTheTray tells the whole story with real parts: a Dovecot, a
// desktop with window manager, panel, notification daemon and keyring, and the
// three built programs. A person sets an account up by typing; a second IMAP
// client is "the other machine". After each step those of tray, alert, window,
// `heronctl watch` and the server's own state that tell of it have to say the
// same.
func TestFromAServerToTheTray(t *testing.T) {
	st := newStory(t)

	t.Run("the wizard is typed through", func(t *testing.T) {
		st.chapter(t)
		st.startAgent(t)
		st.sees(t, "Your mail address")
		st.types(t, "user0@example.org", "Return")
		st.sees(t, "Your mail server")
		st.types(t, "", "ctrl+a")
		st.types(t, "localhost", "Tab", "ctrl+a")
		st.types(t, st.port(), "Return")
		st.sees(t, "Sign in")
		st.types(t, "", "shift+Tab", "ctrl+a")
		st.types(t, "user0", "Tab")
		st.types(t, st.password, "Return")
		// The server's authority is one that this computer does not know.
		st.sees(t, "Trust this certificate")
		st.clicks(t, "Trust this certificate")
		st.sees(t, "Everything works")
		st.types(t, "", "Return")
		st.sees(t, "Which folders should alert you")
		st.types(t, "", "Return")
		st.sees(t, "Done")
		st.types(t, "", "Return")
		st.state(t, func(s api.Status) string {
			return mustBe("online", onlyAccount(s).State)
		})
		st.sees(t, "Inbox", "Archive", "Lunch on Monday")
		st.tray(t, "Ann Lee: Lunch on Monday")
		st.watch(t)
		st.agree(t, 1)
	})

	// Nobody asks for these: the chapters after this one run while Heron hears of
	// them, or finds them, by itself.
	t.Run("other folders change elsewhere", func(t *testing.T) {
		st.chapter(t)
		st.sees(t, "Journeys", "Short lists")
		st.other.create(t, "Travel plans")
		st.other.rename(t, "Journeys", "Old journeys")
		st.other.delete(t, "Short lists")
		st.deliverTo("Archive", "A receipt", `\Seen`)
		st.deliverTo("Junk", "Win a boat")
		st.untold = time.Now()
	})

	t.Run("new mail raises the number and shows one alert", func(t *testing.T) {
		st.chapter(t)
		st.deliver("Lunch on Friday")
		st.line(t, "message.added", `"subject":"Lunch on Friday"`, `"origin":"elsewhere"`)
		st.alert(t, "Lunch on Friday\nAre you free at noon?")
		st.tray(t, "Ann Lee: Lunch on Friday")
		st.agree(t, 2, "Lunch on Friday")
	})

	t.Run("reading it elsewhere lowers the number and withdraws the alert", func(t *testing.T) {
		st.chapter(t)
		st.other.reads(t, "Lunch on Friday")
		st.line(t, "flags.changed", `"added":["seen"]`, `"origin":"elsewhere"`)
		st.noAlert(t)
		st.agree(t, 1)
	})

	t.Run("marking it read in the alert reaches the server", func(t *testing.T) {
		st.chapter(t)
		st.deliver("Tickets for Saturday")
		st.alert(t, "Tickets for Saturday")
		st.clicks(t, "Mark read")
		st.line(t, "flags.changed", `"added":["seen"]`, `"origin":"here"`)
		st.other.has(t, "INBOX", "Tickets for Saturday", imap.FlagSeen)
		st.noAlert(t)
		st.agree(t, 1)
	})

	t.Run("marking it unread with heronctl reaches the server", func(t *testing.T) {
		st.chapter(t)
		st.ctl(t, "message", "mark", st.account, "INBOX", st.other.uid(t, "INBOX", "Tickets for Saturday"), "--unseen", "--wait")
		st.other.lacks(t, "INBOX", "Tickets for Saturday", imap.FlagSeen)
		st.line(t, "flags.changed", `"removed":["seen"]`, `"origin":"here"`)
		st.tray(t, "Tickets for Saturday")
		st.noAlert(t)
		st.agree(t, 2)
	})

	t.Run("reading all elsewhere takes the number away", func(t *testing.T) {
		st.chapter(t)
		st.other.reads(t, "Tickets for Saturday")
		st.line(t, "flags.changed", `"added":["seen"]`, `"origin":"elsewhere"`)
		st.other.reads(t, "Lunch on Monday")
		st.agree(t, 0)
		st.icon(t, badge.Spec{State: badge.Online})
		st.other.unreads(t, "Tickets for Saturday")
		st.line(t, "flags.changed", `"removed":["seen"]`, `"origin":"elsewhere"`)
		st.other.unreads(t, "Lunch on Monday")
		st.agree(t, 2)
		st.icon(t, badge.Spec{State: badge.Online, Unread: 2})
		st.noAlert(t) // what was there before is no news
	})

	t.Run("closing the window leaves the agent; starting again shows it", func(t *testing.T) {
		st.chapter(t)
		st.closeWindow(t)
		st.tray(t, "2 unread")
		if err := st.desk.Command(st.bin("heron")).Run(); err != nil {
			t.Fatalf("the second start: %v", err)
		}
		st.agree(t, 2, "Tickets for Saturday", "Lunch on Friday")
		if n := st.desk.TrayIcons(); n != 1 {
			t.Errorf("%d icons in the tray", n)
		}
	})

	t.Run("the other folders follow by themselves", func(t *testing.T) {
		st.chapter(t)
		st.asTold(t, "folder.added", `"folder":"Travel plans"`)
		st.asTold(t, "folder.renamed", `"folder":"Old journeys"`, `"from":"Journeys"`)
		st.asTold(t, "folder.gone", `"folder":"Short lists"`)
		st.asTold(t, "message.added", `"subject":"A receipt"`, `"folder":"Archive"`, `"origin":"elsewhere"`)
		st.asTold(t, "message.added", `"subject":"Win a boat"`, `"folder":"Junk"`, `"origin":"elsewhere"`)
		st.sees(t, "Travel plans", "Old journeys")
		st.misses(t, "Short lists")
		st.state(t, func(s api.Status) string { return st.folderUnread(s, "Junk", 1) })
		st.noAlert(t) // of a folder that is not watched
		st.agree(t, 2)
	})

	t.Run("filing it elsewhere is shown as a move", func(t *testing.T) {
		st.chapter(t)
		st.other.move(t, "INBOX", "Lunch on Friday", "Archive")
		st.line(t, "message.moved", `"from":"INBOX"`, `"to":"Archive"`)
		st.misses(t, "Lunch on Friday")
		st.clicks(t, "Archive")
		st.sees(t, "A receipt", "Lunch on Friday")
		st.clicks(t, "Inbox")
		st.noAlert(t)
		st.agree(t, 2)
	})

	t.Run("deleting it elsewhere takes row and alert away", func(t *testing.T) {
		st.chapter(t)
		st.deliver("Only for a moment")
		st.alert(t, "Only for a moment")
		st.agree(t, 3, "Only for a moment")
		st.other.expunge(t, "Only for a moment")
		st.line(t, "message.gone", `"folder":"INBOX"`)
		st.noAlert(t)
		st.misses(t, "Only for a moment")
		st.agree(t, 2)
	})

	t.Run("a kill and a start: no alert twice, nothing missing", func(t *testing.T) {
		st.chapter(t)
		st.deliver("Before the kill")
		st.alert(t, "Before the kill")
		st.canWithdraw(t) // what it was about to write when it was killed, nobody knows
		shown := len(st.alerts.List())
		st.killAgent(t)
		st.deliver("While Heron was dead")
		st.startAgent(t)
		st.alert(t, "While Heron was dead")
		st.line(t, "message.added", `"subject":"While Heron was dead"`, `"origin":"elsewhere"`)
		st.tray(t, "Before the kill", "While Heron was dead")
		st.agree(t, 4, "Before the kill", "While Heron was dead")
		eventually(t, "the window of before is the only one", func() string {
			if w := st.processes("heron-window"); len(w) != 1 {
				return fmt.Sprintf("%d windows are open", len(w))
			}
			return ""
		})
		if n := len(st.alerts.List()); n != shown+1 {
			t.Errorf("%d alerts after the kill, want one", n-shown)
		}
		st.other.reads(t, "Before the kill")
		st.other.reads(t, "While Heron was dead")
		st.noAlert(t) // also the one that the killed agent showed
		st.agree(t, 2)
	})

	t.Run("the server goes and comes back: offline is shown, then caught up", func(t *testing.T) {
		st.chapter(t)
		st.dovecot.Stop()
		st.state(t, func(s api.Status) string { return mustBe("offline", onlyAccount(s).State) })
		st.line(t, "account.state", `"state":"offline"`)
		st.tray(t, "offline")
		st.icon(t, badge.Spec{State: badge.Offline, Unread: 2})
		st.sees(t, "trying again")
		st.ctl(t, "message", "mark", st.account, "INBOX", st.uid("Tickets for Saturday"), "--seen")
		st.tray(t, "1 unread") // shown at once, sent later
		st.dovecot.Start()
		st.other.connect(t)
		st.deliver("After the break")
		st.state(t, func(s api.Status) string { return mustBe("online", onlyAccount(s).State) })
		st.line(t, "account.state", `"state":"online"`)
		st.line(t, "message.added", `"subject":"After the break"`)
		st.other.has(t, "INBOX", "Tickets for Saturday", imap.FlagSeen)
		st.tray(t, "After the break")
		st.alert(t, "After the break")
		st.agree(t, 2, "After the break")
		st.icon(t, badge.Spec{State: badge.Online, Unread: 2})
	})

	t.Run("quit in the tray ends everything", func(t *testing.T) {
		st.chapter(t)
		st.nothingLeaks(t)
		st.noProcessLeaks(t)
		if err := st.desk.Tray().Click("Quit"); err != nil {
			t.Fatal(err)
		}
		st.agentEnds(t)
		eventually(t, "the window is gone", func() string {
			if w := st.desk.Windows("Heron"); len(w) > 0 {
				return fmt.Sprintf("windows %v are there", w)
			}
			if n := st.desk.TrayIcons(); n != 0 {
				return fmt.Sprintf("%d icons are in the tray", n)
			}
			return ""
		})
		st.nothingLeaks(t)
	})
}

// story is the state of a test that goes on from chapter to chapter.
type story struct {
	t        *testing.T
	desk     *desktop.Session
	dovecot  *mailtest.Dovecot
	alerts   *desktop.Alerts
	other    *otherMachine
	password string
	account  string
	agent    *exec.Cmd
	ended    chan struct{}
	lines    *lines
	untold   time.Time // when other folders changed elsewhere
}

func newStory(t *testing.T) *story {
	t.Helper()
	st := &story{t: t, account: "user0-example.org"}
	st.dovecot = mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	st.password = st.dovecot.Password(0)
	st.desk = desktop.Start(t, desktop.Options{Keyring: true, Display: true, Panel: true, Notifier: "xfce4-notifyd"})
	st.alerts = st.desk.WatchAlerts()
	st.other = &otherMachine{t: t, dovecot: st.dovecot}
	st.other.connect(t)
	st.other.create(t, "Journeys")
	st.other.create(t, "Short lists")
	st.deliver("Lunch on Monday")
	return st
}

// chapter begins a part of the story; when one failed, the rest makes no sense.
func (st *story) chapter(t *testing.T) {
	t.Helper()
	if st.t.Failed() {
		t.Fatal("a chapter before this one failed")
	}
	t.Cleanup(func() {
		if t.Failed() {
			st.evidence(t)
		}
	})
}

// evidence keeps what a person would look at after a failure.
func (st *story) evidence(t *testing.T) {
	t.Helper()
	if dir := os.Getenv("HERON_TEST_EVIDENCE"); dir != "" {
		if err := st.desk.Screenshot(filepath.Join(dir, "failure.png")); err != nil {
			t.Log(err)
		}
	}
	if text, err := st.desk.ScreenText(); err == nil {
		t.Logf("on the screen:\n%s", text)
	}
	if st.lines != nil {
		t.Logf("watch said:\n%s", st.lines.all())
	}
	if log, err := os.ReadFile(filepath.Join(st.desk.Dir, "agent.log")); err == nil {
		t.Logf("the agent said:\n%s", log)
	}
	t.Logf("alerts: %+v", st.alerts.List())
}
