// Package task is the runtime: it executes a topology's plan as tasks.
//
// A Task is one partition of one sub-topology with its operators and stores. A
// Worker is a goroutine that owns some tasks, one membership in the consumer
// group, and one transactional producer; it processes records in the order of
// their timestamps and commits state, output and input offsets of all its tasks
// in one transaction. The life of a task and the steps of a commit, with what
// happens when the process dies between any two of them, are in docs/design.md.
//
// Users meet this package only through the types that package oncestream
// re-exports.
package task
