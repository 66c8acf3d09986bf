package statestore

import (
	"encoding/binary"
	"strings"

	"github.com/RaduBerinde/btreemap"
)

// entry is the last write of the open transaction to a key.
type entry struct {
	key string
	// value is the timestamp and, unless deleted, the value.
	value   []byte
	deleted bool
	// silent says that the changelog doesn't get the write.
	silent bool
}

// timestamp returns the timestamp of the value or the tombstone.
func (e *entry) timestamp() int64 { return int64(binary.BigEndian.Uint64(e.value)) }

// overlay holds the writes of the open transaction. Keys and values are copies in
// its arena. It's the hot path: once its memory has grown to what a transaction
// needs, a write allocates nothing.
type overlay struct {
	arena   arena
	index   map[string]uint32
	entries []entry
	// log has the changelog records of a versioned store, whose entries are laid out
	// otherwise.
	log []entry
	// keep is the number of entries that recent transactions needed.
	keep int
	// order sorts the entries' keys. It's built by the first scan of a transaction
	// and from then on kept up by the writes.
	order   *btreemap.BTreeMap[string, uint32]
	ordered bool
	// version changes with every new key, so that a scan notices.
	version uint64
	journal journal
}

// entryOverhead is about what an entry takes beside its bytes: the entry itself
// and its place in the map.
const entryOverhead = 48 + 32

func (o *overlay) bytes() int {
	return o.arena.bytes + entryOverhead*(len(o.entries)+len(o.log))
}

func (o *overlay) empty() bool { return len(o.entries) == 0 }

// find returns the entry of a key, or nil.
func (o *overlay) find(key []byte) *entry {
	if i, ok := o.index[string(key)]; ok {
		return &o.entries[i]
	}
	return nil
}

// put writes a key. The value starts with its timestamp; a tombstone's is the
// timestamp alone.
func (o *overlay) put(key, value []byte, deleted bool) {
	i, ok := o.index[string(key)]
	if !ok {
		o.add(key, value, deleted)
		return
	}
	e := &o.entries[i]
	o.journal.keep(i, e)
	e.deleted, e.silent = deleted, false
	if len(value) > cap(e.value) {
		// A value that has grown once is likely to grow again.
		e.value = o.arena.alloc(len(value) + len(value)/4)
	}
	e.value = append(e.value[:0], value...)
}

func (o *overlay) add(key, value []byte, deleted bool) {
	if o.index == nil {
		o.index = map[string]uint32{}
	}
	e := entry{key: unsafeString(o.arena.copy(key)), value: o.arena.copy(value), deleted: deleted}
	i := uint32(len(o.entries))
	o.entries = append(o.entries, e)
	o.index[e.key] = i
	o.version++
	if o.ordered {
		o.order.ReplaceOrInsert(e.key, i)
	}
}

// record appends to the log.
func (o *overlay) record(key, value []byte, deleted bool) {
	o.log = append(o.log, entry{key: unsafeString(o.arena.copy(key)), value: o.arena.copy(value), deleted: deleted})
}

// sort builds the ordered index.
func (o *overlay) sort() {
	if o.ordered {
		return
	}
	if o.order == nil {
		o.order = btreemap.New[string, uint32](btreeDegree, strings.Compare)
	}
	for i := range o.entries {
		o.order.ReplaceOrInsert(o.entries[i].key, uint32(i))
	}
	o.ordered = true
}

// none is the position behind the last entry.
const none = -1

// first returns the position of the first entry within the bounds, or none. It
// needs sort.
func (o *overlay) first(lower btreemap.LowerBound[string], upper btreemap.UpperBound[string]) int {
	position := none
	if !o.ordered {
		return position // the transaction ended under a scan
	}
	o.order.AscendFunc(lower, upper, func(_ string, i uint32) bool {
		position = int(i)
		return false
	})
	return position
}

// reset drops all entries and keeps memory for the next transaction.
func (o *overlay) reset() {
	if o.ordered {
		o.order.Clear(true)
		o.ordered = false
	}
	o.version++
	o.keep = decay(o.keep, max(len(o.entries), len(o.log)))
	if cap(o.entries) > 4*o.keep+64 {
		// A map never shrinks, and to clear it costs what it has grown to.
		o.index = make(map[string]uint32, o.keep)
		o.entries = make([]entry, 0, o.keep)
		o.order = nil
	} else {
		clear(o.index)
		clear(o.entries)
		o.entries = o.entries[:0]
	}
	if cap(o.log) > 4*o.keep+64 {
		o.log = nil
	}
	clear(o.log)
	o.log = o.log[:0]
	o.arena.reset()
	o.journal.marked = false
}
