package imapsync

import (
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestAPassEndsOldNews: a day after an action was refused, whoever listens is told that
// there is nothing to be said of it any more. What was refused since is still said.
func TestAPassEndsOldNews(t *testing.T) {
	t.Parallel()
	o := against(t, twoMessages("UIDPLUS"), unchanged("UIDPLUS"))
	o.mustPass()
	for code, ago := range map[mail.Code]time.Duration{mail.CodeMovedElsewhere: 25 * time.Hour, mail.CodeFolderChanged: time.Hour} {
		p := mail.Problem{Code: code, Class: mail.ClassConflict, Account: "odd", News: true, Since: time.Now().Add(-ago)}
		if err := o.store.RaiseProblem(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	rev, err := o.store.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o.mustPass()
	cs, err := o.store.Changes(t.Context(), rev, 100)
	if err != nil {
		t.Fatal(err)
	}
	var ended []mail.Code
	for _, c := range cs {
		if c, ok := c.(mail.ProblemCleared); ok {
			ended = append(ended, c.Code)
		}
	}
	if !slices.Equal(ended, []mail.Code{mail.CodeMovedElsewhere}) {
		t.Errorf("ended: %q", ended)
	}
}
