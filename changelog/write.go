package changelog

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Sender takes the records of one topic into the open transaction and copies
// their bytes.
type Sender interface {
	Send(partition int32, key, value []byte, timestamp int64, headers []record.Header) error
}

// Write hands every change of the store's open transaction to its changelog,
// one record for each changed key, and returns how many there were. A changelog
// record can't be skipped: an error names the store and the sizes, and stops
// the task.
func Write(s *statestore.Store, out Sender) (int, error) {
	n := 0
	err := s.Changes(func(key, value []byte, timestamp int64) error {
		if err := out.Send(s.Partition(), key, value, timestamp, nil); err != nil {
			return fmt.Errorf("changelog record of store %q, partition %d (key of %d bytes, value of %d bytes): %w",
				s.Name(), s.Partition(), len(key), len(value), err)
		}
		n++
		return nil
	})
	return n, err
}
