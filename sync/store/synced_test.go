package store

import (
	"context"
	"testing"
)

// TestActionsAreOnTheDisk: what the user does is synced before it counts, the mirror of
// what the server has is not.
func TestActionsAreOnTheDisk(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for name, c := range map[string]struct {
		write func(context.Context, string, func(*tx) error) error
		want  int // PRAGMA synchronous
	}{
		"an action": {func(ctx context.Context, doing string, f func(*tx) error) error {
			_, err := s.keep(ctx, doing, f)
			return err
		}, 2},
		"a batch": {func(ctx context.Context, doing string, f func(*tx) error) error {
			_, err := s.write(ctx, doing, f)
			return err
		}, 1},
	} {
		for range 2 { // one does not change the other
			level := 0
			if err := c.write(t.Context(), name, func(t *tx) error {
				return t.w.conn.QueryRowContext(t.ctx, "PRAGMA synchronous").Scan(&level)
			}); err != nil || level != c.want {
				t.Errorf("%s is written with synchronous %d, want %d, %v", name, level, c.want, err)
			}
		}
	}
}
