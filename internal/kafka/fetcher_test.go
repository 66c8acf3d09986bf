package kafka

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/oncestream/oncestream/internal/record"
)

func newTestFetcher(t *testing.T, cl *kfake.Cluster, cfg FetchConfig) *Fetcher {
	t.Helper()
	f := NewFetcher(newTestClient(t, cl), cfg)
	t.Cleanup(f.Close)
	return f
}

func fill(t *testing.T, cl *kfake.Cluster, topic string, partition int32, n int) (values []string) {
	t.Helper()
	p := newProducer(t, cl)
	for i := range n {
		v := fmt.Sprintf("v%d", i)
		produce(t, p, &kgo.Record{Topic: topic, Partition: partition, Value: []byte(v)})
		values = append(values, v)
	}
	return values
}

func TestFetchFromOffset(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	want := fill(t, cl, "in", 0, 10)
	for _, from := range []int64{0, 4, 10} {
		f := newTestFetcher(t, cl, FetchConfig{})
		f.Assign(tp("in", 0), from)
		if got := readTo(t, f, tp("in", 0), 10); !slices.Equal(got, want[from:]) {
			t.Errorf("from %d: got %v, want %v", from, got, want[from:])
		}
	}
}

// TestAssignVoidsChunks moves a partition while a response is on its way and
// while chunks wait: neither may bring the old position back.
func TestAssignVoidsChunks(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	all := fill(t, cl, "in", 0, 5)
	f := newTestFetcher(t, cl, FetchConfig{})
	f.Assign(tp("in", 0), 0)
	old := nextChunk(t, f)
	f.Assign(tp("in", 0), 3)
	if f.Valid(old) {
		t.Error("a chunk from before Assign is valid")
	}
	old.Release()
	if got := readTo(t, f, tp("in", 0), 5); !slices.Equal(got, all[3:]) {
		t.Errorf("got %v", got)
	}
	f.Remove(tp("in", 0))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.buffered != 0 || len(f.mu.cursors) != 0 {
		t.Errorf("left: %d bytes, %d partitions", f.mu.buffered, len(f.mu.cursors))
	}
}

// TestLateResponse holds a response back until its partition was moved.
func TestLateResponse(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	held, moved := make(chan struct{}), make(chan struct{})
	var once sync.Once
	log := []batch{{first: 0, values: []string{"old"}}, {first: 1, values: []string{"new"}}}
	scriptFetch(cl, func(_ string, p kmsg.FetchRequestTopicPartition) (answer, bool) {
		if p.FetchOffset == 0 {
			once.Do(func() {
				close(held)
				<-moved
			})
		}
		if p.FetchOffset > 1 {
			return answer{hw: 2}, true
		}
		return answer{batches: log[p.FetchOffset].bytes(), hw: 2}, true
	})
	f := newTestFetcher(t, cl, FetchConfig{})
	f.Assign(tp("in", 0), 0)
	<-held
	f.Assign(tp("in", 0), 1)
	close(moved)
	if got := readTo(t, f, tp("in", 0), 2); !slices.Equal(got, []string{"new"}) {
		t.Errorf("got %v", got)
	}
}

func TestLeaderMoves(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"), kfake.NumBrokers(3))
	f := newTestFetcher(t, cl, FetchConfig{})
	f.Assign(tp("in", 0), 0)
	p := newProducer(t, cl)
	for i := range int64(6) {
		if err := cl.MoveTopicPartition("in", 0, int32(i%3)); err != nil {
			t.Fatal(err)
		}
		produce(t, p, &kgo.Record{Topic: "in", Value: []byte{byte('0' + i)}})
		if got := readTo(t, f, tp("in", 0), i+1); !slices.Equal(got, []string{string(rune('0' + i))}) {
			t.Fatalf("after move %d: %v", i, got)
		}
	}
}

