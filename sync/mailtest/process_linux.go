package mailtest

import "syscall"

// endWithParent has the kernel stop the process when the thread that started it
// ends, so that a killed or panicking test leaves nothing behind. The caller
// keeps that thread alive, see startProcess.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
