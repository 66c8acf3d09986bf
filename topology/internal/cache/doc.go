// Package cache is the record caches of a task: which rows of a store were
// changed without that having been passed on, and what they were before.
//
// The rows themselves are in the store, whose open transaction has each of them
// once however often it changes. So nothing is read through a cache, and all that
// it holds is lost together with the transaction's state where that is dropped.
package cache