// TestRetriableFetchErrors answers with each error once and then as usual.
func TestRetriableFetchErrors(t *testing.T) {
	for _, code := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch, kerr.UnknownTopicOrPartition,
		kerr.LeaderNotAvailable, kerr.ReplicaNotAvailable, kerr.KafkaStorageError, kerr.OffsetNotAvailable, kerr.UnknownServerError,
	} {
		t.Run(code.Message, func(t *testing.T) {
			cl := newCluster(t, kfake.SeedTopics(1, "in"))
			want := fill(t, cl, "in", 0, 2)
			var failed atomic.Bool
			scriptFetch(cl, func(string, kmsg.FetchRequestTopicPartition) (answer, bool) {
				return answer{code: code.Code, hw: -1}, !failed.Swap(true)
			})
			f := newTestFetcher(t, cl, FetchConfig{})
			f.Assign(tp("in", 0), 0)
			if got := readTo(t, f, tp("in", 0), 2); !slices.Equal(got, want) {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestLostConnection(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	want := fill(t, cl, "in", 0, 2)
	var dropped atomic.Bool
	cl.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		dropped.Store(true)
		return nil, errors.New("closed by the test"), true
	})
	f := newTestFetcher(t, cl, FetchConfig{})
	f.Assign(tp("in", 0), 0)
	if got := readTo(t, f, tp("in", 0), 2); !slices.Equal(got, want) || !dropped.Load() {
		t.Errorf("got %v, connection dropped: %t", got, dropped.Load())
	}
}

func TestReportedFetchErrors(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in", "secret"))
	fill(t, cl, "in", 0, 3)
	if err := cl.DeleteRecords("in", 0, 1); err != nil {
		t.Fatal(err)
	}
	scriptFetch(cl, func(topic string, _ kmsg.FetchRequestTopicPartition) (answer, bool) {
		return answer{code: kerr.TopicAuthorizationFailed.Code, hw: -1}, topic == "secret"
	})
	for _, tc := range []struct {
		topic  string
		offset int64
		want   sarama.KError
	}{
		{"secret", 0, sarama.ErrTopicAuthorizationFailed},
		{"missing", 0, sarama.ErrUnknownTopicOrPartition},
	} {
		f := newTestFetcher(t, cl, FetchConfig{UnknownTopicTimeout: 50 * time.Millisecond})
		f.Assign(tp(tc.topic, 0), tc.offset)
		c := nextChunk(t, f)
		if !errors.Is(c.Err, tc.want) || !strings.Contains(c.Err.Error(), tc.topic) {
			t.Errorf("%s: %v", tc.topic, c.Err)
		}
	}
	for _, offset := range []int64{0, 9} {
		f := newTestFetcher(t, cl, FetchConfig{})
		f.Assign(tp("in", 0), offset)
		e, ok := errors.AsType[*OffsetOutOfRangeError](nextChunk(t, f).Err)
		if !ok || *e != (OffsetOutOfRangeError{TopicPartition: tp("in", 0), Offset: offset, LogStart: 1, HighWatermark: 3}) {
			t.Errorf("offset %d: %+v", offset, e)
		}
		f.Assign(tp("in", 0), e.LogStart)
		if got := readTo(t, f, tp("in", 0), 3); len(got) != 2 {
			t.Errorf("from the log's start: %v", got)
		}
	}
}

// TestBackpressure leaves chunks unreleased: fetching stops at the partition's
// limit and goes on when they're released.
func TestBackpressure(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	value := strings.Repeat("x", 100)
	p := newProducer(t, cl)
	for range 20 {
		produce(t, p, &kgo.Record{Topic: "in", Value: []byte(value)})
	}
	f := newTestFetcher(t, cl, FetchConfig{PartitionBytes: 300})
	f.Assign(tp("in", 0), 0)
	var held []*Chunk
	sum := 0
	for sum < 300 {
		c := nextChunk(t, f)
		held, sum = append(held, c), sum+c.Bytes
	}
	f.mu.Lock()
	cur := f.mu.cursors[tp("in", 0)]
	if cur.buffered != int64(sum) || f.mu.buffered != int64(sum) {
		t.Errorf("accounted %d and %d, want %d", cur.buffered, f.mu.buffered, sum)
	}
	at := cur.offset
	f.mu.Unlock()
	for _, c := range held {
		c.Release()
		c.Release()
	}
	if got := readTo(t, f, tp("in", 0), 20); len(got) != 20-int(at) {
		t.Errorf("got %d values behind offset %d", len(got), at)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.buffered != 0 || cur.buffered != 0 {
		t.Errorf("%d and %d bytes accounted with nothing held", f.mu.buffered, cur.buffered)
	}
}

// TestIdlePartitionIsReported shows that the bounds of a partition without
// records are told once, and again when they change.
func TestIdlePartitionIsReported(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	f := newTestFetcher(t, cl, FetchConfig{MaxWait: 5 * time.Millisecond, ReadCommitted: true})
	f.Assign(tp("in", 0), 0)
	if c := nextChunk(t, f); c.HighWatermark != 0 || c.LastStable != 0 || c.Next != 0 || c.Bytes != 0 {
		t.Errorf("first chunk %+v", c)
	}
	p := newProducer(t, cl, kgo.TransactionalID("tx"))
	if err := p.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, p, &kgo.Record{Topic: "in", Value: []byte("open")})
	if c := nextChunk(t, f); c.HighWatermark != 1 || c.LastStable != 0 || c.Next != 0 {
		t.Errorf("with an open transaction: next %d, hw %d, lso %d", c.Next, c.HighWatermark, c.LastStable)
	}
	if err := p.EndTransaction(testContext(t), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	if got := readTo(t, f, tp("in", 0), 2); len(got) != 0 {
		t.Errorf("read %v of an aborted transaction", got)
	}
}

func TestCodecs(t *testing.T) {
	for name, codec := range map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	} {
		t.Run(name, func(t *testing.T) {
			cl := newCluster(t, kfake.SeedTopics(1, "in"))
			value := strings.Repeat(name, 1000)
			produce(t, newProducer(t, cl, kgo.ProducerBatchCompression(codec)),
				&kgo.Record{Topic: "in", Value: []byte(value)}, &kgo.Record{Topic: "in", Value: []byte(value)})
			f := newTestFetcher(t, cl, FetchConfig{})
			f.Assign(tp("in", 0), 0)
			if got := readTo(t, f, tp("in", 0), 2); !slices.Equal(got, []string{value, value}) {
				t.Errorf("got %d values", len(got))
			}
		})
	}
}

func TestRecordFields(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(2, "in"))
	at := time.UnixMilli(1700000000123)
	produce(t, newProducer(t, cl),
		&kgo.Record{Topic: "in", Partition: 1, Timestamp: at, Key: []byte("k"), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("1")}, {Key: "null"}}},
		&kgo.Record{Topic: "in", Partition: 1, Timestamp: at.Add(time.Second), Value: []byte{}})
	f := newTestFetcher(t, cl, FetchConfig{})
	f.Assign(tp("in", 1), 0)
	var got []record.Record
	for len(got) < 2 {
		c := nextChunk(t, f)
		for r := (record.Record{}); c.Read(&r); r = (record.Record{}) {
			got = append(got, r)
		}
	}
	want := []record.Record{
		{Topic: "in", Partition: 1, Offset: 0, Timestamp: 1700000000123, Key: []byte("k"), Headers: []record.Header{{Key: "h", Value: []byte("1")}, {Key: "null"}}},
		{Topic: "in", Partition: 1, Offset: 1, Timestamp: 1700000001123, Value: []byte{}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestCloseInLongPoll closes a fetcher whose broker doesn't answer.
func TestCloseInLongPoll(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	asked, done := make(chan struct{}), make(chan struct{})
	cl.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		close(asked)
		<-done
		return nil, nil, false
	})
	f := NewFetcher(newTestClient(t, cl), FetchConfig{})
	f.Assign(tp("in", 0), 0)
	<-asked
	f.Close()
	close(done)
}
