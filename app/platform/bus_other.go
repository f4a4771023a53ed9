//go:build windows || darwin

package platform

// LaunchNoBus does nothing: there is no session bus here.
func LaunchNoBus() error { return nil }
