package wire

import "fmt"

// Answer is what the right side of a foreign-key join sends to a row of the left
// table.
type Answer struct {
	// Hash is that of the subscription.
	Hash    Hash
	HasHash bool
	// Value is the right row's, or nil where there's none.
	Value []byte
	// Partition is where the answer goes, or NoPartition. It isn't written.
	Partition int32
}

const answerVersion byte = 0

// AppendAnswer appends an answer.
func AppendAnswer(dst []byte, a Answer) []byte {
	dst = appendVersion(dst, answerVersion, a.HasHash)
	if a.HasHash {
		dst = append(dst, a.Hash[:]...)
	}
	return append(dst, a.Value...)
}

// ReadAnswer reads an answer. Its value shares b's memory. One without bytes is
// none: the format has no other way to say so.
func ReadAnswer(b []byte) (a Answer, err error) {
	if len(b) == 0 {
		return a, fmt.Errorf("an answer without bytes")
	}
	if b[0]&^hashIsNull != answerVersion {
		return a, fmt.Errorf("answer %x has an unknown version", b)
	}
	rest := b[1:]
	if a.HasHash = b[0]&hashIsNull == 0; a.HasHash {
		if len(rest) < len(a.Hash) {
			return Answer{}, fmt.Errorf("answer %x is too short for its hash", b)
		}
		rest = rest[copy(a.Hash[:], rest):]
	}
	if len(rest) > 0 {
		a.Value = rest
	}
	a.Partition = NoPartition
	return a, nil
}
