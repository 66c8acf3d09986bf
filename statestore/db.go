package statestore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"uuid"

	"github.com/cockroachdb/pebble/v2"
)

// ErrLocked is the error of opening a state directory that's in use.
var ErrLocked = errors.New("the state directory is in use")

// engineDir is the directory of the engine within the state directory.
const engineDir = "db"

// DB is the state of one process: all partitions of all stores. It may be used by
// several goroutines at once.
type DB struct {
	// disk is nil for a DB in memory.
	disk      *backend
	memory    *backend
	processID string
	lock      io.Closer

	mu struct {
		sync.Mutex
		// open holds the stores that are open: their state has one owner.
		open   map[storeKey]struct{}
		closed bool
	}
}

// storeKey names a store's partition.
type storeKey struct {
	name      string
	partition int32
}

// StorePartition is a store's partition of which state is held.
type StorePartition struct {
	Store     string
	Partition int32
	// Offset is the changelog offset to apply next.
	Offset int64
}

// Open opens the state in a directory, which it creates where it's missing. A
// directory that another process, or another DB of this one, has open is refused
// with ErrLocked.
func Open(dir string, o Options) (*DB, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("state options: %w", err)
	}
	o = o.withDefaults()
	if err := makeDir(o.fs, dir); err != nil {
		return nil, fmt.Errorf("create state directory: %w", err)
	}
	lock, err := lockDir(o, dir)
	if err != nil {
		return nil, err
	}
	db, err := open(dir, o)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	db.lock = lock
	return db, nil
}

// lockDir takes the lock that makes the process id, and with it the transactional
// ids, this process's own.
func lockDir(o Options, dir string) (io.Closer, error) {
	lock, err := pebble.LockDirectory(dir, o.fs)
	if err == nil {
		return lock, nil
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("lock state directory %s: %w", dir, err)
	}
	return nil, fmt.Errorf("%w: %s is locked by another process or another App of this one (%w); "+
		"stop that one or give each its own state directory", ErrLocked, dir, err)
}

// open does what's left once the directory is locked.
func open(dir string, o Options) (*DB, error) {
	id, err := loadProcessID(o.fs, dir)
	if err != nil {
		return nil, err
	}
	db := newDB(id)
	e, err := openPebble(o.fs.PathJoin(dir, engineDir), o)
	if err != nil {
		return nil, err
	}
	if db.disk, err = loadBackend(e); err != nil {
		return nil, errors.Join(fmt.Errorf("open state in %s: %w", dir, err), e.close())
	}
	return db, nil
}

// OpenMemory returns a DB that keeps all state in memory, whatever the specs of
// the stores say. Its process id is new each time.
func OpenMemory() *DB { return newDB(uuid.New().String()) }

func newDB(processID string) *DB {
	db := &DB{processID: processID, memory: newBackend(newMemEngine())}
	db.mu.open = map[storeKey]struct{}{}
	return db
}

// ProcessID returns the id of the process, a UUID. It's kept in the state
// directory and thus survives restarts.
func (db *DB) ProcessID() string { return db.processID }

// Store opens a store's state of one partition. A partition that's already open
// is refused: state has one owner. A window store keeps the segment interval that
// it was first opened with.
func (db *DB) Store(spec Spec, partition int32) (*Store, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	if partition < 0 {
		return nil, fmt.Errorf("store %q: negative partition %d", spec.Name, partition)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	key := storeKey{spec.Name, partition}
	if _, ok := db.mu.open[key]; ok {
		return nil, fmt.Errorf("store %q partition %d is open already", spec.Name, partition)
	}
	s, err := db.storeLocked(spec, partition)
	if err != nil {
		return nil, err
	}
	db.mu.open[key] = struct{}{}
	return s, nil
}

func (db *DB) storeLocked(spec Spec, partition int32) (*Store, error) {
	if db.mu.closed {
		return nil, fmt.Errorf("open store %q: state: %w", spec.Name, ErrClosed)
	}
	be := db.disk
	if be == nil || spec.InMemory {
		be = db.memory
	}
	r, err := be.register(spec)
	if err != nil {
		return nil, err
	}
	return newStore(db, be, r, spec, partition)
}

// release ends the ownership of a store's partition.
func (db *DB) release(key storeKey) {
	db.mu.Lock()
	defer db.mu.Unlock()
	delete(db.mu.open, key)
}

// Partitions lists of which stores and partitions state is held, on disk and in
// memory.
func (db *DB) Partitions() ([]StorePartition, error) {
	var list []StorePartition
	for _, be := range [...]*backend{db.disk, db.memory} {
		if be == nil {
			continue
		}
		var err error
		if list, err = db.appendPartitions(list, be); err != nil {
			return nil, fmt.Errorf("list the partitions of the state: %w", err)
		}
	}
	return list, nil
}

func (db *DB) appendPartitions(list []StorePartition, be *backend) ([]StorePartition, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	var bad error
	err := be.scan([]byte{spaceCheckpoint}, []byte{spaceCheckpoint + 1}, func(k, v []byte) bool {
		var p StorePartition
		if p, bad = be.storePartition(k, v); bad == nil {
			list = append(list, p)
		}
		return bad == nil
	})
	return list, errors.Join(err, bad)
}

// storePartition decodes an entry of spaceCheckpoint.
func (b *backend) storePartition(key, value []byte) (StorePartition, error) {
	id, partition, err := splitCheckpointKey(key)
	if err != nil {
		return StorePartition{}, err
	}
	name, ok := b.byID[id]
	if !ok {
		return StorePartition{}, fmt.Errorf("checkpoint key %x: store id %d isn't registered", key, id)
	}
	c, err := decodeCheckpoint(value)
	if err != nil {
		return StorePartition{}, fmt.Errorf("store %q partition %d: %w", name, partition, err)
	}
	return StorePartition{Store: name, Partition: partition, Offset: c.next}, nil
}

// Flush returns when all that was committed before survives a crash.
func (db *DB) Flush() error {
	if db.disk == nil {
		return nil
	}
	if err := db.disk.flush(); err != nil {
		return fmt.Errorf("flush state: %w", err)
	}
	return nil
}

// FlushAsync starts to bring what was committed to disk, unless that's going on
// already or there's nothing. It doesn't wait for the disk, except where a commit
// would have to as well because flushes don't keep up with the writes. A failure
// in the background goes to Options.Logger and is tried again.
func (db *DB) FlushAsync() error {
	if db.disk == nil {
		return nil
	}
	if err := db.disk.flushAsync(); err != nil {
		return fmt.Errorf("flush state: %w", err)
	}
	return nil
}

// Close flushes and closes the state. Stores that are still open fail from then
// on; none may be in use during the call.
func (db *DB) Close() error {
	db.mu.Lock()
	closed := db.mu.closed
	db.mu.closed = true
	db.mu.Unlock()
	if closed {
		return fmt.Errorf("close state: %w", ErrClosed)
	}
	errs := []error{db.memory.close()}
	if db.disk != nil {
		errs = append(errs, db.disk.close(), db.lock.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close state: %w", err)
	}
	return nil
}
