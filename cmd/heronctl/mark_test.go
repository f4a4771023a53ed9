package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

func TestMark(t *testing.T) {
	for _, c := range []struct {
		args        string
		add, remove string
		ids         int
	}{
		{"work INBOX 17 16 --seen", "seen", "", 2},
		{"work INBOX 17 id:203 --unseen --flagged", "flagged", "seen", 2},
		{"id:204 id:203 --unflagged --answered --keyword $Work --keyword to,do", "$work answered to,do", "flagged", 2},
	} {
		f := sample()
		o := try(t, &fakes{worker: f}, strings.Fields("message mark "+c.args)...)
		join := func(fs mail.Flags) string {
			var out []string
			for _, x := range fs {
				out = append(out, string(x))
			}
			return strings.Join(out, " ")
		}
		if o.code != 0 || join(f.action.Add) != c.add || join(f.action.Remove) != c.remove || len(f.action.IDs) != c.ids || f.action.Kind != mail.ActFlags {
			t.Errorf("%s: exit %d, %+v, %s", c.args, o.code, f.action, o.errOut)
		}
	}
	if o := try(t, &fakes{worker: sample()}, strings.Fields("message mark work INBOX 17 99 --seen")...); o.code != 6 {
		t.Errorf("a message that is not there: exit %d", o.code)
	}
	f := sample()
	f.result.Op = 0
	if o := try(t, &fakes{worker: f}, strings.Fields("message mark work INBOX 17 --seen --json")...); o.out != `{"op":0,"ops":[],"state":"done"}`+"\n" {
		t.Errorf("nothing to change: %s", o.out)
	}
}

func TestMarkWaits(t *testing.T) {
	words := strings.Fields("message mark work INBOX 17 --seen --json --wait")
	f := sample()
	f.op = api.Op{ID: 5, Account: "work", State: mail.OpDone}
	if o := try(t, &fakes{worker: f}, words...); o.code != 0 || o.out != `{"op":5,"ops":[5],"state":"done"}`+"\n" {
		t.Errorf("done: exit %d, %s%s", o.code, o.out, o.errOut)
	}
	f.op.State, f.op.Fault = mail.OpFailed, string(mail.CodeRefusedCommand)
	if o := try(t, &fakes{worker: f}, words...); o.code != 1 || !strings.Contains(o.errOut, `"command-refused"`) || o.out != "" {
		t.Errorf("taken back: exit %d, %s%s", o.code, o.out, o.errOut)
	}
	f.op = api.Op{}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		o := try(t, &fakes{worker: f}, append(words, "--timeout", "3s")...)
		if took := time.Since(began); o.code != 4 || took != 3*time.Second || !strings.Contains(o.errOut, `"timeout"`) {
			t.Errorf("no answer: exit %d after %v, %s", o.code, took, o.errOut)
		}
		f.ops[0].Account = "home" // which has a problem
		if o := try(t, &fakes{worker: f}, append(words, "--timeout", "3s")...); o.code != 4 || !strings.Contains(o.errOut, `"unknown-host"`) {
			t.Errorf("no answer, and why: exit %d, %s", o.code, o.errOut)
		}
	})
}

// TestWhyNothingCameBack: who waited in vain is told what keeps this action from the
// server now, and not of another that was refused days ago.
func TestWhyNothingCameBack(t *testing.T) {
	problem := func(code mail.Code, class mail.Class, ago time.Duration) api.Problem {
		return api.Problem{Code: code, Class: class, Account: "work", Since: now.Add(-ago)}
	}
	refused := problem(mail.CodeRefusedCommand, mail.ClassProtocol, 48*time.Hour)
	folder := problem(mail.CodeFolderRefused, mail.ClassProtocol, time.Minute)
	host := problem(mail.CodeUnknownHost, mail.ClassOffline, time.Hour)
	limit := problem(mail.CodeThrottled, mail.ClassLimit, time.Minute)
	news := problem(mail.CodeGivenUp, mail.ClassLimit, time.Second) // of another action
	news.News = true
	for _, c := range []struct {
		name     string
		problems []api.Problem
		met      mail.Code // by the action itself
		want     mail.Code
	}{
		{"a stale one", []api.Problem{refused}, "", mail.CodeTimeout},
		{"one of another folder", []api.Problem{folder}, "", mail.CodeTimeout},
		{"news of another action", []api.Problem{news}, "", mail.CodeTimeout},
		{"no network", []api.Problem{refused, host, folder}, "", mail.CodeUnknownHost},
		{"the newest", []api.Problem{limit, host}, "", mail.CodeThrottled},
		{"its own", []api.Problem{refused, host}, mail.CodeRefusedCommand, mail.CodeRefusedCommand},
		{"its own is over", []api.Problem{host}, mail.CodeConnectionLost, mail.CodeUnknownHost},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := sample()
				f.op, f.ops[0].Fault = api.Op{}, string(c.met)
				f.status.Accounts[0].Problems = c.problems
				o := try(t, &fakes{worker: f}, strings.Fields("message mark work INBOX 17 --seen --json --wait --timeout 3s")...)
				if o.code == 0 || !strings.Contains(o.errOut, `"code":"`+string(c.want)+`"`) {
					t.Errorf("exit %d, %s; want %s", o.code, o.errOut, c.want)
				}
			})
		})
	}
}

