package task

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// held is an output whose records wait until their input record is done.
type held struct {
	plan.Output
	undo *undo
}

// checker is an output that can tell beforehand that it would refuse a record. What
// waits must not be refused later: by then the record it was made of is done.
type checker interface {
	Check(key, value []byte, timestamp int64, headers []record.Header) error
}

// Send implements plan.Output.
func (h *held) Send(partition int32, key, value []byte, timestamp int64, headers []record.Header) error {
	if !h.undo.open {
		return h.Output.Send(partition, key, value, timestamp, headers)
	}
	if c, ok := h.Output.(checker); ok {
		if err := c.Check(key, value, timestamp, headers); err != nil {
			return err
		}
	}
	h.undo.held.add(send{to: h.Output, partition: partition, key: key, value: value, timestamp: timestamp, headers: headers})
	return nil
}

// send is a record that waits.
type send struct {
	to         plan.Output
	partition  int32
	key, value []byte
	timestamp  int64
	headers    []record.Header
}

// holding are the records that wait, with copies of their bytes. Its memory is used
// again for the next input record.
type holding struct {
	sends   []send
	headers []record.Header
	chunk   []byte
}

// holdChunk is what memory for held records grows by.
const holdChunk = 64 << 10

func (h *holding) add(s send) {
	s.key, s.value = h.copy(s.key), h.copy(s.value)
	from := len(h.headers)
	for _, header := range s.headers {
		h.headers = append(h.headers, record.Header{Key: header.Key, Value: h.copy(header.Value)})
	}
	s.headers = h.headers[from:len(h.headers):len(h.headers)]
	h.sends = append(h.sends, s)
}

// copy returns a copy of b. Where the chunk is full, those who have memory in it
// keep it.
func (h *holding) copy(b []byte) []byte {
	if b == nil {
		return nil
	}
	if len(h.chunk)+len(b) > cap(h.chunk) {
		h.chunk = make([]byte, 0, max(holdChunk, len(b)))
	}
	from := len(h.chunk)
	h.chunk = append(h.chunk, b...)
	return h.chunk[from:len(h.chunk):len(h.chunk)]
}

// release hands the records over in their order.
func (h *holding) release() error {
	for i := range h.sends {
		s := &h.sends[i]
		if err := s.to.Send(s.partition, s.key, s.value, s.timestamp, s.headers); err != nil {
			return err
		}
	}
	h.reset()
	return nil
}

func (h *holding) reset() {
	clear(h.sends)
	clear(h.headers)
	h.sends, h.headers, h.chunk = h.sends[:0], h.headers[:0], h.chunk[:0]
}
