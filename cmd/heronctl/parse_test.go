package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/i18n"
)

// TestParseErrorsInBothLanguages holds each form that kong's errors take with
// our commands.
func TestParseErrorsInBothLanguages(t *testing.T) {
	for _, c := range []struct{ args, en, de string }{
		{"frobnicate", "frobnicate is not expected here. (see heronctl --help)", "frobnicate wird hier nicht erwartet. (siehe heronctl --help)"},
		{"stat", "stat is not expected here. Did you mean status?", "stat wird hier nicht erwartet. Meinten Sie status?"},
		{"sta watc", "sta is not expected here. Did you mean status?", "sta wird hier nicht erwartet. Meinten Sie status?"},
		{"status extra", "extra is not expected here. (see heronctl status --help)", "extra wird hier nicht erwartet."},
		{"status -- --x", "--x is not expected here.", "--x wird hier nicht erwartet."},
		{"a a", "a is not expected here. Did you mean account, activity, alerts, op?", "Meinten Sie account, activity, alerts, op?"},
		{"status --bogus-flag", "There is no flag --bogus-flag here. (", "Die Option --bogus-flag gibt es hier nicht. ("},
		{"status --formt x", "There is no flag --formt here. Did you mean --format?", "Die Option --formt gibt es hier nicht. Meinten Sie --format?"},
		{"alerts pause -5m", "There is no flag -5 here.", "Die Option -5 gibt es hier nicht."},
		{"account", "A command is missing, one of add, list, ", "Es fehlt ein Befehl, einer von add, list, "},
		{"--", "A command is missing, one of account, sync, watch, status, folder, message, search, activity, ", "Es fehlt ein Befehl, einer von account, "},
		{"account add", "Still missing: ADDRESS. (see heronctl account add --help)", "Es fehlt noch: ADRESSE."},
		{"message list", "Still missing: ID PATH.", "Es fehlt noch: ID PFAD."},
		{"message list work", "Still missing: PATH.", "Es fehlt noch: PFAD."},
		{"message mark", "Still missing: ID PATH UID....", "Es fehlt noch: ID PFAD UID...."},
		{"status --format", "--format lacks its value.", "--format fehlt der Wert."},
		{"watch --since", "--since lacks its value.", "--since fehlt der Wert."},
		{"demo --for", "--for lacks its value.", "--for fehlt der Wert."},
		{"message mark id:1 --keyword", "--keyword lacks its value.", "--keyword fehlt der Wert."},
		{"status --format --version", "--format takes a value, and --version looks like a flag. If it is the value, write --format=--version.", "--format braucht einen Wert, und --version sieht aus wie eine Option. Ist es der Wert, schreiben Sie --format=--version."},
		{"watch --since -5", "--since takes a value, and -5 looks like a flag. If it is the value, write --since=-5.", "--since braucht einen Wert, und -5 sieht aus wie eine Option."},
		{"watch --since soon", "--since takes a whole number, not soon.", "--since nimmt eine ganze Zahl, nicht soon."},
		{"account add a@b.example --port 99999999999999999999", "--port takes a whole number, not 9999", "--port nimmt eine ganze Zahl, nicht 9999"},
		{"alerts pause soon", "DURATION takes a duration such as 30s, 45m or 8h, not soon.", "DAUER nimmt eine Dauer wie 30s, 45m oder 8h, nicht soon."},
		{`demo --for so"on`, `--for takes a duration such as 30s, 45m or 8h, not so"on.`, `--for nimmt eine Dauer wie 30s, 45m oder 8h, nicht so"on.`},
		{"message mark id:1 --seen=maybe", "--seen takes no value, or true or false; not maybe.", "--seen nimmt keinen Wert, oder true oder false; nicht maybe."},
		{"--help=maybe", "--help takes no value", "--help nimmt keinen Wert"},
		{"status --format yaml", "--format takes one of plain, waybar, i3blocks; not yaml.", "--format nimmt eines von plain, waybar, i3blocks; nicht yaml."},
		{"message mark id:1 --seen --unseen", "--seen and --unseen exclude each other.", "--seen und --unseen schließen einander aus."},
	} {
		args := strings.Fields(c.args)
		for lang, want := range map[string]string{"en": c.en, "de": c.de} {
			in := func(e *env) { e.Lang = lang }
			o := tryIn(t.Context(), t, &fakes{worker: sample()}, in, args...)
			if o.code != 2 || o.out != "" || !strings.Contains(o.errOut, want) {
				t.Errorf("%s, %s: exit %d, %q, want %q", lang, c.args, o.code, o.errOut, want)
			}
			o = tryIn(t.Context(), t, &fakes{worker: sample()}, in, append([]string{"--json"}, args...)...)
			var e errorLine
			if err := json.Unmarshal([]byte(o.errOut), &e); err != nil || o.code != 2 || e.Error.Code != "usage" || !strings.Contains(e.Error.Text, want) {
				t.Errorf("%s, --json %s: exit %d, %s (%v), want %q", lang, c.args, o.code, o.errOut, err, want)
			}
			if strings.Contains(o.errOut, "Something is wrong") || strings.Contains(o.errOut, "stimmt etwas nicht") {
				t.Errorf("%s, %s: no words of its own", lang, c.args)
			}
		}
	}
}

func TestAnUnknownParseErrorNamesTheWord(t *testing.T) {
	p, err := i18n.New("de")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`unexpected flag argument "blue"`: "Bei blue stimmt etwas nicht.",
		"something new about blue":        "Bei blue stimmt etwas nicht.",
	} {
		if got := parseText(p, nil, text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestMistakesAndHelpAreInTheLanguageOfTheSettings(t *testing.T) {
	dir := ""
	in := func(e *env) {
		e.Connector = func(d string) (connector, error) {
			dir = d
			return germanSettings{&fakes{}}, nil
		}
	}
	for args, want := range map[string]string{
		"frobnicate --data-dir /x":     "wird hier nicht erwartet",
		"--data-dir=/x status --wrong": "gibt es hier nicht",
		"--data-dir /x status --help":  "Optionen jedes Befehls:",
	} {
		dir = ""
		o := tryIn(t.Context(), t, nil, in, strings.Fields(args)...)
		if dir != "/x" || !strings.Contains(o.out+o.errOut, want) {
			t.Errorf("%s: settings of %q, %s%s", args, dir, o.out, o.errOut)
		}
	}
}
