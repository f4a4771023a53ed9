package desktop

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Screenshot writes the whole screen to a PNG file. It needs ImageMagick.
func (s *Session) Screenshot(path string) error {
	return s.tool("imagemagick", "import", "-window", "root", path)
}

// ScreenText reads what stands on the screen as a person would, by OCR, after
// the picture was enlarged. Words come back as they are, spaces and order not
// surely so.
func (s *Session) ScreenText() (string, error) {
	shot := filepath.Join(s.Dir, "screen.png")
	if err := s.Screenshot(shot); err != nil {
		return "", err
	}
	large := filepath.Join(s.Dir, "screen-large.png")
	if err := s.tool("imagemagick", "convert", shot, "-colorspace", "Gray", "-resize", "250%", large); err != nil {
		return "", err
	}
	out, err := s.Command("tesseract", large, "-", "--psm", "11", "-l", "eng").Output()
	if err != nil {
		return "", fmt.Errorf("tesseract (package tesseract-ocr): %w", err)
	}
	return string(out), nil
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
