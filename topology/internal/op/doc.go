// Package op holds the runtime of the DSL: one operator per file. An operator
// is made for one task from the function that takes its results, and is itself
// a function that takes records, so a task's operators are nested calls on one
// goroutine.
//
// An operator owns one record that it fills and passes on, so nothing is
// allocated per record. A record is therefore valid only during the call, and
// who receives it must not change it: it goes to all children in turn.
//
// A user's function sees a null as described by the package topology. Before it
// is called, Env.Node names its node.
package op
