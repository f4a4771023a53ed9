package window

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/app/window/internal/fakeagent"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// paper is a screen that remembers.
type paper struct {
	mu      sync.Mutex
	last    view.State
	drawn   int
	raised  int
	wizards int
	signIns []api.Account
	quits   int
}

func (p *paper) show(st view.State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.drawn = st, p.drawn+1
}
func (p *paper) raise()  { p.mu.Lock(); defer p.mu.Unlock(); p.raised++ }
func (p *paper) wizard() { p.mu.Lock(); defer p.mu.Unlock(); p.wizards++ }
func (p *paper) quit()   { p.mu.Lock(); defer p.mu.Unlock(); p.quits++ }
func (p *paper) signIn(a api.Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signIns = append(p.signIns, a)
}

func (p *paper) draws() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drawn
}

func (p *paper) state() view.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// stage runs f beside a session, in a bubble of its own time.
type stage struct {
	*testing.T // of the bubble of time

	s        *session
	in       intents
	paper    *paper
	agent    *fakeagent.Agent // found by dialling; nil: nobody answers
	mu       sync.Mutex
	dials    int
	launches int
}

func (g *stage) setAgent(a *fakeagent.Agent) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.agent = a
}

func play(t *testing.T, cast func() *fakeagent.Agent, first mail.MessageID, f func(g *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &stage{T: t, paper: &paper{}}
		if cast != nil {
			g.agent = cast()
		}
		dial := func(context.Context) (agent, error) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.dials++
			if g.agent == nil {
				return nil, noAgent()
			}
			return g.agent, nil
		}
		launch := func(context.Context) error {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.launches++
			return nil
		}
		g.s = newSession(dial, launch, g.paper, slog.New(slog.DiscardHandler), first)
		g.in = intents{g.s}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); g.s.Run(ctx) }()
		defer func() { cancel(); <-ended }()
		synctest.Wait()
		f(g)
	})
}

func sample(n int) *fakeagent.Agent {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	a := fakeagent.New(fakeagent.Sample(now))
	a.SetRows(fakeagent.SampleRows(now, n))
	return a
}

func with(n int) func() *fakeagent.Agent {
	return func() *fakeagent.Agent { return sample(n) }
}

func settle() { time.Sleep(time.Second); synctest.Wait() }

func TestASessionShowsWhatTheAgentSays(t *testing.T) {
	play(t, with(5000), 0, func(g *stage) {
		st := g.paper.state()
		if st.Link != view.LinkUp || !st.Known || st.Rows.Len() != 5000 || len(st.Status.Accounts) != 2 {
			g.Fatalf("link %v, known %v, %d accounts", st.Link, st.Known, len(st.Status.Accounts))
		}
		if q := g.agent.Queries(); len(q) != 1 || q[0].Limit != pageRows {
			g.Errorf("asked for %v", q)
		}
		if g.launches != 0 {
			g.Error("an agent that runs was started again")
		}
	})
}

func TestABurstOfEventsIsReadFewTimes(t *testing.T) {
	play(t, with(5000), 0, func(g *stage) {
		before, drawn := len(g.agent.Queries()), g.paper.drawn
		for range 500 {
			g.agent.Tell(api.Event{Kind: "message.added"})
		}
		settle()
		if n := len(g.agent.Queries()) - before; n == 0 || n > 4 {
			g.Errorf("500 events were read %d times", n)
		}
		if n := g.paper.drawn - drawn; n == 0 || n > 6 {
			g.Errorf("500 events were drawn %d times", n)
		}
	})
}

