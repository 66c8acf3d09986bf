package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// partitions is the partition count of all topics.
const partitions = 4

// feed creates the topics and writes the data to them. The rows of the tables
// carry a timestamp before the first flight, so they're read before it.
func feed(ctx context.Context, brokers []string, names topics, d *dataSet) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := createTopics(ctx, kadm.NewClient(cl), names); err != nil {
		return err
	}
	if len(d.flights) == 0 {
		return errors.New("there are no flights")
	}
	before := d.flights[0].Hour.Add(-time.Hour)
	w := &writer{cl: cl}
	for _, a := range d.airlines {
		w.write(ctx, names.airlines, a.Code, a, before)
	}
	for _, a := range d.airports {
		w.write(ctx, names.airports, a.Code, a, before)
	}
	for _, f := range d.flights {
		w.write(ctx, names.flights, f.Carrier+f.Number, f, f.Hour)
	}
	return w.finish(ctx)
}

// createTopics creates the topics for input and output. Existing ones are
// refused, since the flights in them would be counted once more.
func createTopics(ctx context.Context, adm *kadm.Client, names topics) error {
	// The records are older than what brokers keep by default.
	forever := "-1"
	configs := map[string]*string{"retention.ms": &forever}
	created, err := adm.CreateTopics(ctx, partitions, -1, configs, append(names.inputs(), names.outputs()...)...)
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	for _, c := range created.Sorted() {
		if errors.Is(c.Err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("topic %s exists: delete the topics of the earlier run, or choose another -application-id", c.Topic)
		}
		if c.Err != nil {
			return fmt.Errorf("create topic %s: %w", c.Topic, c.Err)
		}
	}
	return nil
}

// writer writes JSON records and keeps the first error.
type writer struct {
	cl  *kgo.Client
	err error
	// failed is closed over by the callbacks, which run on the client's goroutine.
	failed kgo.FirstErrPromise
}

// write sends one record, without waiting for its acknowledgement.
func (w *writer) write(ctx context.Context, topic, key string, value any, at time.Time) {
	b, err := json.Marshal(value)
	if err != nil {
		w.err = errors.Join(w.err, fmt.Errorf("%s of %s: %w", key, topic, err))
		return
	}
	r := &kgo.Record{Topic: topic, Key: []byte(key), Value: b, Timestamp: at}
	w.cl.Produce(ctx, r, w.failed.Promise())
}

// finish waits for the acknowledgements and returns the first error.
func (w *writer) finish(ctx context.Context) error {
	err := errors.Join(w.err, w.cl.Flush(ctx), w.failed.Err())
	if err != nil {
		return fmt.Errorf("feed the topics: %w", err)
	}
	return nil
}
