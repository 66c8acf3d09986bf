package kafkatest

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Produce writes records, each to the partition that the Java client would
// choose for its key, and returns when all are acknowledged. The records get
// their partition and offset.
func Produce(tb testing.TB, addr string, records ...*kgo.Record) {
	tb.Helper()
	produce(tb, addr, records)
}

// ProduceTo writes records to the partition that each of them names, in the
// order given, and returns when all are acknowledged.
func ProduceTo(tb testing.TB, addr string, records ...*kgo.Record) {
	tb.Helper()
	produce(tb, addr, records, kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

func produce(tb testing.TB, addr string, records []*kgo.Record, opts ...kgo.Opt) {
	tb.Helper()
	opts = append(opts, kgo.MaxBufferedRecords(100_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	cl := Client(tb, addr, opts...)
	defer cl.Close()
	if err := cl.ProduceSync(tb.Context(), records...).FirstErr(); err != nil {
		tb.Fatalf("kafkatest: produce: %v", err)
	}
}
