package oncestream

import "fmt"

// State is what an App is doing.
type State uint8

// The states, and the legal moves between them:
//
//	Created -> Rebalancing <-> Running
//	Rebalancing, Running -> Stopping -> Stopped
//	any of them -> Failed
const (
	// Created: Run wasn't called yet.
	Created State = iota
	// Rebalancing: some worker waits for its assignment or restores state. Tasks
	// that are ready run all the same.
	Rebalancing
	// Running: every task of this process is processing.
	Running
	// Stopping: Run's context has ended; the last commit is on its way.
	Stopping
	// Stopped: Run has returned nil.
	Stopped
	// Failed: Run has returned, or is about to return, an error.
	Failed
)

// String returns the state's name in lower case.
func (s State) String() string {
	names := [...]string{"created", "rebalancing", "running", "stopping", "stopped", "failed"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// next reports whether a move from s to t is legal.
func (s State) next(t State) bool {
	switch t {
	case Rebalancing:
		return s == Created || s == Running
	case Running:
		return s == Rebalancing
	case Stopping:
		return s == Rebalancing || s == Running
	case Stopped:
		return s == Stopping
	case Failed:
		return s != Stopped && s != Failed
	}
	return false
}
