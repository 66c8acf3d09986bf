package statestore

import (
	"strings"
	"sync"

	"github.com/RaduBerinde/btreemap"
)

// btreeDegree gives nodes of up to 63 entries, about as many as fit a few cache
// lines of key headers.
const btreeDegree = 32

type memTree = btreemap.BTreeMap[string, []byte]

// memEngine keeps its entries in a copy-on-write B-tree. Values are immutable
// once they are in the tree.
type memEngine struct {
	mu struct {
		sync.RWMutex
		tree *memTree
		// snapshot is a clone of tree for scans, nil when tree has changed since. A
		// clone costs the tree a copy of each node it changes afterwards, so all scans
		// between two commits share one.
		snapshot *memTree
		// sizes counts the bytes of keys and values by the prefix of their partition.
		sizes  map[string]uint64
		closed bool
	}
}

func newMemEngine() *memEngine {
	e := &memEngine{}
	e.mu.tree = btreemap.New[string, []byte](btreeDegree, strings.Compare)
	e.mu.sizes = map[string]uint64{}
	return e
}

func (e *memEngine) get(key, dst []byte) ([]byte, bool, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.mu.closed {
		return dst, false, ErrClosed
	}
	// The tree keeps none of the key of a lookup.
	_, v, ok := e.mu.tree.Get(unsafeString(key))
	return append(dst, v...), ok, nil
}

func (e *memEngine) scan(lower, upper []byte, visit func(key, value []byte) bool) error {
	t, err := e.snapshot()
	if err != nil {
		return err
	}
	// The tree keeps none of the bounds of a scan.
	t.AscendFunc(btreemap.GE(unsafeString(lower)), btreemap.LT(unsafeString(upper)), func(k string, v []byte) bool {
		return visit(unsafeBytes(k), v)
	})
	return nil
}

func (e *memEngine) snapshot() (*memTree, error) {
	e.mu.RLock()
	t, closed := e.mu.snapshot, e.mu.closed
	e.mu.RUnlock()
	if closed {
		return nil, ErrClosed
	}
	if t != nil {
		return t, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.closed {
		return nil, ErrClosed
	}
	if e.mu.snapshot == nil {
		e.mu.snapshot = e.mu.tree.Clone()
	}
	return e.mu.snapshot, nil
}

func (e *memEngine) size(lower, _ []byte) (uint64, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.mu.closed {
		return 0, ErrClosed
	}
	return e.mu.sizes[sizeKey(unsafeString(lower))], nil
}

func (e *memEngine) flush() error      { return nil }
func (e *memEngine) flushAsync() error { return nil }

func (e *memEngine) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.closed {
		return ErrClosed
	}
	e.mu.closed = true
	e.mu.tree, e.mu.snapshot = nil, nil
	return nil
}

// sizeKey returns the prefix under which a key's size is counted.
func sizeKey(key string) string { return key[:min(len(key), prefixLen)] }

func (e *memEngine) setLocked(key string, value []byte) {
	_, old, replaced := e.mu.tree.ReplaceOrInsert(key, value)
	e.resizeLocked(key, len(value), true)
	if replaced {
		e.resizeLocked(key, len(old), false)
	}
}

func (e *memEngine) deleteLocked(key string) {
	if _, old, ok := e.mu.tree.Delete(key); ok {
		e.resizeLocked(key, len(old), false)
	}
}

func (e *memEngine) resizeLocked(key string, value int, grow bool) {
	n := uint64(len(key) + value)
	if !grow {
		n = -n
	}
	e.mu.sizes[sizeKey(key)] += n
}

func (e *memEngine) deleteRangeLocked(lower, upper string) {
	var keys []string
	e.mu.tree.AscendFunc(btreemap.GE(lower), btreemap.LT(upper), func(k string, _ []byte) bool {
		keys = append(keys, k)
		return true
	})
	for _, k := range keys {
		e.deleteLocked(k)
	}
}

// memBatch is a list of operations.
type memBatch struct {
	e    *memEngine
	ops  []memOp
	size int
}

// memOp sets key to value; with an end it deletes [key, end), and with neither
// it deletes key.
type memOp struct {
	key, end string
	value    []byte
	set      bool
}

func (e *memEngine) newBatch() engineBatch { return &memBatch{e: e} }

func (b *memBatch) add(op memOp) error {
	b.ops = append(b.ops, op)
	b.size += len(op.key) + len(op.end) + len(op.value)
	return nil
}

func (b *memBatch) set(key, value []byte) error {
	return b.add(memOp{key: string(key), value: append(make([]byte, 0, len(value)), value...), set: true})
}

func (b *memBatch) delete(key []byte) error { return b.add(memOp{key: string(key)}) }

func (b *memBatch) deleteRange(lower, upper []byte) error {
	return b.add(memOp{key: string(lower), end: string(upper)})
}

func (b *memBatch) len() int { return b.size }

func (b *memBatch) commit() error {
	b.e.mu.Lock()
	defer b.e.mu.Unlock()
	if b.e.mu.closed {
		return ErrClosed
	}
	b.e.mu.snapshot = nil
	for _, op := range b.ops {
		switch {
		case op.set:
			b.e.setLocked(op.key, op.value)
		case op.end != "":
			b.e.deleteRangeLocked(op.key, op.end)
		default:
			b.e.deleteLocked(op.key)
		}
	}
	return nil
}

func (b *memBatch) close() error {
	b.ops = nil
	return nil
}
