//go:build mutation

package eosv2

import "os"

// fencingOff makes the transactional id unique per Init and leaves the group's
// generation and member out of the offsets.
func fencingOff() bool { return os.Getenv("ONCESTREAM_MUTATION") == "fencing" }

// offsetsOutside commits the offsets at once, outside of the transaction.
func offsetsOutside() bool { return os.Getenv("ONCESTREAM_MUTATION") == "offsets" }
