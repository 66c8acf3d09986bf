package wire

import (
	"encoding/binary"
	"fmt"
)

// Instruction says what the right side of a foreign-key join does with a
// subscription.
type Instruction byte

// The instructions.
const (
	// Unsubscribe ends a subscription without an answer.
	Unsubscribe Instruction = iota
	// UnsubscribeAndAnswer ends a subscription and answers that there's no row.
	UnsubscribeAndAnswer
	// AnswerAlways begins a subscription and answers with the row, or that there's
	// none.
	AnswerAlways
	// AnswerIfFound begins a subscription and answers if there's a row.
	AnswerIfFound
)

// Ends returns whether the instruction ends a subscription.
func (i Instruction) Ends() bool { return i <= UnsubscribeAndAnswer }

// Subscription is what a row of the left table sends to the row with its foreign
// key.
type Subscription struct {
	// Hash is that of the left row's value, which is gone if HasHash isn't set.
	Hash        Hash
	HasHash     bool
	Instruction Instruction
	// PrimaryKey is the key of the left row.
	PrimaryKey []byte
	// Partition is the left task's, where the answer goes, or NoPartition.
	Partition int32
}

// NoPartition stands for the partition that the default partitioner chooses.
const NoPartition int32 = -1

const (
	// hashIsNull is set in the version byte where there's no hash.
	hashIsNull byte = 0x80
	// subscriptionVersion 1 has the partition at the end; 0 doesn't have it.
	subscriptionVersion byte = 1
)

// partitionLen is the length of the partition at the end of a subscription.
const partitionLen = 4

// AppendSubscription appends a subscription, in the newest version that can say
// what it says.
func AppendSubscription(dst []byte, s Subscription) []byte {
	version := subscriptionVersion
	if s.Partition == NoPartition {
		version = 0
	}
	dst = appendVersion(dst, version, s.HasHash)
	dst = append(dst, byte(s.Instruction))
	if s.HasHash {
		dst = append(dst, s.Hash[:]...)
	}
	dst = append(dst, s.PrimaryKey...)
	if version == 0 {
		return dst
	}
	return binary.BigEndian.AppendUint32(dst, uint32(s.Partition))
}

// ReadSubscription reads a subscription of any known version. Its primary key
// shares b's memory.
func ReadSubscription(b []byte) (s Subscription, err error) {
	bad := func(why string) (Subscription, error) {
		return Subscription{}, fmt.Errorf("subscription %x %s", b, why)
	}
	if len(b) < 2 {
		return bad("is too short")
	}
	version, rest := b[0]&^hashIsNull, b[2:]
	s.Instruction, s.Partition = Instruction(b[1]), NoPartition
	switch {
	case version > subscriptionVersion:
		return bad("has an unknown version")
	case s.Instruction > AnswerIfFound:
		return bad("has an unknown instruction")
	}
	if s.HasHash = b[0]&hashIsNull == 0; s.HasHash {
		if len(rest) < len(s.Hash) {
			return bad("is too short for its hash")
		}
		rest = rest[copy(s.Hash[:], rest):]
	}
	if version == subscriptionVersion {
		n := len(rest) - partitionLen
		if n < 0 {
			return bad("is too short for its partition")
		}
		if s.Partition = int32(binary.BigEndian.Uint32(rest[n:])); s.Partition < 0 {
			return bad("has a negative partition")
		}
		rest = rest[:n:n]
	}
	s.PrimaryKey = rest
	return s, nil
}

func appendVersion(dst []byte, version byte, hasHash bool) []byte {
	if !hasHash {
		version |= hashIsNull
	}
	return append(dst, version)
}

// AppendForeignKey appends what the keys of all subscriptions to a foreign key
// start with in the subscription store.
func AppendForeignKey(dst, foreignKey []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(foreignKey)))
	return append(dst, foreignKey...)
}
