package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"unsafe"

	"golang.org/x/sys/windows"
)

// listenSleep hints at each time that Windows wakes from sleep, until ctx ends.
func listenSleep(ctx context.Context, log *slog.Logger, slept chan<- struct{}) {
	const (
		deviceNotifyCallback          = 2    // DEVICE_NOTIFY_CALLBACK
		pbtApmResumeAutomatic         = 0x12 // told at each wake, also when nobody is there
		noError               uintptr = 0
	)
	power := windows.NewLazySystemDLL("powrprof.dll")
	register, unregister := power.NewProc("PowerRegisterSuspendResumeNotification"), power.NewProc("PowerUnregisterSuspendResumeNotification")
	if err := errors.Join(register.Find(), unregister.Find()); err != nil {
		log.Info("the system does not tell of sleep; the clock does", "error", err)
		return
	}
	// DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS
	params := struct{ callback, context uintptr }{callback: windows.NewCallback(func(_, kind, _ uintptr) uintptr {
		if kind == pbtApmResumeAutomatic {
			hint(slept)
		}
		return noError
	})}
	var handle uintptr
	code, _, _ := register.Call(deviceNotifyCallback, uintptr(unsafe.Pointer(&params)), uintptr(unsafe.Pointer(&handle))) //nolint:gosec // how Windows takes a struct
	if code != noError {
		log.Info("the system does not tell of sleep; the clock does", "error", windows.Errno(code))
		return
	}
	<-ctx.Done()
	if code, _, _ := unregister.Call(handle); code != noError {
		log.Warn("the system was not told to be silent of sleep", "error", windows.Errno(code))
	}
}

// listenNetwork hints at each change of an address or a route that Windows tells
// of, until ctx ends.
func listenNetwork(ctx context.Context, changed chan<- struct{}) error {
	callback := windows.NewCallback(func(_, _, _ uintptr) uintptr {
		hint(changed)
		return 0 // nobody reads it
	})
	var addresses, routes windows.Handle
	if err := windows.NotifyUnicastIpAddressChange(windows.AF_UNSPEC, callback, nil, false, &addresses); err != nil {
		return fmt.Errorf("addresses: %w", err)
	}
	if err := windows.NotifyRouteChange2(windows.AF_UNSPEC, callback, nil, false, &routes); err != nil {
		return errors.Join(fmt.Errorf("routes: %w", err), windows.CancelMibChangeNotify2(addresses))
	}
	<-ctx.Done()
	return errors.Join(windows.CancelMibChangeNotify2(addresses), windows.CancelMibChangeNotify2(routes))
}
