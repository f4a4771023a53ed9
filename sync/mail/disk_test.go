package mail

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
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

// Pure, so that it is tested everywhere; DiskCode asks it on Windows alone.
func TestWindowsDiskCode(t *testing.T) {
	for n, want := range map[syscall.Errno]Code{
		39: CodeDiskFull, 112: CodeDiskFull, 223: CodeDiskFull, 1295: CodeDiskFull,
		19: CodeReadOnly,
		0:  "", 2: "", 32: "",
	} {
		if got := windowsDiskCode(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	for _, n := range []syscall.Errno{112, 39} {
		err := &fs.PathError{Op: "write", Path: "x", Err: n}
		if got := DiskCode(err); (got == CodeDiskFull) != (runtime.GOOS == "windows") {
			t.Errorf("%d is %q on %s", n, got, runtime.GOOS)
		}
	}
}
