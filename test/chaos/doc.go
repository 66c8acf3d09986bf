// Package chaos kills, freezes and revives applications on a real broker while
// their input flows, and has an independent auditor recompute from the input
// what the output must be.
//
// The size is set by the environment: ONCESTREAM_CHAOS_RECORDS is how many
// input records there are at least, ONCESTREAM_CHAOS_KILLS how often each of
// the three processes is killed, and ONCESTREAM_CHAOS_SEED, which every run
// prints, makes the same records and the same order of faults. At which step
// of a process a fault hits isn't reproduced by a seed: that's decided by the
// machine's load.
package chaos
