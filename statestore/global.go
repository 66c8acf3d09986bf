package statestore

import (
	"errors"
	"fmt"
	"time"
)

// globalSpace is in front of the names of global stores: a store of a task that had
// the same name before has other offsets. Names of stores have no slash.
const globalSpace = "global/"

// Global is the state of a global store: the rows of all partitions of a topic, of
// which each process keeps a copy. A row belongs to no partition, so they are in one
// store, and beside it is the position that was reached in each partition.
//
// One goroutine writes, which is the one that calls its methods. Any number of
// others read with readers of their own, see [DB.GlobalReader].
type Global struct {
	db *DB
	// rows is partition 0 of the store in the engine. Position p is in the checkpoint
	// of partition p+1, which has no entries.
	rows      *Store
	positions []*Store
}

// Global opens the state of a global store for the only writer. The topic has that
// many partitions; one that has come since the store was last open has no position.
// Only key-value stores can be global.
func (db *DB) Global(spec Spec, partitions int32) (*Global, error) {
	spec, err := globalSpec(spec)
	if err != nil {
		return nil, err
	}
	g := &Global{db: db}
	for p := range partitions + 1 {
		s, err := db.Store(spec, p)
		if err != nil {
			g.Close()
			return nil, err
		}
		if p == 0 {
			g.rows = s
		} else {
			g.positions = append(g.positions, s)
		}
	}
	return g, nil
}

func globalSpec(spec Spec) (Spec, error) {
	if spec.Kind.segmented() {
		return spec, fmt.Errorf("store %q: a %v can't be global, key-value stores can", spec.Name, spec.Kind)
	}
	if err := spec.Validate(); err != nil {
		return spec, err
	}
	spec.Name = globalSpace + spec.Name
	return spec, nil
}

// GlobalReader returns a view of a global store's rows for one goroutine. It shows
// what the writer has committed, at once and without waiting for it, and can't be
// written to. It needs no Close, and is of no use after that of the DB.
func (db *DB) GlobalReader(spec Spec) (*Store, error) {
	spec, err := globalSpec(spec)
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	s, err := db.storeLocked(spec, 0)
	if err != nil {
		return nil, err
	}
	s.reader = true
	return s, nil
}

// Rows returns the store to write to. Its writes are those of the open transaction
// until Commit.
func (g *Global) Rows() *Store { return g.rows }

// Follow says which topic the rows are made of from now on. It returns false if the
// engine holds those of another one: the state has to be wiped.
func (g *Global) Follow(topic string) bool {
	same := true
	for _, s := range g.positions {
		same = s.Follow(topic) && same
	}
	return same
}

// Offset returns the offset to apply next of a partition of the topic; not ok where
// nothing is known of it.
func (g *Global) Offset(partition int32) (next int64, ok bool) {
	return g.positions[partition].Offset()
}

// AppliedAt returns the wall clock of the commit that Offset belongs to, or the zero
// time.
func (g *Global) AppliedAt(partition int32) time.Time { return g.positions[partition].AppliedAt() }

// Commit applies the open transaction and the offset to apply next of one partition
// of the topic, both or neither. It doesn't wait for the disk: after a crash the last
// commits may be gone, rows and offsets alike. After an error the writes of the open
// transaction are gone.
func (g *Global) Commit(partition int32, next int64) (err error) {
	position := g.positions[partition]
	defer func() {
		if err != nil {
			g.rows.Discard()
			position.Discard()
		}
	}()
	b := g.db.NewBatch()
	defer func() { err = errors.Join(err, b.Close()) }()
	if !g.rows.overlay.empty() {
		// The rows have no offset of their own.
		if err := g.rows.Stage(b, 0); err != nil {
			return err
		}
	}
	if err := position.Stage(b, next); err != nil {
		return err
	}
	if err := b.Commit(); err != nil {
		return err
	}
	g.rows.Applied()
	position.Applied()
	return nil
}

// Discard drops the writes of the open transaction.
func (g *Global) Discard() { g.rows.Discard() }

// Wipe drops the rows and all positions. After a crash all of it may be back.
func (g *Global) Wipe() error {
	all := append([]*Store{g.rows}, g.positions...)
	b := g.db.NewBatch()
	for _, s := range all {
		if err := s.stageWipe(b); err != nil {
			return errors.Join(s.wrap("wipe", err), b.Close())
		}
	}
	if err := errors.Join(b.Commit(), b.Close()); err != nil {
		return g.rows.wrap("wipe", err)
	}
	for _, s := range all {
		s.wiped()
	}
	return nil
}

// Close drops the open transaction and lets the store be opened again. It may be
// called more than once.
func (g *Global) Close() {
	if g.rows != nil {
		g.rows.Close()
	}
	for _, s := range g.positions {
		s.Close()
	}
}
