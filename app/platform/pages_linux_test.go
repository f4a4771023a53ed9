package platform

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestProgramRange(t *testing.T) {
	const file = "/opt/a heron/heron"
	for line, want := range map[string]bool{
		"00400000-00c8d000 r-xp 00000000 08:01 42                         /opt/a heron/heron":    true,
		"00c8d000-0151b000 r--p 0088d000 08:01 42                         /opt/a heron/heron":    true,
		"0151b000-01664000 rw-p 0111b000 08:01 42                         /opt/a heron/heron":    false,
		"7f0000000000-7f0000001000 r-xp 00000000 08:01 43                 /opt/a heron/heron.so": false,
		"7f0000000000-7f0000001000 r--p 00000000 00:00 0":                                        false,
		"7f0000000000-7f0000001000 r--p 00000000 00:00 0                  [vvar]":                false,
		"c8d000-400000 r-xp 00000000 08:01 42                             /opt/a heron/heron":    false,
		"zz r-xp 00000000 08:01 42                                        /opt/a heron/heron":    false,
		"": false,
	} {
		if from, to, ok := programRange(line, file); ok != want {
			t.Errorf("%q: %x-%x, %v", line, from, to, ok)
		}
	}
}

// The program goes on as if nothing had been, with less of it mapped.
func TestReleaseProgram(t *testing.T) {
	touch(t)
	before := mappedOfProgram(t)
	if err := ReleaseProgram(); err != nil {
		t.Fatal(err)
	}
	after := mappedOfProgram(t)
	if before == 0 || after >= before {
		t.Errorf("%d kB of the program were mapped, and then %d", before, after)
	}
}

// touch maps all of the program's text, as a long run would in time.
func touch(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(self); err != nil { // into the page cache: more is mapped at a touch
		t.Fatal(err)
	}
}

// mappedOfProgram is how much of the executable's unwritable parts is resident,
// in kB.
func mappedOfProgram(t *testing.T) (sum int) {
	t.Helper()
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	ours := false
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if strings.Contains(sc.Text(), "-") && strings.Contains(sc.Text(), "p ") {
			_, _, ours = programRange(sc.Text(), self)
		}
		if rest, ok := strings.CutPrefix(sc.Text(), "Rss:"); ok && ours {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return sum
}
