package imapsync

import (
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	all := []StepName{StepResolve, StepConnect, StepTLS, StepSignIn, StepCapabilities, StepFolders}
	for name, c := range map[string]struct {
		account func() mail.Account
		secret  string
		steps   []StepName // the last one fails with code, if there is one
		code    mail.Code
	}{
		"tls":            {func() mail.Account { return dc.Account(0, mail.TLS) }, dc.Password(0), all, ""},
		"starttls":       {func() mail.Account { return dc.Account(0, mail.StartTLS) }, dc.Password(0), all, ""},
		"plain":          {func() mail.Account { return dc.Account(0, mail.Plain) }, dc.Password(0), slices.Concat(all[:2], all[3:]), ""},
		"wrong password": {func() mail.Account { return dc.Account(0, mail.TLS) }, "wrong", all[:4], mail.CodeSignInRefused},
		"unknown issuer": {func() mail.Account {
			a := dc.Account(0, mail.TLS)
			a.Endpoint.Trust.CAFile = ""
			return a
		}, dc.Password(0), all[:3], mail.CodeCertUnknown},
		"unknown host": {func() mail.Account {
			a := dc.Account(0, mail.TLS)
			a.Endpoint.Host = "mail.heron.onion" // resolvers do not ask for it (RFC 7686)
			return a
		}, dc.Password(0), all[:1], mail.CodeUnknownHost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var running, ok []StepName
			var last Step
			err := Check(t.Context(), c.account(), c.secret, func(s Step) {
				last = s
				switch s.State {
				case StepRunning:
					running = append(running, s.Name)
				case StepOK:
					ok = append(ok, s.Name)
				case StepFailed:
				}
			})
			if !slices.Equal(running, c.steps) {
				t.Errorf("these ran: %v", running)
			}
			if c.code != "" {
				if f := mail.FaultOf(err); f == nil || f.Code != c.code || last.State != StepFailed || last.Fault != f {
					t.Errorf("%+v, %v", last, err)
				}
				return
			}
			if err != nil || !slices.Equal(ok, c.steps) {
				t.Errorf("done: %v, %v", ok, err)
			}
			if i := slices.IndexFunc(last.Mailboxes, func(m mail.Mailbox) bool { return m.Role == mail.RoleInbox }); i < 0 || len(last.Mailboxes) < 6 {
				t.Errorf("folders: %+v", last.Mailboxes)
			}
		})
	}
}
