package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The flag at the end of a change. Those with latest have one more byte in front
// of the flag, which a versioned table sets; here they are only read.
const (
	onlyOld byte = iota
	onlyNew
	oldAndNew
	onlyOldLatest
	onlyNewLatest
	oldAndNewLatest
)

// Change is a change of a row, cut into its values. A value that isn't there is
// nil; one without bytes is empty.
type Change struct{ New, Old []byte }

var errNoValue = errors.New("a change needs an old or a new value")

// PrefixLength puts the length of dst[start:] in front of it, as a varint. The
// new value needs it where an old one follows.
func PrefixLength(dst []byte, start int) []byte {
	var length [binary.MaxVarintLen32]byte
	n := binary.PutVarint(length[:], int64(len(dst)-start))
	dst = append(dst, length[:n]...)
	copy(dst[start+n:], dst[start:])
	copy(dst[start:], length[:n])
	return dst
}

// AppendChangeFlag ends a change whose values have been appended: the new one,
// with its length if the old one follows, and the old one.
func AppendChangeFlag(dst []byte, hasNew, hasOld bool) ([]byte, error) {
	switch {
	case hasNew && hasOld:
		return append(dst, oldAndNew), nil
	case hasNew:
		return append(dst, onlyNew), nil
	case hasOld:
		return append(dst, onlyOld), nil
	}
	return nil, errNoValue
}

// SplitChange cuts a change into its values, which share b's memory.
func SplitChange(b []byte) (Change, error) {
	if len(b) == 0 {
		return Change{}, errors.New("a change without bytes")
	}
	flag, values := b[len(b)-1], b[:len(b)-1:len(b)-1]
	if flag >= onlyOldLatest && flag <= oldAndNewLatest {
		if len(values) == 0 {
			return Change{}, fmt.Errorf("change %x ends before its latest byte", b)
		}
		values = values[: len(values)-1 : len(values)-1]
		flag -= onlyOldLatest
	}
	switch flag {
	case onlyOld:
		return Change{Old: values}, nil
	case onlyNew:
		return Change{New: values}, nil
	case oldAndNew:
		return splitBoth(values)
	}
	return Change{}, fmt.Errorf("change %x has the unknown flag %d", b, flag)
}

func splitBoth(values []byte) (Change, error) {
	length, n := binary.Varint(values)
	if n <= 0 || length < 0 || length > int64(len(values)-n) {
		return Change{}, fmt.Errorf("change %x: the length of its new value doesn't fit", values)
	}
	end := n + int(length)
	return Change{New: values[n:end:end], Old: values[end:]}, nil
}
