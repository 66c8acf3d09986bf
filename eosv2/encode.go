package eosv2

import (
	"time"

	"github.com/IBM/sarama"
)

// scratch holds the client library's structs for one request at a time. The
// request is encoded before AsyncProduce returns, so they are used again for
// the next one. Only the sender touches it.
type scratch struct {
	records []sarama.Record
	refs    []*sarama.Record
	headers []*sarama.RecordHeader
}

// reserve makes room for n records, so that pointers to them stay valid while
// the request is built.
func (s *scratch) reserve(n int) {
	s.headers = s.headers[:0]
	if n > len(s.records) {
		n += n / 4
		s.records = make([]sarama.Record, n)
		s.refs = make([]*sarama.Record, n)
		for i := range s.records {
			s.refs[i] = &s.records[i]
		}
	}
}

// fill unpacks a batch into records from, and returns the pointers to them.
func (s *scratch) fill(b *batch, from int) []*sarama.Record {
	cur := cursor{chunks: b.chunks}
	recs := s.records[from : from+int(b.count)]
	for i := range recs {
		delta, key, value, headers := cur.next()
		r := &recs[i]
		r.TimestampDelta = time.Duration(delta) * time.Millisecond
		r.OffsetDelta = int64(i)
		r.Key, r.Value = key, value
		r.Headers = nil
		if headers > 0 {
			r.Headers = s.unpackHeaders(&cur, headers)
		}
	}
	return s.refs[from : from+int(b.count)]
}

func (s *scratch) unpackHeaders(cur *cursor, n int) []*sarama.RecordHeader {
	from := len(s.headers)
	slab := make([]sarama.RecordHeader, n)
	for i := range slab {
		slab[i].Key, slab[i].Value = cur.bytes(), cur.bytes()
		s.headers = append(s.headers, &slab[i])
	}
	return s.headers[from:len(s.headers):len(s.headers)]
}

// encode builds the produce request of r from its batches.
func (p *Producer) encode(r *request) *sarama.ProduceRequest {
	req := &sarama.ProduceRequest{
		Version:      produceVersion,
		RequiredAcks: sarama.WaitForAll,
		Timeout:      int32(min(p.cfg.DeliveryTimeout, produceTimeout).Milliseconds()),
	}
	if p.cfg.Mode == ExactlyOnce {
		req.TransactionalID = &p.id
	}
	n := 0
	for _, b := range r.batches {
		n += int(b.count)
	}
	p.scratch.reserve(n)
	from := 0
	for _, b := range r.batches {
		req.AddBatch(b.part.topic.name, b.part.number, p.recordBatch(b, from))
		from += int(b.count)
	}
	return req
}

func (p *Producer) recordBatch(b *batch, from int) *sarama.RecordBatch {
	return &sarama.RecordBatch{
		Version:          2,
		Codec:            p.cfg.Compression,
		CompressionLevel: sarama.CompressionLevelDefault,
		LastOffsetDelta:  b.count - 1,
		FirstTimestamp:   time.UnixMilli(b.base),
		MaxTimestamp:     time.UnixMilli(b.max),
		ProducerID:       p.pid,
		ProducerEpoch:    p.epoch,
		FirstSequence:    b.seq,
		IsTransactional:  p.cfg.Mode == ExactlyOnce,
		Records:          p.scratch.fill(b, from),
	}
}
