package eosv2

import "github.com/oncestream/oncestream/internal/fault"

// fencingOff makes the transactional id unique per Init and leaves the group's
// generation and member out of the offsets. It exists for the mutation check,
// which breaks a guarantee on purpose to see the crash test fail, and is false in
// every build but that one.
func fencingOff() bool { return fault.Mutation("fencing") }

// offsetsOutside commits the offsets at once, outside of the transaction; for the
// mutation check as well.
func offsetsOutside() bool { return fault.Mutation("offsets") }
