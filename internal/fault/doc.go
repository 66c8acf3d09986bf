// Package fault names the points at which crash tests kill the process, and the
// safety measures that the mutation check turns off. In a normal build every
// function here is an empty one that the compiler removes; only builds with the
// tags failpoint and mutation read the environment.
package fault
