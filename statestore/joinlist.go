package statestore

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The records that wait under one key are a list in the bytes of Kafka Streams'
// list serde: a byte for entries of any size, their number (4), and for each its
// length (4) and bytes. An entry starts with the byte of its side.
const (
	listVariableSize byte = 0x01
	listHeaderLen         = 1 + 4
	listLengthLen         = 4
)

// The bytes of the sides, in keys and in entries. Right comes first in the order.
const (
	sideRight byte = 0x00
	sideLeft  byte = 0x01
)

func sideByte(left bool) byte {
	if left {
		return sideLeft
	}
	return sideRight
}

func decodeSide(b byte) (left bool, err error) {
	if b > sideLeft {
		return false, fmt.Errorf("side %#02x", b)
	}
	return b == sideLeft, nil
}

// appendToList appends a list with one entry more to dst. Without the old list
// it's the first entry.
func appendToList(dst, old []byte, left bool, value []byte) ([]byte, error) {
	n := 0
	if old != nil {
		var err error
		if n, err = listCount(old); err != nil {
			return nil, err
		}
		old = old[listHeaderLen:]
	}
	dst = append(dst, listVariableSize)
	dst = binary.BigEndian.AppendUint32(dst, uint32(n+1))
	dst = append(dst, old...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(1+len(value)))
	return append(append(dst, sideByte(left)), value...), nil
}

// listCount returns the number of entries that a list claims to have.
func listCount(b []byte) (int, error) {
	if len(b) < listHeaderLen || b[0] != listVariableSize {
		return 0, fmt.Errorf("list %.20x: want entries of variable size", b)
	}
	n := int32(binary.BigEndian.Uint32(b[1:]))
	if n < 0 || int(n) > (len(b)-listHeaderLen)/listLengthLen {
		return 0, fmt.Errorf("list of %d entries in %d bytes", n, len(b))
	}
	return int(n), nil
}

var errListEnd = errors.New("the list ends within an entry")

// listEntry takes the first entry off a list behind its header.
func listEntry(b []byte) (left bool, value, rest []byte, err error) {
	if len(b) < listLengthLen {
		return false, nil, nil, errListEnd
	}
	n := int32(binary.BigEndian.Uint32(b))
	b = b[listLengthLen:]
	if n < 1 || int(n) > len(b) {
		return false, nil, nil, fmt.Errorf("list entry of %d bytes, %d left", n, len(b))
	}
	left, err = decodeSide(b[0])
	return left, b[1:n:n], b[n:], err
}
