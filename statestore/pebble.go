package statestore

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// pebbleEngine is the engine on disk.
type pebbleEngine struct {
	db *pebble.DB
	// closed guards against use after close, on which Pebble panics.
	closed atomic.Bool
	// dirty is set when something was committed since the last flush began: Pebble
	// would write an empty table otherwise.
	dirty    atomic.Bool
	flushing struct {
		sync.Mutex
		// done is closed when the flush that was started last has ended.
		done <-chan struct{}
	}
}

func openPebble(dir string, o Options) (*pebbleEngine, error) {
	// Pebble takes the memtables out of the cache's size; they get their own share,
	// or nothing would be left for blocks.
	cache := pebble.NewCache(o.CacheBytes + memTables*o.MemTableBytes)
	defer cache.Unref()
	db, err := openOrFail(dir, o.pebbleOptions(cache))
	if err != nil {
		return nil, fmt.Errorf("open state in %s: %w", dir, err)
	}
	return &pebbleEngine{db: db}, nil
}

// openOrFail makes an error of the engine's panic over a full disk, say: Pebble
// panics with the error and has cleaned up behind itself then. Other panics are
// bugs.
func openOrFail(dir string, o *pebble.Options) (db *pebble.DB, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			panic(r)
		case error:
			err = r
		default:
			panic(r)
		}
	}()
	return pebble.Open(dir, o)
}

func (e *pebbleEngine) get(key, dst []byte) ([]byte, bool, error) {
	if e.closed.Load() {
		return dst, false, ErrClosed
	}
	v, closer, err := e.db.Get(key)
	if err != nil {
		if errors.Is(err, pebble.ErrNotFound) {
			err = nil
		}
		return dst, false, err
	}
	dst = append(dst, v...)
	return dst, true, closer.Close()
}

func (e *pebbleEngine) scan(lower, upper []byte, visit func(key, value []byte) bool) (err error) {
	if e.closed.Load() {
		return ErrClosed
	}
	it, err := e.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if !visit(it.Key(), v) {
			return nil
		}
	}
	return nil // an iterator's Close returns the error that ended it
}

func (e *pebbleEngine) size(lower, upper []byte) (uint64, error) {
	if e.closed.Load() {
		return 0, ErrClosed
	}
	return e.db.EstimateDiskUsage(lower, upper)
}

func (e *pebbleEngine) flush() error {
	done, err := e.startFlush(true)
	if err != nil || done == nil {
		return err
	}
	<-done
	return nil
}

func (e *pebbleEngine) flushAsync() error {
	_, err := e.startFlush(false)
	return err
}

// startFlush returns a channel that's closed when all that was committed before
// the call is on disk, or nil where there's nothing to wait for. Unless forced, it
// leaves a flush that's still running alone.
func (e *pebbleEngine) startFlush(force bool) (<-chan struct{}, error) {
	e.flushing.Lock()
	defer e.flushing.Unlock()
	if e.closed.Load() {
		return nil, ErrClosed
	}
	if !force && running(e.flushing.done) {
		return e.flushing.done, nil
	}
	if !e.dirty.Swap(false) {
		return e.flushing.done, nil
	}
	done, err := e.db.AsyncFlush()
	if err != nil {
		e.dirty.Store(true)
		return nil, err
	}
	e.flushing.done = done
	return done, nil
}

func running(done <-chan struct{}) bool {
	if done == nil {
		return false
	}
	select {
	case <-done:
		return false
	default:
		return true
	}
}

func (e *pebbleEngine) close() error {
	err := e.flush()
	if e.closed.Swap(true) {
		return ErrClosed
	}
	return errors.Join(err, e.db.Close())
}

// pebbleBatch writes without sync: there's no log to be synced.
type pebbleBatch struct {
	e *pebbleEngine
	b *pebble.Batch
}

// retainedBatchBytes is the size up to which a batch's memory is kept for the
// next one. A commit of a busy worker has a few megabytes.
const retainedBatchBytes = 8 << 20

func (e *pebbleEngine) newBatch() engineBatch {
	return &pebbleBatch{e: e, b: e.db.NewBatch(pebble.WithMaxRetainedSizeBytes(retainedBatchBytes))}
}

func (b *pebbleBatch) set(key, value []byte) error { return b.b.Set(key, value, nil) }
func (b *pebbleBatch) delete(key []byte) error     { return b.b.Delete(key, nil) }

func (b *pebbleBatch) deleteRange(lower, upper []byte) error {
	return b.b.DeleteRange(lower, upper, nil)
}

func (b *pebbleBatch) len() int {
	if b.b.Empty() {
		return 0
	}
	return b.b.Len()
}

func (b *pebbleBatch) commit() error {
	if b.e.closed.Load() {
		return ErrClosed
	}
	if b.b.Empty() {
		return nil
	}
	if err := b.b.Commit(pebble.NoSync); err != nil {
		return err
	}
	b.e.dirty.Store(true)
	return nil
}

func (b *pebbleBatch) close() error { return b.b.Close() }
