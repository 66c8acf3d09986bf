// Package storetest is the conformance suite of state stores: what holds for every
// engine, whether it's on disk or in memory.
package storetest
