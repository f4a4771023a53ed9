package alert

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/heronmail/heron/sync/i18n"
)

func TestClean(t *testing.T) {
	a := clean(Alert{
		Title: "Ann\x1b[31m\u202E\nLee" + strings.Repeat("x", 500),
		Body:  "one\r\ntwo\x00\u2066" + strings.Repeat("ä", 5000),
		Open:  strings.Repeat("o", 80),
	})
	if !strings.HasPrefix(a.Title, "Ann [31m Leexx") || utf8.RuneCountInString(a.Title) != maxTitle {
		t.Errorf("title %q", a.Title)
	}
	if !strings.HasPrefix(a.Body, "one\ntwoää") || utf8.RuneCountInString(a.Body) != maxBody {
		t.Errorf("body %q", a.Body)
	}
	if utf8.RuneCountInString(a.Open) != maxLabel {
		t.Errorf("label %q", a.Open)
	}
}

func TestForMessage(t *testing.T) {
	p, err := i18n.New("en")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		m           Message
		hide        bool
		title, body string
	}{
		"whole":   {Message{"Ann Lee", "Lunch?", "Are you\nfree", "Receipts · work"}, false, "Ann Lee", "Lunch?\nAre you free\nReceipts · work"},
		"bare":    {Message{}, false, "No sender", "No subject"},
		"hidden":  {Message{"Ann", "Lunch?", "Are", "Receipts · work"}, true, "1 new message", "Receipts · work"},
		"hostile": {Message{From: "\u202Emoc\nx", Subject: "<b>\x07"}, false, "moc x", "<b>"},
	}
	for name, tt := range tests {
		a := ForMessage(p, tt.m, tt.hide)
		if a.Title != tt.title || a.Body != tt.body || a.Open != "Open" || a.MarkRead != "Mark read" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// Whatever a sender writes at length, folder and account can be read.
func TestALongSubjectLeavesRoom(t *testing.T) {
	p, err := i18n.New("en")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("ä", 1000)
	a := clean(ForMessage(p, Message{From: long, Subject: long, Preview: long, Place: "Receipts · work"}, false))
	got := strings.Split(a.Body, "\n")
	if len(got) != 3 || utf8.RuneCountInString(got[0]) != maxSubject || utf8.RuneCountInString(got[1]) != maxPreview || got[2] != "Receipts · work" {
		t.Errorf("body %q", a.Body)
	}
	a = clean(ForMessage(p, Message{Subject: long, Preview: long, Place: long}, false))
	if n := utf8.RuneCountInString(a.Body); n != maxBody {
		t.Errorf("%d runes, want all of %d to fit", n, maxBody)
	}
}

func TestForMany(t *testing.T) {
	p, err := i18n.New("en")
	if err != nil {
		t.Fatal(err)
	}
	ms := []Message{{From: "A", Subject: "1"}, {From: "B", Subject: "2"}, {From: "C", Subject: "3"}, {From: "D"}, {}}
	a := ForMany(p, ms, false)
	if a.Title != "5 new messages" || a.Body != "A: 1\nB: 2\nC: 3\nand 2 more" {
		t.Errorf("%+v", a)
	}
	if a := ForMany(p, ms, true); a.Title != "5 new messages" || a.Body != "" {
		t.Errorf("hidden: %+v", a)
	}
}

func TestToastXML(t *testing.T) {
	hostile := `"]]></text><action arguments="x"/> & $(calc)`
	text, err := toastXML(Alert{Title: hostile, Body: "two\nlines", Open: "Open", MarkRead: `Mark "read"`}, "h1")
	if err != nil {
		t.Fatal(err)
	}
	var toast struct {
		Launch string   `xml:"launch,attr"`
		Texts  []string `xml:"visual>binding>text"`
		Action []struct {
			Content   string `xml:"content,attr"`
			Arguments string `xml:"arguments,attr"`
		} `xml:"actions>action"`
	}
	if err := xml.Unmarshal([]byte(text), &toast); err != nil {
		t.Fatal(err)
	}
	if len(toast.Texts) != 2 || toast.Texts[0] != hostile || toast.Texts[1] != "two\nlines" || len(toast.Action) != 2 {
		t.Fatalf("%s\n%+v", text, toast)
	}
	if a, ok := parseToastArgument(toast.Launch); !ok || a != (Action{"h1", DoesOpen}) {
		t.Errorf("launch %q", toast.Launch)
	}
	if a, ok := parseToastArgument(toast.Action[0].Arguments); !ok || a != (Action{"h1", DoesMarkRead}) {
		t.Errorf("action %q", toast.Action[0].Arguments)
	}
	for _, s := range []string{"", "open", "delete h1"} {
		if a, ok := parseToastArgument(s); ok {
			t.Errorf("%q was taken as %+v", s, a)
		}
	}
}
