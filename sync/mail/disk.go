package mail

import (
	"errors"
	"io/fs"
	"runtime"
	"syscall"
)

// DiskCode names what err of the file system means to a person: disk-full when
// there is no room to write, by the disk, a quota or a limit of file sizes;
// read-only when nothing may be written there; "" for everything else.
func DiskCode(err error) Code {
	is := func(codes ...error) bool {
		for _, c := range codes {
			if errors.Is(err, c) {
				return true
			}
		}
		return false
	}
	switch {
	case is(syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG):
		return CodeDiskFull
	case is(syscall.EROFS, syscall.ENOTDIR, fs.ErrPermission):
		return CodeReadOnly
	}
	var n syscall.Errno
	if runtime.GOOS == "windows" && errors.As(err, &n) {
		return windowsDiskCode(n)
	}
	return ""
}

// windowsDiskCode is DiskCode for the system errors of Windows, whose numbers
// are none of those that package syscall gives names to.
func windowsDiskCode(n syscall.Errno) Code {
	const (
		writeProtect      = 19   // ERROR_WRITE_PROTECT
		handleDiskFull    = 39   // ERROR_HANDLE_DISK_FULL
		diskFull          = 112  // ERROR_DISK_FULL
		fileTooLarge      = 223  // ERROR_FILE_TOO_LARGE
		diskQuotaExceeded = 1295 // ERROR_DISK_QUOTA_EXCEEDED
	)
	switch n {
	case handleDiskFull, diskFull, fileTooLarge, diskQuotaExceeded:
		return CodeDiskFull
	case writeProtect:
		return CodeReadOnly
	default:
		return ""
	}
}
