package store

import (
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// refuse has the server refuse to delete a message, as another program moved it.
func (f *fixture) refuse(id mail.MessageID) {
	f.t.Helper()
	op := f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{id}})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FailOp(f.ctx(), op.ID, &mail.Fault{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict}))
}

func (f *fixture) standing() []mail.Problem {
	f.t.Helper()
	ps, err := f.Problems(f.ctx())
	f.must(err)
	return ps
}

// TestEachRefusedActionIsTold: a deletion is refused, and an hour later another one in
// the same way. That is told too, and it is one problem, as old as the second.
func TestEachRefusedActionIsTold(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	for uid := mail.UID(1); uid <= 2; uid++ {
		f.clock.pass(time.Hour)
		rev := f.head()
		f.refuse(f.id(inbox, uid))
		c := find[mail.ProblemRaised](t, f.since(rev))
		if ps := f.standing(); len(ps) != 1 || !ps[0].News || !ps[0].Since.Equal(f.clock.now()) || !c.Problem.News || !c.Problem.Since.Equal(ps[0].Since) {
			t.Errorf("after %d: %+v, told %+v", uid, ps, c)
		}
	}
}

// TestNewsEndAfterADay: whoever looks sees none that are older, and the next pass over
// their account tells that they are over, once.
func TestNewsEndAfterADay(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	f.refuse(f.id(inbox, 1))
	f.must(f.RaiseProblem(f.ctx(), mail.Problem{Code: mail.CodeTimeout, Class: mail.ClassOffline, Account: acc}))
	rev := f.head()
	f.clock.pass(24*time.Hour - time.Second)
	f.must(f.EndNews(f.ctx(), acc))
	if ps := f.standing(); len(ps) != 2 || f.head() != rev {
		t.Errorf("within the day: %+v", ps)
	}
	f.clock.pass(time.Second)
	if ps := f.standing(); len(ps) != 1 || ps[0].Code != mail.CodeTimeout {
		t.Errorf("when it is over: %+v", ps)
	}
	f.must(f.EndNews(f.ctx(), "another"))
	wantKinds(t, f.since(rev))
	f.must(f.EndNews(f.ctx(), acc))
	f.must(f.EndNews(f.ctx(), acc))
	wantKinds(t, f.since(rev), "here problem.cleared")
	f.refuse(f.id(inbox, 2))
	if f = f.again(); len(f.standing()) != 2 {
		t.Errorf("a new one after that: %+v", f.standing())
	}
}

// TestNewsAreDismissed: by their account and their code, or all of them. A problem that
// lasts is not, and what ends such problems leaves news alone.
func TestNewsAreDismissed(t *testing.T) {
	for name, c := range map[string]struct {
		account mail.AccountID
		code    mail.Code
		want    int
	}{
		"all":                {"", "", 1},
		"of the account":     {acc, "", 1},
		"of the code":        {"", mail.CodeMovedElsewhere, 1},
		"of another account": {"another", "", 0},
		"of another code":    {acc, mail.CodeGone, 0},
		"one that lasts":     {acc, mail.CodeTimeout, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f, inbox, _ := twoFolders(t)
			f.refuse(f.id(inbox, 1))
			f.must(f.RaiseProblem(f.ctx(), mail.Problem{Code: mail.CodeTimeout, Class: mail.ClassOffline, Account: acc}))
			f.must(f.ClearProblem(f.ctx(), acc, mail.CodeMovedElsewhere))
			f.must(f.ClearClass(f.ctx(), acc, mail.ClassConflict))
			rev := f.head()
			gone, err := f.DismissNews(f.ctx(), c.account, c.code)
			f.must(err)
			if left := f.standing(); len(gone) != c.want || len(left) != 2-c.want || left[len(left)-1].Code != mail.CodeTimeout && c.want == 1 {
				t.Errorf("dismissed %+v, left %+v", gone, left)
			}
			if c.want == 1 && (gone[0].Code != mail.CodeMovedElsewhere || find[mail.ProblemCleared](t, f.since(rev)).Code != mail.CodeMovedElsewhere) {
				t.Errorf("dismissed %+v", gone)
			}
		})
	}
}

// TestAProblemThatLastsIsNoNews: an action meets what is wrong anyway. It is told, and
// cannot be dismissed; and what was news and lasts now cannot either.
func TestAProblemThatLastsIsNoNews(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	lasts := mail.Problem{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict, Account: acc}
	for range 2 {
		rev := f.head()
		f.refuse(f.id(inbox, 1))
		find[mail.ProblemRaised](t, f.since(rev))
		f.must(f.RaiseProblem(f.ctx(), lasts))
		if gone, err := f.DismissNews(f.ctx(), "", ""); err != nil || len(gone) != 0 || len(f.standing()) != 1 {
			t.Errorf("dismissed %+v, %v; left %+v", gone, err, f.standing())
		}
	}
	f.must(f.ClearProblem(f.ctx(), acc, lasts.Code))
	if ps := f.standing(); len(ps) != 0 {
		t.Errorf("when it is over: %+v", ps)
	}
}
