//go:build !failpoint

package fault

// Point marks a place between two steps of a protocol. A build with the tag
// failpoint dies here when ONCESTREAM_KILL names the point.
func Point(string) {}