// TestMarkAloneStaysForTheServer: a process that is the engine itself does not
// end with the change unsent, unless the server cannot be had.
func TestMarkAloneStaysForTheServer(t *testing.T) {
	words := strings.Fields("message mark work INBOX 17 --seen --json")
	op := func(s mail.OpState, tries int) api.Event {
		return api.Event{Kind: "op", Op: &api.Op{ID: 5, State: s, Tries: tries, Fault: string(mail.CodeRefusedCommand)}}
	}
	state := func(id mail.AccountID, s mail.State) api.Event {
		return api.Event{Kind: "account.state", Account: id, State: s}
	}
	for _, c := range []struct {
		name   string
		events []api.Event
		want   string
		took   time.Duration
		code   int
	}{
		{"sent", []api.Event{op(mail.OpWaiting, 0), op(mail.OpSending, 1), op(mail.OpDone, 1)}, `{"op":5,"ops":[5],"state":"done"}`, 0, 0},
		{"taken back", []api.Event{op(mail.OpSending, 1), op(mail.OpFailed, 1)}, "", 0, 1},
		{"tried in vain", []api.Event{op(mail.OpSending, 1), op(mail.OpWaiting, 1)}, `{"op":5,"ops":[5],"state":"waiting"}`, 0, 0},
		{"offline", []api.Event{state("work", mail.StateConnecting), state("work", mail.StateOffline)}, `{"op":5,"ops":[5],"state":"waiting"}`, 0, 0},
		{"another account is offline", []api.Event{state("home", mail.StateOffline), op(mail.OpSending, 1), op(mail.OpDone, 1)}, `{"op":5,"ops":[5],"state":"done"}`, 0, 0},
		{"slow", []api.Event{op(mail.OpWaiting, 0)}, `{"op":5,"ops":[5],"state":"waiting"}`, sendGrace, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := sample()
				f.holding, f.events = true, c.events
				began := time.Now()
				o := try(t, &fakes{worker: f}, words...)
				if o.code != c.code || strings.TrimSpace(o.out) != c.want || time.Since(began) != c.took {
					t.Errorf("exit %d after %v: %s%s", o.code, time.Since(began), o.out, o.errOut)
				}
			})
		})
	}
}

// TestMarkAloneInTwoAccounts: what keeps one account's action back does not keep
// the other's.
func TestMarkAloneInTwoAccounts(t *testing.T) {
	f := sample()
	f.holding, f.result = true, api.ActionResult{Op: 5, Ops: []mail.OpID{5, 6}}
	f.ops = []api.Op{{ID: 5, Account: "home", State: mail.OpWaiting}, {ID: 6, Account: "work", State: mail.OpWaiting}}
	f.events = []api.Event{
		{Kind: "account.state", Account: "home", State: mail.StateOffline},
		{Kind: "op", Op: &api.Op{ID: 6, State: mail.OpSending, Tries: 1}},
		{Kind: "op", Op: &api.Op{ID: 6, State: mail.OpDone, Tries: 1}},
		{Kind: "no more is read"},
	}
	o := try(t, &fakes{worker: f}, strings.Fields("message mark id:204 id:203 --seen --json")...)
	if o.code != 0 || strings.TrimSpace(o.out) != `{"op":5,"ops":[5,6],"state":"waiting"}` {
		t.Errorf("exit %d: %s%s", o.code, o.out, o.errOut)
	}
}
