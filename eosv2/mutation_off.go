//go:build !mutation

package eosv2

// fencingOff and offsetsOutside exist for the mutation check, which breaks a
// guarantee on purpose to see the crash test fail. They are constant in every
// build but that one.
func fencingOff() bool { return false }

func offsetsOutside() bool { return false }