func TestNothingHappensWhileNothingChanges(t *testing.T) {
	play(t, with(50), 0, func(g *stage) {
		settle()
		before, drawn := len(g.agent.Queries()), g.paper.drawn
		for range 10 {
			g.agent.Tell(api.Event{Kind: api.KindHeartbeat})
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		if n := len(g.agent.Queries()) - before; n != 0 {
			g.Errorf("a quiet hour asked for %d pages", n)
		}
		if n := g.paper.drawn - drawn; n > 41 {
			g.Errorf("ten quiet minutes were drawn %d times", n)
		}
	})
}

func TestGoToAnotherFolder(t *testing.T) {
	play(t, with(300), 0, func(g *stage) {
		g.in.GoTo(view.Place{Kind: view.PlaceFolder, Account: "work", Folder: "Sent"})
		settle()
		q := g.agent.Queries()
		if last := q[len(q)-1]; last.Account != "work" || last.Folder != "Sent" {
			g.Errorf("asked for %+v", last)
		}
		g.agent.SetActivity(fakeagent.SampleActivity(time.Now()))
		g.in.GoTo(view.Place{Kind: view.PlaceActivity})
		settle()
		if st := g.paper.state(); len(st.Activity) != 5 || st.Open.ID != 0 {
			g.Errorf("%d lines of activity, message %d", len(st.Activity), st.Open.ID)
		}
	})
}

func TestOpenMarkAndClose(t *testing.T) {
	play(t, with(300), 0, func(g *stage) {
		g.in.Open(299)
		settle()
		st := g.paper.state()
		if st.Open.ID != 299 || st.Open.Body == nil || st.Open.Row.Subject != "main is green" {
			g.Fatalf("opened %+v", st.Open)
		}
		if st.Open.Row.Flags.Has(mail.FlagSeen) {
			g.Error("opening a message marked it read")
		}
		g.in.MarkRead(299, true)
		settle()
		st = g.paper.state()
		if row, ok := st.Rows.At(1); !ok || !row.Flags.Has(mail.FlagSeen) {
			g.Error("the list does not show it read")
		}
		if !st.Open.Row.Flags.Has(mail.FlagSeen) {
			g.Error("the preview does not show it read")
		}
		g.in.Open(0)
		settle()
		if g.paper.state().Open.ID != 0 {
			g.Error("it is still open")
		}
	})
}

func TestAFirstMessageIsOpened(t *testing.T) {
	play(t, with(10), 7, func(g *stage) {
		if o := g.paper.state().Open; o.ID != 7 || o.Body == nil {
			g.Errorf("opened %+v", o)
		}
	})
}

func TestAMessageThatIsGoneIsClosed(t *testing.T) {
	play(t, with(10), 7, func(g *stage) {
		g.agent.SetRows(fakeagent.SampleRows(time.Now(), 5))
		g.agent.Tell(api.Event{Kind: "message.gone", IDs: []mail.MessageID{7}})
		settle()
		st := g.paper.state()
		if st.Open.ID != 0 || st.Failed != nil || st.Rows.Len() != 5 {
			g.Errorf("open %d, failed %v, %d rows", st.Open.ID, st.Failed, st.Rows.Len())
		}
	})
}

func TestRequestsOfOtherProcesses(t *testing.T) {
	play(t, with(10), 0, func(g *stage) {
		for _, r := range []api.UIRequest{{Show: "main"}, {Show: "message", Message: 4}, {Show: "wizard"}, {Show: "quit"}} {
			if err := g.agent.ShowUI(g.Context(), r); err != nil {
				g.Fatal(err)
			}
		}
		settle()
		if p := g.paper; p.raised != 3 || p.wizards != 1 || p.quits != 1 || p.last.Open.ID != 4 {
			g.Errorf("raised %d, wizards %d, quits %d, open %d", p.raised, p.wizards, p.quits, p.last.Open.ID)
		}
	})
}

func TestWithoutAccountsTheWizardIsOfferedOnce(t *testing.T) {
	play(t, func() *fakeagent.Agent { return fakeagent.New(api.Status{Running: true}) }, 0, func(g *stage) {
		g.agent.Change(func(*api.Status) {})
		settle()
		if g.paper.wizards != 1 {
			g.Errorf("the wizard was offered %d times", g.paper.wizards)
		}
	})
}

func TestTheAgentIsStartedWhenNobodyAnswers(t *testing.T) {
	play(t, nil, 0, func(g *stage) {
		time.Sleep(400 * time.Millisecond)
		if st := g.paper.state(); st.Link != view.LinkConnecting {
			g.Errorf("link %v before it was given time to start", st.Link)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if g.launches != 1 {
			g.Errorf("started %d times", g.launches)
		}
		if st := g.paper.state(); st.Link != view.LinkLost {
			g.Errorf("link %v after five seconds without an agent", st.Link)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if g.dials > 100 {
			g.Errorf("dialled %d times in ten minutes", g.dials)
		}
		g.setAgent(sample(3))
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if st := g.paper.state(); st.Link != view.LinkUp || !st.Known {
			g.Errorf("link %v after the agent came", st.Link)
		}
	})
}

func TestAnAgentThatEndsIsMissedAndNotStartedAgain(t *testing.T) {
	play(t, with(30), 0, func(g *stage) {
		first := g.agent
		g.setAgent(nil)
		first.Vanish()
		settle()
		st := g.paper.state()
		if st.Link != view.LinkLost || st.Rows.Len() != 30 {
			g.Errorf("link %v, %d rows: what was known must stay", st.Link, st.Rows.Len())
		}
		if g.launches != 0 {
			g.Error("what the user ended was started again")
		}
		g.in.StartAgent()
		g.setAgent(sample(31))
		settle()
		if st := g.paper.state(); st.Link != view.LinkUp || st.Rows.Len() != 31 || g.launches != 1 {
			g.Errorf("link %v, %d rows, %d launches", st.Link, st.Rows.Len(), g.launches)
		}
	})
}

func TestAHandoverIsFollowed(t *testing.T) {
	play(t, with(30), 0, func(g *stage) {
		first := g.agent
		g.setAgent(sample(32))
		first.Tell(api.Event{Kind: api.KindHandover})
		settle()
		if st := g.paper.state(); st.Link != view.LinkUp || st.Rows.Len() != 32 {
			g.Errorf("link %v, %d rows", st.Link, st.Rows.Len())
		}
		if first.Readers() != 0 {
			g.Error("the old agent is still listened to")
		}
	})
}

func TestWhatFailsIsSaid(t *testing.T) {
	fault := &mail.Fault{Code: mail.CodeDiskFull, Class: mail.ClassLocal, Args: mail.Args{"path": "/x"}}
	for _, c := range []struct {
		method string
		do     func(in intents)
	}{
		{"Do", func(in intents) { in.MarkRead(3, true) }},
		{"Sync", func(in intents) { in.CheckNow() }},
		{"DismissNews", func(in intents) { in.DismissNews("work", mail.CodeGone) }},
		{"PauseAlerts", func(in intents) { in.PauseAlerts(time.Hour) }},
		{"Status", func(in intents) { in.GoTo(view.Place{Kind: view.PlaceActivity}) }},
	} {
		t.Run(c.method, func(t *testing.T) {
			play(t, with(30), 0, func(g *stage) {
				g.agent.Fail(c.method, fault)
				c.do(g.in)
				settle()
				st := g.paper.state()
				if st.Failed == nil || st.Failed.Code != mail.CodeDiskFull || st.Checking {
					g.Fatalf("failed %v, checking %v", st.Failed, st.Checking)
				}
				g.in.Dismiss()
				settle()
				if g.paper.state().Failed != nil {
					g.Error("it is still said")
				}
			})
		})
	}
}

func TestAListThatFailsIsSaidInItsPlace(t *testing.T) {
	broken := func() *fakeagent.Agent {
		a := sample(30)
		a.Fail("Messages", &mail.Fault{Code: mail.CodeNoFolder, Class: mail.ClassLocal})
		return a
	}
	play(t, broken, 0, func(g *stage) {
		st := g.paper.state()
		if st.Trouble == nil || st.Known {
			g.Errorf("trouble %v, known %v", st.Trouble, st.Known)
		}
	})
}

func TestSignInAgainKnowsTheAccount(t *testing.T) {
	play(t, with(1), 0, func(g *stage) {
		g.in.SignIn("home")
		settle()
		if a := g.paper.signIns; len(a) != 1 || a[0].ID != "home" {
			g.Errorf("asked for %v", a)
		}
	})
}

func TestTheWizardUsesTheAgentOfTheMoment(t *testing.T) {
	play(t, with(1), 0, func(g *stage) {
		g.agent.SetCheck(fakeagent.SampleCheck(time.Millisecond))
		var steps int
		b := backend{g.s}
		if err := b.Check(g.Context(), api.Draft{Address: "a@b.example"}, func(api.Step) { steps++ }); err != nil || steps == 0 {
			g.Errorf("check: %v, %d steps", err, steps)
		}
		g.setAgent(nil)
		g.s.post(func() { g.s.lost(g.s.agent, control.ErrNoHolder) })
		settle()
		if _, err := b.AddAccount(g.Context(), api.Draft{}, nil); mail.FaultOf(err) == nil {
			g.Error("an account was added without an agent")
		}
	})
}

func TestHowFreshItIsStaysTrue(t *testing.T) {
	play(t, with(10), 0, func(g *stage) {
		for i := range g.paper.state().Status.Accounts {
			g.agent.Alter(func(st *api.Status) { st.Accounts[i].LastSync = time.Now() })
		}
		// Seconds are counted in steps, and the agent looks without finding anything.
		for range 20 {
			time.Sleep(6 * time.Second)
			g.agent.Alter(func(st *api.Status) { st.Accounts[0].LastSync = time.Now() })
		}
		st := g.paper.state()
		if late := time.Since(st.Now); late > agoTick {
			g.Errorf("seconds on the screen are %v old", late)
		}
		if age := time.Since(st.Status.Accounts[0].LastSync); age > freshTick+agoTick {
			g.Errorf("the account was in step %v ago, says the screen", age)
		}
	})
}

func TestNothingIsDrawnWhileNoWordChanges(t *testing.T) {
	play(t, with(10), 0, func(g *stage) {
		old := time.Now().Add(-3 * time.Hour)
		g.agent.Change(func(st *api.Status) {
			for i := range st.Accounts {
				st.Accounts[i].LastSync = old
			}
		})
		settle()
		before := g.paper.draws()
		time.Sleep(10 * time.Minute)
		if n := g.paper.draws() - before; n > 20 {
			g.Errorf("drawn %d times in ten minutes", n)
		}
		g.agent.Change(func(st *api.Status) { st.Accounts = nil })
		settle()
		before = g.paper.draws()
		time.Sleep(10 * time.Minute)
		if n := g.paper.draws() - before; n > 0 {
			g.Errorf("drawn %d times without an account", n)
		}
	})
}

func TestRowsWantedWhileOthersComeArriveToo(t *testing.T) {
	play(t, with(100_000), 0, func(g *stage) {
		g.agent.Slow("Messages", 100*time.Millisecond)
		rows := g.paper.state().Rows
		rows.At(250)
		rows.At(350)
		time.Sleep(150 * time.Millisecond) // the first is here, the second on its way
		rows.At(70_000)
		settle()
		if _, ok := rows.At(70_000); !ok {
			g.Error("rows that were wanted late never come")
		}
	})
}

func TestRowsThatCannotBeHadAreNotAskedForWithoutEnd(t *testing.T) {
	play(t, with(1000), 0, func(g *stage) {
		rows := g.paper.state().Rows
		g.agent.Fail("Messages", &mail.Fault{Code: mail.CodeStoreBroken, Class: mail.ClassLocal})
		before := len(g.agent.Queries())
		for range 100 { // each is drawn again after the answer
			rows.At(500)
			time.Sleep(50 * time.Millisecond)
		}
		if n := len(g.agent.Queries()) - before; n > 5 {
			g.Errorf("asked %d times in five seconds", n)
		}
		g.agent.Fail("Messages", nil)
		g.agent.Tell(api.Event{Kind: "counts"})
		settle()
		rows.At(500)
		settle()
		if _, ok := rows.At(500); !ok {
			g.Error("never asked again")
		}
	})
}

func TestANewAgentIsReadThoughTheOldOneIsSlow(t *testing.T) {
	play(t, with(10), 0, func(g *stage) {
		old := g.agent
		old.Slow("Status", time.Hour)
		old.Tell(api.Event{Kind: "counts"})
		settle() // a reading waits
		heir := sample(20)
		g.setAgent(heir)
		old.Tell(api.Event{Kind: api.KindHandover})
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if st := g.paper.state(); st.Rows.Len() != 20 {
			g.Errorf("%d rows are shown", st.Rows.Len())
		}
	})
}
