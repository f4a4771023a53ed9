package i18n

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/heronmail/heron/assets"
)

// Printer says texts in one language. It may be used by several goroutines.
type Printer struct {
	tag  language.Tag
	loc  *goi18n.Localizer
	nums *message.Printer
}

// New returns a printer for a language tag such as "de" or "de_AT.UTF-8". For
// "" the language is that of LC_ALL, LC_MESSAGES or LANG. A language without
// texts is English. It fails only if the embedded catalogues are broken.
func New(lang string) (*Printer, error) {
	if lang == "" {
		lang = environment(os.Getenv)
	}
	b := goi18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	want := parse(lang)
	langs, err := Languages()
	if err != nil {
		return nil, err
	}
	tag, index, _ := language.NewMatcher(langs).Match(want)
	base := langs[index]
	for _, l := range []language.Tag{language.English, base} {
		if err := load(b, l); err != nil {
			return nil, err
		}
		if base == language.English {
			break
		}
	}
	return &Printer{
		tag:  base,
		loc:  goi18n.NewLocalizer(b, base.String(), language.English.String()),
		nums: message.NewPrinter(tag),
	}, nil
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

func load(b *goi18n.Bundle, l language.Tag) error {
	dir := path.Join("i18n", l.String())
	files, err := fs.ReadDir(assets.I18N, dir)
	if err != nil {
		return fmt.Errorf("reading the catalogue: %w", err)
	}
	for _, f := range files {
		text, err := fs.ReadFile(assets.I18N, path.Join(dir, f.Name()))
		if err != nil {
			return fmt.Errorf("reading the catalogue: %w", err)
		}
		// go-i18n takes the language from the name.
		if _, err := b.ParseMessageFileBytes(text, l.String()+".toml"); err != nil {
			return fmt.Errorf("catalogue %s/%s: %w", l, f.Name(), err)
		}
	}
	return nil
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
	c := &goi18n.LocalizeConfig{MessageID: id, TemplateData: data}
	if n, ok := data["Count"]; ok {
		c.PluralCount = n
		if s, err := p.loc.Localize(c); err == nil {
			return s
		}
		// The text has one form for every number.
		c.PluralCount = nil
	}
	s, err := p.loc.Localize(c)
	if err != nil && s == "" {
		return id
	}
	return s
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
