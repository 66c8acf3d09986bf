package statestore

import "fmt"

// SizeBytes estimates how many bytes the state of a store's partition takes,
// whether it's open or not. What has not been flushed to disk yet isn't in the
// estimate. A store of which nothing is held has the size 0.
func (db *DB) SizeBytes(store string, partition int32) (uint64, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.mu.closed {
		return 0, fmt.Errorf("size of store %q: state: %w", store, ErrClosed)
	}
	var sum uint64
	for _, be := range [...]*backend{db.disk, db.memory} {
		if be == nil {
			continue
		}
		r, ok := be.byName[store]
		if !ok {
			continue
		}
		prefix := appendPrefix(nil, spaceData, r.id, partition)
		n, err := be.size(prefix, prefixEnd(prefix))
		if err != nil {
			return 0, fmt.Errorf("size of store %q, partition %d: %w", store, partition, err)
		}
		sum += n
	}
	return sum, nil
}
