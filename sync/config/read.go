package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/heronmail/heron/sync/mail"
)

// maxFile bounds what is read of one settings file, in bytes.
const maxFile = 1 << 20

func readAccount(path string, id mail.AccountID) (mail.Account, *mail.Problem, error) {
	var file accountFile
	p, err := readTOML(path, &file)
	if err != nil || p != nil {
		return mail.Account{}, p, err
	}
	a := file.account(id)
	if err := Validate(a); err != nil {
		return mail.Account{}, broken(path, "", whyInvalid(err)), nil
	}
	return a, nil, nil
}

// whyInvalid says what Validate found, for the text of a problem.
func whyInvalid(err error) string {
	f := mail.FaultOf(err)
	switch f.Code {
	case mail.CodeBadAddress:
		return fmt.Sprintf("address %q is no mail address", f.Args["address"])
	case mail.CodePlaintextRefused:
		return "security is plain, and allow_plaintext is not set"
	default:
		return f.Args["text"]
	}
}

// readTOML fills v from a file. A missing file leaves v alone; one that cannot
// be read or understood is told as a problem. The error is one of the folder.
func readTOML(path string, v any) (*mail.Problem, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, diskFault(path, err)
	case !info.Mode().IsRegular():
		return broken(path, "", "this is no file"), nil
	case info.Size() > maxFile:
		return broken(path, "", fmt.Sprintf("larger than %d bytes", maxFile)), nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return broken(path, "", "it may not be read"), nil
	}
	if err != nil {
		return nil, diskFault(path, err)
	}
	// Notepad begins a file with a byte order mark.
	text := strings.TrimPrefix(string(b), "\ufeff")
	meta, err := toml.Decode(text, v)
	if err != nil {
		line, why := explain(text, err)
		return broken(path, line, why), nil
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return broken(path, lineOf(text, extra[0]), fmt.Sprintf("unknown key %q", extra[0].String())), nil
	}
	return nil, nil
}

var typeError = regexp.MustCompile(`^toml: line (\d+) (.*)$`)

// explain takes the line out of what the decoder says: it has it as a field
// for a syntax error, and in the text for a value of the wrong type.
func explain(file string, err error) (line, text string) {
	var pe toml.ParseError
	if errors.As(err, &pe) && pe.Message != "" {
		// Its own line is one too far when the line's end is what is wrong.
		before := file[:min(max(pe.Position.Start, 0), len(file))]
		return strconv.Itoa(1 + strings.Count(before, "\n")), pe.Message
	}
	text = err.Error()
	if m := typeError.FindStringSubmatch(text); m != nil {
		return m[1], m[2]
	}
	return "", strings.TrimPrefix(text, "toml: ")
}

// lineOf finds the line a key stands on, "" if it does not stand plainly.
func lineOf(text string, key toml.Key) string {
	last := key[len(key)-1]
	for i, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		rest, ok := strings.CutPrefix(l, last)
		if ok && strings.HasPrefix(strings.TrimSpace(rest), "=") || strings.Trim(l, "[] ") == key.String() {
			return strconv.Itoa(i + 1)
		}
	}
	return ""
}

func broken(path, line, text string) *mail.Problem {
	return &mail.Problem{Code: mail.CodeSettingsBroken, Class: mail.ClassLocal, Args: mail.Args{
		"path": path, "line": line, "text": text,
	}}
}

// setAside copies a broken file to .bak, so that the next save cannot lose what
// the user wrote, and adds the copy's name to the problem.
func setAside(path string, p *mail.Problem) {
	backup := path + ".bak"
	if err := copyFile(path, backup); err != nil {
		backup = "" // the file itself is still there; only the copy is missing
	}
	p.Args["backup"] = backup
}

// copyFile copies a file unless the copy is the same already. One that is far
// larger than settings are becomes a second name of the same data: a save
// replaces the file and leaves the data.
func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("no file")
	}
	if info.Size() > maxFile {
		if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Link(from, to)
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(to); err == nil && bytes.Equal(old, b) {
		return nil
	}
	return writeFile(to, b)
}

// goodPath is where the copy of a file is kept that could last be read.
func goodPath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".good")
}

// keepGood renews that copy. It is only a net: when it cannot be written, the
// file itself has still been read.
func keepGood(path string) { _ = copyFile(path, goodPath(path)) }
