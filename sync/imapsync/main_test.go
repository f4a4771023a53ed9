package imapsync

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/heronmail/heron/sync/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// storeFile is what a store is in.
const storeFile = "heron.db"

// empty is the file of a store with nothing in it. To make one takes the race
// detector most of a second.
var empty = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "heron-empty-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := store.Open(context.Background(), dir, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, storeFile))
})

// emptyStore is a folder, until the test ends, with a store in it that is as new.
func emptyStore(t *testing.T) string {
	t.Helper()
	file, err := empty()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, storeFile), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
