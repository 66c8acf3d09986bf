package driver

import (
	"errors"
	"slices"
	"time"

	"github.com/oncestream/oncestream/task"
)

// Now returns what the driver's wall clock shows.
func (d *Driver) Now() time.Time { return d.now }

// AdvanceWallClock moves the wall clock, which doesn't move otherwise. What
// processors have scheduled by it and is due then is called once, however far it
// moved. A commit is made if the commit interval has passed since the last one.
// What that makes visible and what has waited for the clock is processed.
func (d *Driver) AdvanceWallClock(by time.Duration) {
	d.tb.Helper()
	if d.err != nil {
		return
	}
	d.now = d.now.Add(by)
	d.fail(d.tick())
}

func (d *Driver) tick() error {
	for _, t := range d.tasks {
		if err := t.Punctuate(); err != nil {
			return err
		}
	}
	if d.now.Sub(d.lastCommit) >= d.commitInterval || slices.ContainsFunc(d.tasks, (*task.Task).CommitRequested) {
		if err := d.commit(); err != nil {
			return err
		}
	}
	return d.process()
}

// Commit commits the open transaction, and then processes what it has made
// visible to the topology, which with a commit interval is not yet committed.
func (d *Driver) Commit() {
	d.tb.Helper()
	if d.err != nil {
		return
	}
	err := d.commit()
	if err == nil {
		err = d.process()
	}
	d.fail(err)
}

// Disk says what becomes of the local state when a process ends.
type Disk uint8

// The cases.
const (
	// LoseDisk starts the next process without local state: everything comes back
	// from the changelogs. State of stores without a changelog is lost.
	LoseDisk Disk = iota
	// KeepDisk starts the next process over the state directory of the last: it
	// holds what was committed. Stores in memory come back from their changelogs.
	KeepDisk
)

// Crash kills the process and starts it again. What wasn't committed is gone:
// changes of state, output, and consumed positions, so its input is processed
// again. A driver of [New] that has failed goes on, with the same record if it
// wasn't committed.
func (d *Driver) Crash(disk Disk) {
	d.tb.Helper()
	if d.db == nil || d.err == errClosed {
		return
	}
	d.err = nil
	d.fail(d.restart(disk))
}

// Rebalance commits and moves all tasks to another process without local state.
func (d *Driver) Rebalance() {
	d.tb.Helper()
	if d.err != nil {
		return
	}
	if err := d.commit(); err != nil {
		d.fail(err)
		return
	}
	d.fail(d.restart(LoseDisk))
}

func (d *Driver) restart(disk Disk) error {
	if disk == LoseDisk {
		if err := d.endProcess(); err != nil {
			return err
		}
	} else {
		if err := d.wipeMemory(); err != nil {
			return err
		}
		if err := errors.Join(d.endTasks(), d.endGlobals()); err != nil {
			return err
		}
	}
	if err := d.startProcess(); err != nil {
		return err
	}
	return d.process()
}

// wipeMemory loses the stores that are not on the disk.
func (d *Driver) wipeMemory() error {
	for _, t := range d.tasks {
		for _, spec := range d.layout.Stores(t.ID()) {
			if !spec.InMemory {
				continue
			}
			s, err := t.Store(spec.Name)
			if err != nil {
				return err
			}
			if err := s.Wipe(); err != nil {
				return err
			}
		}
	}
	return nil
}
