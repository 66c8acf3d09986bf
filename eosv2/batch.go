package eosv2

import (
	"encoding/binary"
	"time"

	"github.com/oncestream/oncestream/internal/record"
)

const (
	// chunkBytes is the unit of the arena. Small enough that hundreds of
	// partitions with a few records each cost little, large enough that its
	// administration is lost among the records.
	chunkBytes = 8 << 10
	// recordOverhead bounds what a record takes on the wire beyond its body
	// as kept here: length, attributes and offset delta.
	recordOverhead = binary.MaxVarintLen32 + 1 + binary.MaxVarintLen32
	// batchOverhead is the header of a record batch on the wire.
	batchOverhead = 61
)

// batch is a run of records of one partition which keeps its sequence number
// for life. Records are kept packed in chunks without any pointer, as
//
//	timestamp delta, key, value, count of headers, {key, value} per header
//
// with varints for numbers and lengths (-1 is null). What the client library
// needs is built from it when a request is sent, so that only requests being
// encoded pay for its structs.
type batch struct {
	part   *part
	chunks [][]byte
	// bytes bounds the batch's size on the wire before compression.
	bytes int
	count int32
	// base is the first record's timestamp, max the latest.
	base, max int64
	// seq is the sequence number of the first record, -1 until first sent.
	seq int32
	// born is when the first record came, sealed when the batch was closed.
	born, sealed time.Time
}

// bodySize bounds the packed size of a record.
func bodySize(key, value []byte, headers []record.Header) int {
	n := binary.MaxVarintLen64 + 3*binary.MaxVarintLen32 + len(key) + len(value)
	for i := range headers {
		n += 2*binary.MaxVarintLen32 + len(headers[i].Key) + len(headers[i].Value)
	}
	return n
}

// append packs a record into the last chunk, which must have room for it, and
// returns by how much the batch grew.
func (b *batch) append(key, value []byte, timestamp int64, headers []record.Header) int {
	if b.count == 0 {
		b.base, b.max = timestamp, timestamp
	}
	b.max = max(b.max, timestamp)
	last := len(b.chunks) - 1
	c := b.chunks[last]
	before := len(c)
	c = binary.AppendVarint(c, timestamp-b.base)
	c = appendBytes(c, key)
	c = appendBytes(c, value)
	c = binary.AppendUvarint(c, uint64(len(headers)))
	for i := range headers {
		c = binary.AppendVarint(c, int64(len(headers[i].Key)))
		c = append(c, headers[i].Key...)
		c = appendBytes(c, headers[i].Value)
	}
	b.chunks[last] = c
	b.count++
	grown := len(c) - before + recordOverhead
	b.bytes += grown
	return grown
}

// room reports whether the last chunk can take n more bytes.
func (b *batch) room(n int) bool {
	last := len(b.chunks) - 1
	return last >= 0 && cap(b.chunks[last])-len(b.chunks[last]) >= n
}

func appendBytes(dst, v []byte) []byte {
	if v == nil {
		return binary.AppendVarint(dst, -1)
	}
	dst = binary.AppendVarint(dst, int64(len(v)))
	return append(dst, v...)
}

// cursor reads a batch's records back. The bytes were written by append, so
// nothing is checked.
type cursor struct {
	chunks [][]byte
	buf    []byte
}

func (c *cursor) next() (delta int64, key, value []byte, headers int) {
	if len(c.buf) == 0 {
		c.buf, c.chunks = c.chunks[0], c.chunks[1:]
	}
	delta, n := binary.Varint(c.buf)
	c.buf = c.buf[n:]
	key, value = c.bytes(), c.bytes()
	count, n := binary.Uvarint(c.buf)
	c.buf = c.buf[n:]
	return delta, key, value, int(count)
}

func (c *cursor) bytes() []byte {
	l, n := binary.Varint(c.buf)
	if l < 0 {
		c.buf = c.buf[n:]
		return nil
	}
	end := n + int(l)
	v := c.buf[n:end:end]
	c.buf = c.buf[end:]
	return v
}

// headers reads n headers, sharing the batch's bytes for their values.
func (c *cursor) headers(n int) []record.Header {
	if n == 0 {
		return nil
	}
	hs := make([]record.Header, n)
	for i := range hs {
		hs[i] = record.Header{Key: string(c.bytes()), Value: c.bytes()}
	}
	return hs
}

// takeChunkLocked returns an empty chunk with room for n bytes.
func (p *Producer) takeChunkLocked(n int) []byte {
	if n > chunkBytes {
		return make([]byte, 0, n)
	}
	if l := len(p.mu.chunks); l > 0 {
		c := p.mu.chunks[l-1]
		p.mu.chunks = p.mu.chunks[:l-1]
		return c
	}
	return make([]byte, 0, chunkBytes)
}

// releaseLocked gives back what an acknowledged batch occupied.
func (p *Producer) releaseLocked(b *batch) {
	p.mu.buffered -= b.bytes
	for i, c := range b.chunks {
		if cap(c) == chunkBytes {
			p.mu.chunks = append(p.mu.chunks, c[:0])
		}
		b.chunks[i] = nil
	}
	b.chunks = b.chunks[:0]
}
