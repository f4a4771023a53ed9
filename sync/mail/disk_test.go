package mail

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
)

func TestDiskCode(t *testing.T) {
	for err, want := range map[error]Code{
		syscall.ENOSPC: CodeDiskFull,
		&fs.PathError{Op: "write", Err: syscall.EDQUOT}: CodeDiskFull,
		fmt.Errorf("so: %w", syscall.EFBIG):             CodeDiskFull,
		syscall.EROFS:                                   CodeReadOnly,
		syscall.ENOTDIR:                                 CodeReadOnly,
		syscall.EACCES:                                  CodeReadOnly,
		syscall.EIO:                                     "",
		fs.ErrNotExist:                                  "",
		errors.New("other"):                             "",
	} {
		if got := DiskCode(err); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}
