package bodytext

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of HTML.
const (
	maxQuote = 8   // levels of quotation that are marked
	maxURL   = 120 // bytes of an address that is shown whole
)

// fromHTMLText turns HTML into text. It goes through the tokens one by one, so
// that nesting, closed or not, costs nothing. Text that is meant to be hidden
// is left out, unless it is all there is.
func fromHTMLText(src string) string {
	if s := render(src, true); strings.TrimSpace(s) != "" {
		return s
	}
	return render(src, false)
}

func render(src string, hide bool) string {
	z := html.NewTokenizer(strings.NewReader(src))
	p := &page{hide: hide}
	for p.out.Len() <= MaxText {
		switch z.Next() {
		case html.ErrorToken: // the end
			return p.out.String()
		case html.TextToken:
			p.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			p.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(atom.Lookup(name))
		case html.CommentToken, html.DoctypeToken:
		}
	}
	return p.out.String()
}

// page is the text that is being made.
type page struct {
	out    strings.Builder
	lines  int  // line ends that are due before the next word
	space  bool // so is a space
	pre    int
	quotes int

	raw     atom.Atom // an element whose text is never shown, until its end
	hide    bool
	hidden  atom.Atom // an element that the sender hid
	hiddenN int       // how many of it are open

	href     string // of the link that is open
	linkFrom int    // where its text begins
}

func (p *page) start(t html.Token) {
	if p.hidden != 0 {
		if t.DataAtom == p.hidden && t.Type == html.StartTagToken {
			p.hiddenN++
		}
		return
	}
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Title, atom.Iframe, atom.Noembed, atom.Noframes:
		if t.Type == html.StartTagToken {
			p.raw = t.DataAtom
		}
		return
	case atom.Br:
		p.lines++
		return
	case atom.Hr:
		p.block(2)
		p.text("---")
		p.block(2)
		return
	case atom.Img:
		if alt := strings.TrimSpace(attr(t, "alt")); alt != "" {
			p.text("[" + alt + "]")
		}
		return
	}
	if p.hide && t.Type == html.StartTagToken && isHidden(t) {
		p.hidden, p.hiddenN = t.DataAtom, 1
		return
	}
	switch t.DataAtom {
	case atom.A:
		p.closeLink()
		p.href, p.linkFrom = attr(t, "href"), p.out.Len()
	case atom.Pre:
		p.block(1)
		p.pre++
	case atom.Blockquote:
		p.block(2)
		p.quotes++
	case atom.Li:
		p.block(1)
		p.text("• ")
	case atom.Td, atom.Th:
		p.space = true
	default:
		p.block(gap(t.DataAtom))
	}
}

func (p *page) end(a atom.Atom) {
	if p.hidden != 0 {
		if a == p.hidden {
			if p.hiddenN--; p.hiddenN == 0 {
				p.hidden = 0
			}
		}
		return
	}
	if p.raw == a {
		p.raw = 0
		return
	}
	switch a {
	case atom.A:
		p.closeLink()
	case atom.Pre:
		p.pre = max(0, p.pre-1)
		p.block(1)
	case atom.Blockquote:
		p.block(2)
		p.quotes = max(0, p.quotes-1)
	default:
		p.block(gap(a))
	}
}

// gap is how many line ends stand around an element; 0 for one within a line.
func gap(a atom.Atom) int {
	switch a {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Dl, atom.Table:
		return 2
	case atom.Div, atom.Tr, atom.Li, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer,
		atom.Main, atom.Nav, atom.Aside, atom.Address, atom.Center, atom.Figure, atom.Form, atom.Fieldset, atom.Body:
		return 1
	default:
		return 0
	}
}

// block sees that at least n line ends stand before the next word.
func (p *page) block(n int) { p.lines = max(p.lines, n) }

func (p *page) text(s string) {
	if p.raw != 0 || p.hidden != 0 {
		return
	}
	if p.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				p.lines++
			}
			p.word(strings.TrimRight(line, "\r"))
		}
		return
	}
	if s == "" {
		return
	}
	if isSpace(s[0]) {
		p.space = true
	}
	for i, f := range strings.FieldsFunc(s, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) }) {
		if i > 0 {
			p.space = true
		}
		p.word(f)
	}
	if isSpace(s[len(s)-1]) {
		p.space = true
	}
}

// word writes s after the line ends or the space that are due.
func (p *page) word(s string) {
	if s == "" {
		return
	}
	switch {
	case p.lines > 0 || p.out.Len() == 0:
		if p.out.Len() > 0 {
			p.out.WriteString(strings.Repeat("\n", min(p.lines, 3)))
		}
		if p.quotes > 0 {
			p.out.WriteString(strings.Repeat(">", min(p.quotes, maxQuote)) + " ")
		}
	case p.space:
		p.out.WriteByte(' ')
	}
	p.lines, p.space = 0, false
	p.out.WriteString(s)
}

// closeLink writes where the open link leads, unless its text says so already.
func (p *page) closeLink() {
	href := p.href
	p.href = ""
	u, err := url.Parse(strings.TrimSpace(href))
	if href == "" || err != nil {
		return
	}
	shown := strings.TrimSpace(p.out.String()[min(p.linkFrom, p.out.Len()):])
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		href = u.String()
		if shown == href || shown == u.Host+u.Path || strings.TrimRight(href, "/") == shown {
			return
		}
		if len(href) > maxURL {
			href = u.Scheme + "://" + u.Host + "/…"
		}
	case "mailto":
		if href = u.Opaque; shown == href || len(href) > maxURL {
			return
		}
	default:
		return
	}
	p.space = true
	p.word("<" + href + ">")
}

func attr(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// isHidden tells what senders hide from the eye: words for the previews of
// other mail programs, and traps.
func isHidden(t html.Token) bool {
	if isVoid(t.DataAtom) || t.DataAtom == 0 || t.DataAtom == atom.Body || t.DataAtom == atom.Html {
		return false
	}
	for _, a := range t.Attr {
		if a.Key == "hidden" {
			return true
		}
		if a.Key == "style" {
			s := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
			if strings.Contains(s, "display:none") || strings.Contains(s, "visibility:hidden") {
				return true
			}
		}
	}
	return false
}

func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Col, atom.Embed, atom.Input, atom.Link, atom.Meta, atom.Source, atom.Track, atom.Wbr:
		return true
	default:
		return false
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }
