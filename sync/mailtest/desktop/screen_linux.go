package desktop

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Screenshot writes the whole screen to a file; its ending says the format. It
// needs ImageMagick.
func (s *Session) Screenshot(path string) error {
	return s.tool("imagemagick", "import", "-window", "root", "-depth", "8", path)
}

// word is a word that OCR found, with its place on the screen in pixels.
type word struct {
	text       string
	line       string // words of one line have the same
	x, y, w, h int
}

// enlarge is how much the picture grows before OCR: screens have fewer pixels a
// letter than the scans that OCR was made for.
const enlarge = 3

// words reads what stands on the screen as a person would.
func (s *Session) words() ([]word, error) {
	shot := filepath.Join(s.Dir, "screen.ppm") // packing a PNG takes longer than reading it
	if err := s.Screenshot(shot); err != nil {
		return nil, err
	}
	large := filepath.Join(s.Dir, "screen-large.pgm")
	if err := s.tool("imagemagick", "convert", shot, "-depth", "8", "-colorspace", "Gray", "-resize", fmt.Sprintf("%d%%", enlarge*100), large); err != nil {
		return nil, err
	}
	cmd := s.Command("tesseract", large, "-", "--psm", "11", "-l", "eng", "tsv")
	cmd.Env = append(cmd.Env, "OMP_THREAD_LIMIT=1")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("tesseract (package tesseract-ocr): %w", err)
	}
	var words []word
	for _, row := range strings.Split(string(out), "\n") {
		// level page block paragraph line word left top width height confidence text
		f := strings.Split(row, "\t")
		if len(f) != 12 || f[0] != "5" || strings.TrimSpace(f[11]) == "" {
			continue
		}
		w := word{text: f[11], line: strings.Join(f[1:5], ".")}
		for i, n := range []*int{&w.x, &w.y, &w.w, &w.h} {
			if *n, err = strconv.Atoi(f[6+i]); err != nil {
				return nil, fmt.Errorf("tesseract wrote %q: %w", row, err)
			}
			*n /= enlarge
		}
		words = append(words, w)
	}
	return words, nil
}

// ScreenText is what stands on the screen, a line each.
func (s *Session) ScreenText() (string, error) {
	words, err := s.words()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	line := ""
	for _, w := range words {
		if w.line != line {
			b.WriteByte('\n')
			line = w.line
		} else {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return strings.TrimSpace(b.String()), nil
}

// ClickText clicks the place on the screen where the words stand in one line,
// with the case they have: a line of just these words if there is one, as a
// button has, else the first place.
func (s *Session) ClickText(text string) error {
	words, err := s.words()
	if err != nil {
		return err
	}
	want := strings.Fields(text)
	length := map[string]int{} // words a line
	for _, w := range words {
		length[w.line]++
	}
	best := -1
	for i := range words {
		if !standsAt(words, i, want) {
			continue
		}
		if length[words[i].line] == len(want) {
			best = i
			break
		}
		if best < 0 {
			best = i
		}
	}
	if best < 0 {
		return fmt.Errorf("%q does not stand on the screen", text)
	}
	w := words[best]
	_, err = s.Xdotool("mousemove", strconv.Itoa(w.x+w.w/2), strconv.Itoa(w.y+w.h/2), "click", "1")
	return err
}

// standsAt reports whether the words from i on are the wanted ones, in a line.
func standsAt(words []word, i int, want []string) bool {
	if i+len(want) > len(words) {
		return false
	}
	for j, text := range want {
		if words[i+j].line != words[i].line || words[i+j].text != text {
			return false
		}
	}
	return true
}

// Xdotool types and clicks on the session's display.
func (s *Session) Xdotool(args ...string) (string, error) {
	cmd := s.Command("xdotool", args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("xdotool %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Windows lists the visible windows whose title matches a regular expression.
func (s *Session) Windows(title string) []string {
	out, err := s.Command("xdotool", "search", "--onlyvisible", "--name", title).Output()
	if err != nil {
		return nil // xdotool exits with 1 when it finds none
	}
	return strings.Fields(string(out))
}

func (s *Session) tool(pkg, name string, args ...string) error {
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("%s is not installed: install the package %s", name, pkg)
	}
	if out, err := s.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
