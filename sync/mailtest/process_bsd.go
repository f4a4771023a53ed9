//go:build unix && !linux

package mailtest

import "syscall"

// endWithParent does nothing: the kernel cannot tell a process of its parent's
// end here. A killed test leaves its server running.
func endWithParent(*syscall.SysProcAttr) {}
