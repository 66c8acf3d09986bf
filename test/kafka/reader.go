package kafkatest

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The isolation level and the limits of a fetch request.
const (
	readCommitted  = 1
	fetchMaxWait   = 500 // ms
	fetchMaxBytes  = 32 << 20
	fetchRetryWait = 50 * time.Millisecond
)

// reader sends fetch requests of its own, because a consumer doesn't tell its
// position past aborted batches and control records, and so can't say whether
// it's at the end. The batches are decoded by the client library.
type reader struct {
	cl    *kgo.Client
	topic string
	level kgo.IsolationLevel
}

// fetchRetrying fetches until there's an answer. A leader may just be elected.
func (r *reader) fetchRetrying(ctx context.Context, partition int32, pos int64) ([]*kgo.Record, int64, error) {
	for {
		got, next, err := r.fetch(ctx, partition, pos)
		if !kerr.IsRetriable(err) {
			return got, next, err
		}
		select {
		case <-ctx.Done():
			return nil, pos, fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(fetchRetryWait):
		}
	}
}

// fetch sends one request and returns the records in its answer and the offset
// to go on from.
func (r *reader) fetch(ctx context.Context, partition int32, pos int64) ([]*kgo.Record, int64, error) {
	topics, err := kadm.NewClient(r.cl).ListTopics(ctx, r.topic)
	if err != nil {
		return nil, pos, err
	}
	t := topics[r.topic]
	if err := t.Partitions[partition].Err; err != nil {
		return nil, pos, err
	}
	resp, err := r.request(t, partition, pos).RequestWith(ctx, r.cl.Broker(int(t.Partitions[partition].Leader)))
	if err != nil {
		return nil, pos, err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, pos, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return nil, pos, fmt.Errorf("the answer has %d topics instead of one", len(resp.Topics))
	}
	got, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Offset: pos, IsolationLevel: r.level, Topic: r.topic, Partition: partition,
	}, &resp.Topics[0].Partitions[0], kgo.DefaultDecompressor(), nil)
	return got.Records, next, got.Err
}

// request names the topic by its id as well, which newer versions of the request
// have instead of the name.
func (r *reader) request(t kadm.TopicDetail, partition int32, pos int64) *kmsg.FetchRequest {
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = partition, pos, fetchMaxBytes
	p.CurrentLeaderEpoch = -1
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = t.Topic, t.ID
	topic.Partitions = append(topic.Partitions, p)
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.MaxWaitMillis, req.MinBytes, req.MaxBytes = -1, fetchMaxWait, 1, fetchMaxBytes
	if r.level == kgo.ReadCommitted() {
		req.IsolationLevel = readCommitted
	}
	req.Topics = append(req.Topics, topic)
	return req
}
