package platform

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// ReleaseProgram lets go of the pages of our own executable that are mapped
// for reading. The kernel maps far more of them than are used, whole
// neighbourhoods at each first touch, and keeps them ours for good; those that
// are used come back from the page cache at their next use. Nothing that was
// ever written is touched.
func ReleaseProgram() error {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer func() { _ = maps.Close() }()
	var errs []error
	sc := bufio.NewScanner(maps)
	for sc.Scan() {
		from, to, ok := programRange(sc.Text(), self)
		if !ok {
			continue
		}
		if _, _, no := syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED); no != 0 {
			errs = append(errs, fmt.Errorf("release %d bytes: %w", to-from, no))
		}
	}
	return errors.Join(append(errs, sc.Err())...)
}

// programRange reads a line of /proc/self/maps, and reports whether it is a
// part of the file that cannot be written to.
func programRange(line, file string) (from, to uintptr, ok bool) {
	// from-to mode offset device inode path
	fields := strings.SplitN(line, " ", 5)
	if len(fields) < 5 || !strings.HasSuffix(line, " "+file) {
		return 0, 0, false
	}
	if mode := fields[1]; mode != "r-xp" && mode != "r--p" {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to)
	return from, to, err == nil && n == 2 && from < to
}
