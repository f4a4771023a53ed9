package mailtest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// verb is what a step of a transcript does.
type verb int

const (
	sendLine verb = iota
	sendRaw
	closeConn
	resetConn
	pause
	wait
	startTLS
	expectLine
	expectLiteral
	expectClose
	expectAnything
)

// step is a line of a transcript.
type step struct {
	verb  verb
	line  int           // in the transcript, from 1
	text  string        // as it stands after "S: " or "C: "
	raw   string        // of sendRaw
	pause time.Duration // of pause
}

func (s step) String() string {
	who := "S"
	if s.verb >= expectLine {
		who = "C"
	}
	return who + ": " + s.text
}

// directive matches a text that is one, and splits it.
var directive = regexp.MustCompile(`^<([a-z]+)(?: (.*))?>$`)

// parseTranscript splits a transcript into the parts of its connections.
func parseTranscript(text string) ([][]step, error) {
	parts := [][]step{nil}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimLeft(strings.TrimSuffix(line, "\r"), " \t")
		last := len(parts) - 1
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case line == "---":
			parts = append(parts, nil)
		default:
			st, err := parseStep(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %q: %w", i+1, line, err)
			}
			st.line = i + 1
			parts[last] = append(parts[last], st)
		}
	}
	for i, p := range parts {
		if len(p) == 0 {
			return nil, fmt.Errorf("part %d is empty", i+1)
		}
	}
	return parts, nil
}

func parseStep(line string) (step, error) {
	who, text, ok := strings.Cut(line, ":")
	if !ok || who != "S" && who != "C" {
		return step{}, errors.New("neither S: nor C: in front")
	}
	st := step{verb: sendLine, text: strings.TrimPrefix(text, " ")}
	if who == "C" {
		st.verb = expectLine
	}
	m := directive.FindStringSubmatch(st.text)
	if m == nil {
		return st, nil
	}
	verbs := map[string]verb{
		"S close": closeConn, "S reset": resetConn, "S pause": pause, "S wait": wait, "S raw": sendRaw,
		"S starttls": startTLS, "C literal": expectLiteral, "C close": expectClose, "C anything": expectAnything,
	}
	if st.verb, ok = verbs[who+" "+m[1]]; !ok {
		return step{}, errors.New("no such directive")
	}
	var err error
	switch st.verb {
	case pause:
		st.pause, err = time.ParseDuration(m[2])
	case sendRaw:
		st.raw, err = strconv.Unquote(m[2])
	default:
		if m[2] != "" {
			err = errors.New("this directive takes nothing")
		}
	}
	return st, err
}
