package i18n

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/heronmail/heron/assets"
)

// Printer says texts in one language. It may be used by several goroutines.
// Only the areas that are asked for take memory: the agent says little of what
// the command line does.
type Printer struct {
	tag  language.Tag
	nums *message.Printer

	mu    sync.Mutex
	areas map[source]*goi18n.Localizer // nil: there is none
}

// source is one file of texts.
type source struct {
	lang language.Tag
	area string
}

// New returns a printer for a language tag such as "de" or "de_AT.UTF-8". For
// "" the language is that of LC_ALL, LC_MESSAGES or LANG. A language without
// texts is English. It fails only if the embedded catalogues are missing.
func New(lang string) (*Printer, error) {
	if lang == "" {
		lang = environment(os.Getenv)
	}
	langs, err := Languages()
	if err != nil {
		return nil, err
	}
	tag, index, _ := language.NewMatcher(langs).Match(parse(lang))
	return &Printer{
		tag: langs[index], nums: message.NewPrinter(tag),
		areas: map[source]*goi18n.Localizer{},
	}, nil
}

// texts returns the texts of an area, nil if there are none.
func (p *Printer) texts(s source) *goi18n.Localizer {
	p.mu.Lock()
	defer p.mu.Unlock()
	loc, ok := p.areas[s]
	if !ok {
		// A file that cannot be read is like one that is not there: its ids show
		// as they are. A test reads them all.
		loc, _ = load(s)
		p.areas[s] = loc
	}
	return loc
}

// Languages lists the languages that have texts, English first.
func Languages() ([]language.Tag, error) {
	dirs, err := fs.ReadDir(assets.I18N, "i18n")
	if err != nil {
		return nil, fmt.Errorf("reading the catalogues: %w", err)
	}
	out := []language.Tag{language.English}
	for _, d := range dirs {
		if t := language.Make(d.Name()); d.IsDir() && t != language.English {
			out = append(out, t)
		}
	}
	return out, nil
}

func load(s source) (*goi18n.Localizer, error) {
	name := path.Join("i18n", s.lang.String(), s.area+".toml")
	text, err := fs.ReadFile(assets.I18N, name)
	if err != nil {
		return nil, fmt.Errorf("reading a catalogue: %w", err)
	}
	b := goi18n.NewBundle(s.lang)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	// go-i18n takes the language from the name.
	if _, err := b.ParseMessageFileBytes(text, s.lang.String()+".toml"); err != nil {
		return nil, fmt.Errorf("catalogue %s: %w", name, err)
	}
	return goi18n.NewLocalizer(b, s.lang.String()), nil
}

// environment follows POSIX: the first that is set decides.
func environment(getenv func(string) string) string {
	for _, k := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(k); v != "" {
			return v
		}
	}
	return ""
}

// parse reads "de_AT.UTF-8@euro" as de-AT; what it cannot read is English.
func parse(s string) language.Tag {
	s, _, _ = strings.Cut(s, ".")
	s, _, _ = strings.Cut(s, "@")
	if s == "" || s == "C" || s == "POSIX" {
		return language.English
	}
	t, err := language.Parse(strings.ReplaceAll(s, "_", "-"))
	if err != nil {
		return language.English
	}
	return t
}

// Lang is the language that texts are said in, as a BCP 47 tag.
func (p *Printer) Lang() string { return p.tag.String() }

// T says the text of an id. args are pairs of a name and its value, for
// {{.Name}} in the text; an int named Count picks the plural form and is
// written as a plain number. An id without a text is returned as it is.
func (p *Printer) T(id string, args ...any) string {
	data := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		data[fmt.Sprint(args[i])] = args[i+1]
	}
	area, _, _ := strings.Cut(id, ".")
	for _, lang := range []language.Tag{p.tag, language.English} {
		if loc := p.texts(source{lang, area}); loc != nil {
			if text, ok := localize(loc, id, data); ok {
				return text
			}
		}
	}
	return id
}

func localize(loc *goi18n.Localizer, id string, data map[string]any) (string, bool) {
	c := &goi18n.LocalizeConfig{MessageID: id, TemplateData: data}
	if n, ok := data["Count"]; ok {
		c.PluralCount = n
		if s, err := loc.Localize(c); err == nil {
			return s, true
		}
		// The text has one form for every number.
		c.PluralCount = nil
	}
	s, err := loc.Localize(c)
	return s, err == nil
}

// Number writes n with the language's grouping.
func (p *Printer) Number(n int) string { return p.nums.Sprintf("%d", n) }

// Clock writes a time of day.
func (p *Printer) Clock(t time.Time) string { return t.Format(p.T("i18n.clock-layout")) }

// Ago says when t was, seen from now: relative under an hour, the clock today,
// the weekday within a week, else the date. The zero time is "".
func (p *Printer) Ago(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(now.Location())
	switch d := now.Sub(t); {
	case d >= 0 && d < 2*time.Second:
		return p.T("i18n.just-now")
	case d >= 0 && d < time.Minute:
		return p.T("i18n.seconds-ago", "Count", int(d.Seconds()))
	case d >= 0 && d < time.Hour:
		return p.T("i18n.minutes-ago", "Count", int(d.Minutes()))
	}
	return p.When(t, now)
}

// When says when t is without words like "ago", for lists: the clock today,
// the weekday within the last week, else the date.
func (p *Printer) When(t, now time.Time) string {
	t = t.In(now.Location())
	y, m, d := now.Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, now.Location())
	switch {
	case !t.Before(today) && t.Before(today.AddDate(0, 0, 1)):
		return p.Clock(t)
	case t.Before(today) && t.After(today.AddDate(0, 0, -6)):
		return p.T(fmt.Sprintf("i18n.weekday.%d", t.Weekday()))
	default:
		return t.Format(p.T("i18n.date-layout"))
	}
}

// Until says how long it is from now to t ("in 20 s", "in 4 min", "at 15:04"),
// rounded up: it is never over before that.
func (p *Printer) Until(t, now time.Time) string {
	secs := ceil(t.Sub(now), time.Second)
	mins := ceil(t.Sub(now), time.Minute)
	switch {
	case secs <= 0:
		return p.T("i18n.now")
	case secs < 60:
		return p.T("i18n.in-seconds", "Count", secs)
	case mins < 60:
		return p.T("i18n.in-minutes", "Count", mins)
	default:
		return p.T("i18n.at", "Time", p.Clock(t.In(now.Location())))
	}
}

// ceil is how many whole units cover d; less than one for none.
func ceil(d, unit time.Duration) int {
	n := d / unit
	if d%unit > 0 {
		n++
	}
	return int(n)
}
