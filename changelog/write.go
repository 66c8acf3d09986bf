package changelog

import (
	"fmt"
	"slices"

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
	n, format, note := 0, formatHeaders(s.Spec().ValueFormat), noteHeaders(s)
	err := s.Changes(func(key, value []byte, timestamp int64) error {
		headers := format
		if value == nil {
			headers = nil
		}
		if n == 0 && note != nil {
			headers = append(slices.Clip(headers), note...)
		}
		if err := out.Send(s.Partition(), key, value, timestamp, headers); err != nil {
			return fmt.Errorf("changelog record of store %q, partition %d (key of %d bytes, value of %d bytes): %w",
				s.Name(), s.Partition(), len(key), len(value), err)
		}
		n++
		return nil
	})
	return n, err
}

// noteHeader is the key of the header with a store's note. It goes with the first
// record of a transaction, so that it costs no record of its own.
const noteHeader = "note"

func noteHeaders(s *statestore.Store) []record.Header {
	note := s.AppendNote(nil)
	if note == nil {
		return nil
	}
	return []record.Header{{Key: noteHeader, Value: note}}
}

// restoreNote takes over the note that comes with a record, if one does.
func restoreNote(s *statestore.Store, headers []record.Header) {
	for _, h := range headers {
		if h.Key == noteHeader {
			s.RestoreNote(h.Value)
		}
	}
}

// formatHeaders returns the headers of records with a value.
func formatHeaders(format byte) []record.Header {
	if format == 0 {
		return nil
	}
	return []record.Header{{Key: "v", Value: []byte{format}}}
}
