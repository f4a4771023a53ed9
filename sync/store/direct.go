package store

import (
	"context"
	"database/sql/driver"
	"errors"
)

// directStmt is a statement of the driver's.
type directStmt interface {
	driver.Stmt
	driver.StmtExecContext
}

var errDriver = errors.New("the driver's statements take no context")

// direct hands fill a way to run one statement many times, past database/sql, whose
// share of a first sync was a tenth. Values are int64 and string. Nothing else may
// use the transaction until fill returns. As for exec the text must be a constant.
func (t *tx) direct(query string, fill func(exec func(values []any) error) error) error {
	return t.w.conn.Raw(func(conn any) error {
		st, err := t.w.directly(t.ctx, conn, query)
		if err != nil {
			return err
		}
		var args []driver.NamedValue
		return fill(func(values []any) error {
			for len(args) < len(values) {
				args = append(args, driver.NamedValue{Ordinal: len(args) + 1})
			}
			for i, v := range values {
				args[i].Value = v
			}
			_, err := st.ExecContext(t.ctx, args[:len(values)])
			return err
		})
	})
}

// directly prepares a statement once.
func (w *writer) directly(ctx context.Context, conn any, query string) (directStmt, error) {
	if st := w.direct[query]; st != nil {
		return st, nil
	}
	c, ok := conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, errDriver
	}
	st, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	d, ok := st.(directStmt)
	if !ok {
		return nil, errors.Join(errDriver, st.Close())
	}
	w.direct[query] = d
	return d, nil
}
