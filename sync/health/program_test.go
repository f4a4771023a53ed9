package health

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

func TestALoggerTellsMoreWhenAsked(t *testing.T) {
	for debug, want := range map[string]string{"": "WARN", "1": "DEBUG"} {
		t.Setenv("HERON_DEBUG", debug)
		var out bytes.Buffer
		log := Logger(&out)
		for _, l := range []slog.Level{slog.LevelDebug, slog.LevelWarn} {
			log.Log(t.Context(), l, "asked ann@example.org")
		}
		if first, _, _ := strings.Cut(out.String(), " asked"); !strings.HasSuffix(first, want) {
			t.Errorf("HERON_DEBUG=%q: the first line is %q", debug, first)
		}
		if strings.Contains(out.String(), "ann@") {
			t.Errorf("an address is logged: %s", out.String())
		}
	}
}

func TestAProgramSaysWhyItCannotGoOn(t *testing.T) {
	p, err := i18n.New("en")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	Say(&out, p, "heron", mail.Problem{Code: mail.CodeNoDisplay, Class: mail.ClassLocal})
	if lines := strings.Split(out.String(), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[0], "heron: ") {
		t.Errorf("it says %q", out.String())
	}
}
