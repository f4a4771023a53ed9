package imapsync

import (
	"fmt"
	"testing"

	"github.com/heronmail/heron/sync/wire"
)

// TestWhatIsToldWithoutEndIsNotKept: a server that agreed to NOTIFY tells of folders
// that nobody knows, without end. What it tells of some is kept; then all are asked for.
func TestWhatIsToldWithoutEndIsNotKept(t *testing.T) {
	t.Parallel()
	h := newHints()
	for i := range 3 * mostTold {
		name := fmt.Sprintf("folder%d", i)
		var got hint
		got.tell(wire.StatusData{Name: name, Messages: 1})
		got.rename("was "+name, name)
		h.set(got)
		h.prove(name)
	}
	told, much := h.takeTold()
	got := h.take()
	if len(told) != mostTold || !much || len(got.boxes) != mostTold || len(got.renamed) != mostTold || !got.folders {
		t.Errorf("kept are %d, %v, %d and %d, all are asked for: %v", len(told), much, len(got.boxes), len(got.renamed), got.folders)
	}
	h.prove("INBOX")
	if told, much := h.takeTold(); len(told) != 1 || much {
		t.Errorf("later it is told of %v, %v", told, much)
	}
}
