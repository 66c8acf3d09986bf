//go:build !mutation

package fault

// Mutation reports whether the named safety measure is turned off. It's always
// false outside of the mutation check.
func Mutation(string) bool { return false }
