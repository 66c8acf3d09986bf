//go:build mutation

package fault

import "os"

// Mutation reports whether ONCESTREAM_MUTATION names the safety measure: the
// crash test must then fail.
func Mutation(name string) bool { return os.Getenv("ONCESTREAM_MUTATION") == name }
