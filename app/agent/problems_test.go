package agent

import (
	"strings"
	"testing"

	"github.com/heronmail/heron/app/tray"
	"github.com/heronmail/heron/app/tray/badge"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/mail"
)

// TestEveryProblemShowsInTheTray: what waits for the user is marked and named;
// what goes away by itself shows as the account's state.
func TestEveryProblemShowsInTheTray(t *testing.T) {
	type row struct {
		code  mail.Code
		class mail.Class
		state mail.State // of the account that has it, "" for Heron's own
	}
	rows := []row{
		{mail.CodeSignInRefused, mail.ClassAuth, mail.StateNeedsSignIn},
		{mail.CodeSecretMissing, mail.ClassAuth, mail.StateNeedsSignIn},
		{mail.CodeSecretBound, mail.ClassAuth, mail.StateNeedsSignIn},
		{mail.CodeCertUnknown, mail.ClassTLS, mail.StateError},
		{mail.CodeCertExpired, mail.ClassTLS, mail.StateError},
		{mail.CodeCertName, mail.ClassTLS, mail.StateError},
		{mail.CodeCertChanged, mail.ClassTLS, mail.StateError},
		{mail.CodeTLSTooOld, mail.ClassTLS, mail.StateError},
		{mail.CodeNotTLS, mail.ClassTLS, mail.StateError},
		{mail.CodeTLSOnPlain, mail.ClassTLS, mail.StateError},
		{mail.CodeStartTLSMissing, mail.ClassTLS, mail.StateError},
		{mail.CodePlaintextRefused, mail.ClassTLS, mail.StateError},
		{mail.CodeKeyringMissing, mail.ClassLocal, mail.StateError},
		{mail.CodeKeyringLocked, mail.ClassLocal, mail.StateError},
		{mail.CodeKeyringFailed, mail.ClassLocal, mail.StateError},
		{mail.CodeSettingsBroken, mail.ClassLocal, mail.StateOnline}, // the last good ones are in use
		{mail.CodeSettingsBroken, mail.ClassLocal, ""},
		{mail.CodeDiskFull, mail.ClassLocal, ""},
		{mail.CodeReadOnly, mail.ClassLocal, ""},
		{mail.CodeStoreBroken, mail.ClassLocal, ""},
		{mail.CodeUnknownHost, mail.ClassOffline, mail.StateOffline},
		{mail.CodeRefused, mail.ClassOffline, mail.StateOffline},
		{mail.CodeUnreachable, mail.ClassOffline, mail.StateOffline},
		{mail.CodeTimeout, mail.ClassOffline, mail.StateOffline},
		{mail.CodeConnectionLost, mail.ClassOffline, mail.StateOffline},
		{mail.CodeServerClosed, mail.ClassOffline, mail.StateOffline},
		{mail.CodeTooMany, mail.ClassLimit, mail.StateOffline},
	}
	for _, r := range rows {
		pr := api.Problem{Code: r.code, Class: r.class}
		status := api.Status{Accounts: []api.AccountStatus{{ID: "work", State: mail.StateOnline}}}
		if r.state == "" {
			status.Problems = []api.Problem{pr}
		} else {
			pr.Account = "work"
			status.Accounts[0].State, status.Accounts[0].Problems = r.state, []api.Problem{pr}
		}
		m := newModel(t, &scripted{status: status}, nil)
		state, err := m.read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		view := tray.Render(state, m.printer)
		icon, line := badge.Problem, "▲ "
		if title := health.Describe(m.printer, pr.Mail()).Title; r.state == mail.StateOffline {
			icon, line = badge.Offline, m.printer.T("tray.state.offline")
		} else if r.state != "" {
			line += m.printer.T("tray.account-state", "Account", "work", "State", title)
		} else {
			line += title
		}
		said := false
		for _, i := range view.Menu {
			said = said || !i.Hidden && strings.Contains(i.Text, line)
		}
		if view.Icon.State != icon || !said {
			t.Errorf("%s: the icon is %s, want %s; %q in the menu: %v", r.code, view.Icon.State, icon, line, said)
		}
	}
}

// A desktop without notifications is told of once, and not anew with each
// message that nobody could be alerted of.
func TestTheSameProblemIsNotedOnce(t *testing.T) {
	r := newRig(t)
	before, err := r.store.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, is := range []bool{true, true, true, false, false} {
		if err := noteProblem(t.Context(), r.store, mail.CodeNoAlerts, is); err != nil {
			t.Fatal(err)
		}
	}
	changes, err := r.store.Changes(t.Context(), before, 10)
	if err != nil || len(changes) != 2 {
		t.Errorf("changes %+v, %v; want it raised once and cleared once", changes, err)
	}
}
