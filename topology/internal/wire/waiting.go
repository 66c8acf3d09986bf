package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/oncestream/oncestream/internal/record"
)

// Waiting is the change of a row that waits in the buffer of a suppressed table. A
// value that isn't there is nil; one without bytes is empty.
type Waiting struct {
	// Timestamp is the change's. The record that made it was read from Offset of
	// Partition of Topic.
	Timestamp int64
	Offset    int64
	Topic     string
	Partition int32
	Headers   []record.Header
	// Prior is the row's value before the first change that waits, Old and New those
	// before and after the last one.
	Prior, Old, New []byte
	// Due is the time that the buffer is ordered by.
	Due int64
}

// WaitingFormat is the version of the format, which each value in the changelog of
// a buffer has in its header.
const WaitingFormat byte = 3

// Lengths that stand for something else: no value, and for an old value that it's
// the prior one.
const (
	noBytes   = -1
	samePrior = -2
)

// AppendWaiting appends a change.
func AppendWaiting(dst []byte, w *Waiting) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(w.Timestamp))
	dst = binary.BigEndian.AppendUint64(dst, uint64(w.Offset))
	dst = appendLength(dst, len(w.Topic))
	dst = append(dst, w.Topic...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(w.Partition))
	dst = appendLength(dst, len(w.Headers))
	for _, h := range w.Headers {
		dst = appendLength(dst, len(h.Key))
		dst = append(dst, h.Key...)
		dst = appendBytes(dst, h.Value)
	}
	dst = appendBytes(dst, w.Prior)
	if w.sameAsPrior() {
		dst = appendLength(dst, samePrior)
	} else {
		dst = appendBytes(dst, w.Old)
	}
	dst = appendBytes(dst, w.New)
	return binary.BigEndian.AppendUint64(dst, uint64(w.Due))
}

func (w *Waiting) sameAsPrior() bool {
	return w.Prior != nil && w.Old != nil && bytes.Equal(w.Prior, w.Old)
}

func appendLength(dst []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(int32(n)))
}

func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return appendLength(dst, noBytes)
	}
	return append(appendLength(dst, len(b)), b...)
}

// Size returns how many bytes the change counts for in a buffer's limit, under a
// key of the given length. It's Kafka Streams' count.
func (w *Waiting) Size(key int) int64 {
	n := key + len(w.Prior) + len(w.New) + len(w.Topic) + 3*8 + 4
	if !w.sameAsPrior() {
		n += len(w.Old)
	}
	for _, h := range w.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return int64(n)
}

// Read reads a change, whose values and headers share b's memory. The topic and
// the keys of headers that w has already aren't allocated anew.
func (w *Waiting) Read(b []byte) error {
	r := waitingReader{b: b}
	w.Timestamp, w.Offset = r.int64(), r.int64()
	keepString(&w.Topic, r.required())
	w.Partition = r.int32()
	w.readHeaders(&r)
	w.Prior = r.bytes()
	w.Old = r.old(w.Prior)
	w.New = r.bytes()
	w.Due = r.int64()
	if r.short || len(r.b) > 0 {
		return fmt.Errorf("the waiting change %x is malformed", b)
	}
	return nil
}

func (w *Waiting) readHeaders(r *waitingReader) {
	n := r.int32()
	headers := w.Headers[:cap(w.Headers)]
	w.Headers = headers[:0]
	// -1 stands for none.
	if n < noBytes {
		r.short = true
	}
	for i := 0; i < int(n) && !r.short; i++ {
		if i == len(headers) {
			headers = append(headers, record.Header{})
		}
		keepString(&headers[i].Key, r.required())
		headers[i].Value = r.bytes()
		w.Headers = headers[:i+1]
	}
}

// keepString sets a string, unless it's the same already.
func keepString(s *string, b []byte) {
	if *s != string(b) {
		*s = string(b)
	}
}

// waitingReader cuts the fields of a change off. Once a field isn't there it's
// short, and what it returns has no meaning.
type waitingReader struct {
	b     []byte
	short bool
}

func (r *waitingReader) take(n int) []byte {
	if r.short || n < 0 || n > len(r.b) {
		r.short = true
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *waitingReader) int32() int32 {
	if b := r.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *waitingReader) int64() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// required reads a length and as many bytes.
func (r *waitingReader) required() []byte { return r.take(int(r.int32())) }

// bytes reads a length and as many bytes, or nil where the length says so.
func (r *waitingReader) bytes() []byte {
	n := int(r.int32())
	if n == noBytes {
		return nil
	}
	return r.take(n)
}

// old reads the old value, which may be a reference to the prior one.
func (r *waitingReader) old(prior []byte) []byte {
	n := int(r.int32())
	switch n {
	case noBytes:
		return nil
	case samePrior:
		if prior == nil {
			r.short = true
		}
		return prior
	}
	return r.take(n)
}
