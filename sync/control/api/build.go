package api

import "runtime/debug"

// Dev is the version of a program that was built without one.
const Dev = "dev"

// Build names a program's build: the version that was linked into it, else
// that of its module, else Dev.
func Build(linked string) string {
	if linked != "" && linked != Dev {
		return linked
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return Dev
}
