//go:build windows || darwin

package platform

import "context"

// TellsLook reports whether the desktop tells programs if it is light or dark:
// here it always does.
func TellsLook(context.Context) bool { return true }
