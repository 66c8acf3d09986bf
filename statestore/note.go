package statestore

import "encoding/binary"

// Note is what an operator keeps with a store beside the entries. It's written and
// restored with them.
type Note struct {
	// Number tells the latest of the notes of several stores. It's 0 where none was
	// made.
	Number int64
	Value  int64
}

const noteLen = 2 * 8

// Note returns the note of the store, with the open transaction's.
func (w *JoinWindow[K, V]) Note() Note { return w.s.current.note }

// SetNote replaces the note. That's part of the open transaction, of which there
// must be another write, or it doesn't come into the changelog.
func (w *JoinWindow[K, V]) SetNote(n Note) { w.s.current.note = n }

// AppendNote appends the bytes of the note to dst, for the changelog, if the open
// transaction has changed it.
func (s *Store) AppendNote(dst []byte) []byte {
	if s.current.note == s.applied.note {
		return dst
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.current.note.Number))
	return binary.BigEndian.AppendUint64(dst, uint64(s.current.note.Value))
}

// RestoreNote takes over a note of the changelog. Bytes that are none are passed
// over: state is complete without them.
func (s *Store) RestoreNote(b []byte) {
	if len(b) == noteLen {
		s.current.note = decodeNote(b)
	}
}

// decodeNote reads a note off bytes that are long enough.
func decodeNote(b []byte) Note {
	return Note{Number: int64(binary.BigEndian.Uint64(b)), Value: int64(binary.BigEndian.Uint64(b[8:]))}
}
