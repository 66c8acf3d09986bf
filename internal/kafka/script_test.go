package kafka

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A batch for scripted fetch responses, as the log holds it.
type batch struct {
	first int64
	last  int32 // the last offset delta
	// values are those of the records, at offset deltas 0, 1, ...
	values  []string
	attrs   int16
	firstTS int64
	maxTS   int64
	pid     int64
	control []byte // the key of a control record
}

const (
	attrLogAppend     = 1 << 3
	attrTransactional = 1 << 4
	attrControl       = 1 << 5
)

var (
	abortKey  = []byte{0, 0, 0, 0}
	commitKey = []byte{0, 0, 0, 1}
)

// bytes encodes the batch, with its length and checksum.
func (b batch) bytes() []byte {
	rb := kmsg.RecordBatch{
		FirstOffset: b.first, Magic: 2, Attributes: b.attrs, LastOffsetDelta: b.last,
		FirstTimestamp: b.firstTS, MaxTimestamp: b.maxTS, ProducerID: b.pid, FirstSequence: -1,
	}
	for i, v := range b.values {
		rb.Records = append(rb.Records, encodeRecord(int32(i), nil, []byte(v))...)
		rb.NumRecords++
	}
	if b.control != nil {
		rb.Records = encodeRecord(0, b.control, []byte{0, 0, 0, 0, 0, 0})
		rb.NumRecords++
	}
	out := rb.AppendTo(nil)
	binary.BigEndian.PutUint32(out[8:], uint32(len(out)-12))
	binary.BigEndian.PutUint32(out[17:], crc32.Checksum(out[21:], crc32.MakeTable(crc32.Castagnoli)))
	return out
}

// encodeRecord writes a record without a timestamp of its own and headers.
func encodeRecord(delta int32, key, value []byte) []byte {
	body := []byte{0, 0}
	body = binary.AppendVarint(body, int64(delta))
	body = appendBytes(body, key)
	body = appendBytes(body, value)
	body = binary.AppendVarint(body, 0)
	return append(binary.AppendVarint(nil, int64(len(body))), body...)
}

func appendBytes(b, v []byte) []byte {
	if v == nil {
		return binary.AppendVarint(b, -1)
	}
	return append(binary.AppendVarint(b, int64(len(v))), v...)
}

// answer is one partition's part of a scripted response.
type answer struct {
	code    int16
	batches []byte
	hw      int64
	aborted []kmsg.FetchResponseTopicPartitionAbortedTransaction
}

func join(batches ...batch) []byte {
	var out []byte
	for _, b := range batches {
		out = append(out, b.bytes()...)
	}
	return out
}

func aborted(pid, first int64) kmsg.FetchResponseTopicPartitionAbortedTransaction {
	a := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
	a.ProducerID, a.FirstOffset = pid, first
	return a
}

// scriptFetch answers fetches by f, whose ok is false where kfake should answer.
func scriptFetch(cl *kfake.Cluster, f func(topic string, p kmsg.FetchRequestTopicPartition) (answer, bool)) {
	cl.ControlKey(int16(kmsg.Fetch), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		cl.KeepControl()
		req := kreq.(*kmsg.FetchRequest)
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		for _, rt := range req.Topics {
			st := kmsg.NewFetchResponseTopic()
			st.Topic = rt.Topic
			for _, rp := range rt.Partitions {
				ans, ok := f(rt.Topic, rp)
				if !ok {
					return nil, nil, false
				}
				sp := kmsg.NewFetchResponseTopicPartition()
				sp.Partition, sp.ErrorCode, sp.RecordBatches = rp.Partition, ans.code, ans.batches
				sp.HighWatermark, sp.LastStableOffset, sp.LogStartOffset = ans.hw, ans.hw, 0
				sp.AbortedTransactions = ans.aborted
				st.Partitions = append(st.Partitions, sp)
			}
			resp.Topics = append(resp.Topics, st)
		}
		return resp, nil, true
	})
}

// scriptLog serves a log as a broker does: from the batch that holds the offset
// asked for.
func scriptLog(t *testing.T, log []batch, aborted ...kmsg.FetchResponseTopicPartitionAbortedTransaction) *kfake.Cluster {
	t.Helper()
	end := endOf(log)
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	scriptFetch(cl, func(_ string, p kmsg.FetchRequestTopicPartition) (answer, bool) {
		for i, b := range log {
			if b.first+int64(b.last) >= p.FetchOffset {
				return answer{batches: join(log[i:]...), hw: end, aborted: aborted}, true
			}
		}
		return answer{hw: end}, true
	})
	return cl
}

// endOf returns the offset behind a log.
func endOf(log []batch) int64 {
	b := log[len(log)-1]
	return b.first + int64(b.last) + 1
}

// crcOf is the checksum of the old message format.
func crcOf(b []byte) []byte {
	return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b))
}
