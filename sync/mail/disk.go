package mail

import (
	"errors"
	"io/fs"
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
	default:
		return ""
	}
}
