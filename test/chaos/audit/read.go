package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Read calls each with all records of a topic that a read_committed consumer
// sees, in the order of each partition, up to where the topic ends at the
// start. It's an error if a transaction is open in the topic: what it will
// come to isn't known.
func Read(ctx context.Context, brokers []string, topic string, each func(Record) error) error {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// The topic may end in a transaction's marker. Without it the last records
		// tell nothing of whether the end was reached.
		kgo.KeepControlRecords(),
	)
	if err != nil {
		return fmt.Errorf("read %s: %w", topic, err)
	}
	defer cl.Close()
	rd, err := newReader(ctx, cl, topic)
	if err == nil {
		err = rd.run(ctx, each)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", topic, err)
	}
	return nil
}

// reader reads a topic to the end it had at the start.
type reader struct {
	cl *kgo.Client
	// left are the partitions that aren't at their end, with the end's offset.
	left map[int32]int64
}

// newReader finds the topic's bounds and begins to fetch.
func newReader(ctx context.Context, cl *kgo.Client, topic string) (*reader, error) {
	begin, end, err := bounds(ctx, kadm.NewClient(cl), topic)
	if err != nil {
		return nil, err
	}
	r := &reader{cl: cl, left: map[int32]int64{}}
	from := map[int32]kgo.Offset{}
	end.Each(func(e kadm.ListedOffset) {
		b, _ := begin.Lookup(topic, e.Partition)
		if b.Offset < e.Offset {
			r.left[e.Partition] = e.Offset
			from[e.Partition] = kgo.NewOffset().At(b.Offset)
		}
	})
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	return r, nil
}

// bounds returns the log start offsets and the high watermarks of a topic, and
// an error if a last stable offset is below its high watermark.
func bounds(ctx context.Context, adm *kadm.Client, topic string) (begin, end kadm.ListedOffsets, err error) {
	if begin, err = adm.ListStartOffsets(ctx, topic); err == nil {
		err = begin.Error()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("start offsets: %w", err)
	}
	if end, err = adm.ListEndOffsets(ctx, topic); err == nil {
		err = end.Error()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("end offsets: %w", err)
	}
	stable, err := adm.ListCommittedOffsets(ctx, topic)
	if err == nil {
		err = stable.Error()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("last stable offsets: %w", err)
	}
	var open []error
	end.Each(func(e kadm.ListedOffset) {
		if s, _ := stable.Lookup(topic, e.Partition); s.Offset < e.Offset {
			open = append(open, fmt.Errorf("a transaction is open in partition %d: last stable offset %d, high watermark %d",
				e.Partition, s.Offset, e.Offset))
		}
	})
	return begin, end, errors.Join(open...)
}

// run fetches until every partition is at its end.
func (rd *reader) run(ctx context.Context, each func(Record) error) error {
	for len(rd.left) > 0 {
		fetches := rd.cl.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("partitions short of their end offset %v: %w", rd.left, err)
		}
		var errs []error
		fetches.EachError(func(_ string, p int32, err error) {
			errs = append(errs, fmt.Errorf("partition %d: %w", p, err))
		})
		if err := errors.Join(errs...); err != nil {
			return err
		}
		for it := fetches.RecordIter(); !it.Done(); {
			if err := rd.take(it.Next(), each); err != nil {
				return err
			}
		}
	}
	return nil
}

// take hands a record on, unless it's a marker or lies beyond the end.
func (rd *reader) take(r *kgo.Record, each func(Record) error) error {
	end, ok := rd.left[r.Partition]
	if !ok {
		return nil
	}
	if r.Offset >= end-1 {
		delete(rd.left, r.Partition)
	}
	if r.Attrs.IsControl() || r.Offset >= end {
		return nil
	}
	return each(Record{
		Topic:     r.Topic,
		Partition: r.Partition,
		Offset:    r.Offset,
		Timestamp: r.Timestamp.UnixMilli(),
		Key:       r.Key,
		Value:     r.Value,
	})
}
