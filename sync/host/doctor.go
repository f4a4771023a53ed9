package host

import (
	"context"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Doctor implements control.Backend.
func (b *backend) Doctor(ctx context.Context) ([]api.Check, error) {
	checks, err := b.engine.Doctor(ctx)
	if err != nil {
		return nil, err
	}
	stands := map[mail.AccountID]api.AccountStatus{}
	// Without a status, which the check of the store tells why, nothing is known
	// of how accounts stand.
	if st, err := b.Status(ctx); err == nil {
		for _, a := range st.Accounts {
			stands[a.ID] = a
		}
	}
	out := make([]api.Check, len(checks))
	for i, c := range checks {
		out[i] = api.Check{
			Name: string(c.Name), Account: c.Account, OK: len(c.Problems) == 0, Paused: c.Paused,
			Problems: toProblems(c.Problems), Capabilities: c.Capabilities,
		}
		out[i].Finds, out[i].Tells = c.Rungs()
		for _, s := range c.Steps {
			step := toStep(s)
			step.Folders = nil // folder list tells them
			out[i].Steps = append(out[i].Steps, step)
		}
		if st, known := stands[c.Account]; known {
			out[i].State, out[i].ToldBy, out[i].ToldWhy = st.State, st.ToldBy, st.ToldWhy
		}
	}
	return out, nil
}
