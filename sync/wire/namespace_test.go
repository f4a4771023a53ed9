package wire

import (
	"reflect"
	"testing"
)

func TestNamespaces(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []Prefix
		of   map[string]Whose
	}{
		"Dovecot": {
			`(("" "/")) NIL nil`,
			[]Prefix{{"", "/", Personal}},
			map[string]Whose{"INBOX": Personal, "Work/Plans": Personal},
		},
		"Courier": {
			`(("INBOX." ".")) NIL (("#shared." ".")("shared." "."))`,
			[]Prefix{{"INBOX.", ".", Personal}, {"#shared.", ".", Shared}, {"shared.", ".", Shared}},
			map[string]Whose{"inbox": Personal, "Inbox.Trash": Personal, "shared": Shared, "shared.team.Trash": Shared, "sharedness": Personal},
		},
		"Cyrus, everything else is shared": {
			`(("INBOX." ".")) (("user." ".")) (("" "."))`,
			[]Prefix{{"INBOX.", ".", Personal}, {"user.", ".", Others}, {"", ".", Shared}},
			map[string]Whose{"INBOX": Personal, "INBOX.Sent": Personal, "user.ann": Others, "user": Others, "news.go": Shared},
		},
		"one prefix twice": {
			`(("" "/")) NIL (("" "/"))`,
			[]Prefix{{"", "/", Personal}, {"", "/", Shared}},
			map[string]Whose{"Sent": Personal},
		},
		"no delimiter, an extension, UTF-7": {
			`(("#M&APw-ll" NIL "X-PARAM" ("a" "b"))) NIL nil`,
			[]Prefix{{"#Müll", "", Personal}},
			map[string]Whose{"#Müll": Personal, "else": Personal},
		},
		"nonsense": {`x (y) ("z")`, nil, map[string]Whose{"y": Personal}},
	} {
		got, err := ParseNamespace(parsed(t, "* NAMESPACE "+c.in+"\r\n"))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		for box, whose := range c.of {
			if p := NamespaceOf(box, got); p.Whose != whose {
				t.Errorf("%s: %s is in %+v", name, box, p)
			}
		}
	}
	if _, err := ParseNamespace(parsed(t, "* LIST () NIL a\r\n")); err == nil {
		t.Error("a LIST is read as NAMESPACE")
	}
}

// TestHostileNames: whatever a server calls a mailbox, its name comes back to
// it in one piece, and as no more than a name.
func TestHostileNames(t *testing.T) {
	c := connect(t, `
	C: a LIST "" "*"
	S: * LIST () "/" "../../x"
	S: * LIST () "/" {14}\r\na\r\nX LOGOUT\r\nb
	S: * LIST () "/" "&AAA-nul"
	S: * LIST () "/" "&ICg-&IC4-"
	S: * LIST () "/" "bell`+"\x07"+`"
	S: * LIST () "/" "quo\"te\\"
	S: * LIST () "/" "100%*"
	S: * XLIST (\HasNoChildren) "/" "R&D"
	S: a OK
	C: b STATUS "../../x" (MESSAGES)
	C: c STATUS {14}
	S: b OK
	S: + go on
	C:  a
	C:  X LOGOUT
	C:  b (MESSAGES)
	C: d STATUS "&AAA-nul" (MESSAGES)
	C: e STATUS "&ICg-&IC4-" (MESSAGES)
	C: f STATUS "bell`+"\x07"+`" (MESSAGES)
	C: g STATUS "quo\"te\\" (MESSAGES)
	C: h STATUS "100%*" (MESSAGES)
	C: i STATUS "R&D" (MESSAGES)
	S: c OK
	S: d OK
	S: e OK
	S: f OK
	S: g OK
	S: h OK
	S: i OK
	drain`, nil)
	var names []string
	if _, err := c.Do(t.Context(), `LIST "" "*"`, func(r *Response) error {
		d, err := ParseList(r)
		if err == nil {
			names = append(names, d.Name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"../../x", "a\r\nX LOGOUT\r\nb", "\x00nul", "\u2028\u202e", "bell\x07", `quo"te\`, "100%*", "R&D"}
	if !reflect.DeepEqual(names, want) {
		t.Fatalf("%q", names)
	}
	var cmds []string
	for _, n := range names {
		cmds = append(cmds, "STATUS "+c.Mailbox(n)+" (MESSAGES)")
	}
	if err := c.Burst(t.Context(), cmds, nil); err != nil {
		t.Error(err)
	}
}
