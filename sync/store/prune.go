package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

const (
	keepChanges    = 30 * 24 * time.Hour
	keepChangeRows = 100_000
	keepEnded      = 30 * 24 * time.Hour // ops that ended, alerts that were withdrawn
	pruneEvery     = 6 * time.Hour
	pruneStep      = 500 // messages a transaction, so that nobody waits long for the writer
)

// pruneSometimes prunes when the last time is long ago. It needs no timer:
// where nothing is written nothing grows.
func (s *Store) pruneSometimes(ctx context.Context) {
	if s.now().Sub(time.Unix(0, s.lastPrune.Load())) < pruneEvery {
		return
	}
	if err := s.prune(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn("pruning failed; it is tried again later", "err", err)
	}
}

// prune forgets what is too old to be of use.
func (s *Store) prune(ctx context.Context) error {
	now := s.now()
	s.lastPrune.Store(now.UnixNano())
	_, err := s.write(ctx, "prune the log", func(t *tx) error {
		if _, err := t.exec(`DELETE FROM changes WHERE rev <= ? OR time < ?`,
			int64(t.rev)-keepChangeRows, nanos(now.Add(-keepChanges))); err != nil {
			return err
		}
		ended := nanos(now.Add(-keepEnded))
		for _, q := range []string{
			`DELETE FROM ops WHERE ended > 0 AND ended < ?`,
			`UPDATE alerts SET sender = '', subject = '' WHERE withdrawn > 0 AND withdrawn < ? AND subject <> ''`,
		} {
			if _, err := t.exec(q, ended); err != nil {
				return err
			}
		}
		return nil
	})
	for more := true; err == nil && more; {
		more, err = s.purge(ctx, now)
	}
	if err != nil {
		return err
	}
	return s.sweep(ctx)
}

// purge deletes some messages that were in limbo for too long, and mailboxes
// that are gone and that none of these refers to. It reports whether there
// may be more.
func (s *Store) purge(ctx context.Context, now time.Time) (bool, error) {
	n := 0
	_, err := s.write(ctx, "purge", func(t *tx) error {
		ids, err := list(t, scanID[mail.MessageID],
			`SELECT id FROM messages WHERE mailbox IS NULL AND NOT `+awaited+` AND lost < ? LIMIT ?`, nanos(now.Add(-limboFor)), pruneStep)
		if err != nil {
			return err
		}
		n = len(ids)
		s.removeAfter(t, ids)
		for _, id := range ids {
			for _, q := range []string{`DELETE FROM texts WHERE rowid = ?`, `DELETE FROM messages WHERE id = ?`} {
				if _, err := t.exec(q, int64(id)); err != nil {
					return err
				}
			}
		}
		_, err = t.exec(`DELETE FROM mailboxes WHERE gone > 0 AND gone < ?
			AND id NOT IN (SELECT lost_from FROM messages WHERE mailbox IS NULL)`, nanos(now.Add(-limboFor)))
		return err
	})
	return n == pruneStep, err
}

// sweep removes body files that are not recorded: a crash came between the
// file and its record, or its removal failed.
func (s *Store) sweep(ctx context.Context) error {
	dirs, err := os.ReadDir(filepath.Join(s.dir, bodiesName))
	if err != nil {
		return fault(s.dir, "sweep", err)
	}
	for _, d := range dirs {
		dir := filepath.Join(s.dir, bodiesName, d.Name())
		files, err := os.ReadDir(dir)
		if err != nil {
			return fault(dir, "sweep", err)
		}
		for _, f := range files {
			if err := s.sweepFile(ctx, filepath.Join(dir, f.Name())); err != nil {
				return fault(dir, "sweep", err)
			}
		}
	}
	return nil
}

func (s *Store) sweepFile(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it went by itself
	}
	if err != nil {
		return err
	}
	if s.now().Sub(info.ModTime()) < time.Hour {
		return nil // it is being written right now
	}
	name, _ := strings.CutSuffix(filepath.Base(path), ".eml")
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		kept, err := query(ctx, s.read, scanID[int64], `SELECT id FROM messages WHERE id = ? AND body IS NOT NULL`, id)
		if err != nil || len(kept) > 0 {
			return err
		}
	}
	return os.Remove(path)
}
