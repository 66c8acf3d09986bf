package main

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// loadFlags is what the command line of load says.
type loadFlags struct {
	brokers    []string
	topic      string
	partitions int
	records    int64
	keys       int
	valueSize  int
	seed       uint64
	from       int64
	span       time.Duration
}

// loadCommand fills a topic.
func loadCommand(ctx context.Context, args []string, stderr io.Writer) error {
	f, err := parseLoad(args, stderr)
	if err != nil {
		return err
	}
	if err := createLoaded(ctx, f); err != nil {
		return err
	}
	return load(ctx, f)
}

// parseLoad reads the command line of load and checks it.
func parseLoad(args []string, stderr io.Writer) (*loadFlags, error) {
	f := &loadFlags{}
	var brokers string
	fs := flag.NewFlagSet("oncestream-bench load", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&brokers, "brokers", "", "broker addresses, separated by commas")
	fs.StringVar(&f.topic, "topic", "", "topic to fill; it's created where it's missing")
	fs.IntVar(&f.partitions, "partitions", 4, "partitions of a topic that's created")
	fs.Int64Var(&f.records, "records", 2_000_000, "number of records")
	fs.IntVar(&f.keys, "keys", 100_000, "number of different keys")
	fs.IntVar(&f.valueSize, "value-size", 100, "bytes of a value")
	fs.Uint64Var(&f.seed, "seed", 1, "seed of keys and values")
	fs.Int64Var(&f.from, "from", 1_700_000_000_000, "timestamp of the first record, in milliseconds")
	fs.DurationVar(&f.span, "span", 10*time.Minute, "time between the first and the last timestamp")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	f.brokers = addresses(brokers)
	return f, errors.Join(f.check(), noArguments(fs))
}

// check returns what's missing or out of range, all of it at once.
func (f *loadFlags) check() error {
	var errs []error
	for _, c := range []struct {
		bad bool
		msg string
	}{
		{len(f.brokers) == 0, "-brokers is missing"},
		{f.topic == "", "-topic is missing"},
		{f.partitions <= 0, "-partitions must be positive"},
		{f.records <= 0, "-records must be positive"},
		{f.keys <= 0, "-keys must be positive"},
		{f.valueSize < 0, "-value-size must not be negative"},
		{f.from < 0, "-from must not be negative"},
		{f.span < 0, "-span must not be negative"},
	} {
		if c.bad {
			errs = append(errs, errors.New(c.msg))
		}
	}
	return errors.Join(errs...)
}

// createLoaded creates the topic where it's missing.
func createLoaded(ctx context.Context, f *loadFlags) error {
	adm, err := newAdmin(f.brokers)
	if err != nil {
		return err
	}
	defer adm.Close()
	return createTopic(ctx, adm, f.topic, f.partitions)
}

// load produces the records. The client's buffer is bounded, so Produce waits
// for the brokers and memory stays flat however many records there are.
func load(ctx context.Context, f *loadFlags) error {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(f.brokers...),
		kgo.DefaultProduceTopic(f.topic),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.MaxBufferedRecords(100_000),
	)
	if err != nil {
		return fmt.Errorf("producer: %w", err)
	}
	defer cl.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	acked := func(_ *kgo.Record, err error) {
		if err != nil {
			cancel(fmt.Errorf("produce to %s: %w", f.topic, err))
		}
	}
	for r := range f.generate() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		cl.Produce(ctx, r, acked)
	}
	if err := cl.Flush(ctx); err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return context.Cause(ctx)
}

// generate returns the records, in order. They depend on the flags alone.
func (f *loadFlags) generate() func(yield func(*kgo.Record) bool) {
	return func(yield func(*kgo.Record) bool) {
		rnd := rand.New(rand.NewPCG(f.seed, 0))
		for i := range f.records {
			at := f.from + int64(float64(f.span.Milliseconds())*float64(i)/float64(f.records))
			r := &kgo.Record{
				Key:       fmt.Appendf(nil, "key-%07d", rnd.IntN(f.keys)),
				Value:     randomBytes(rnd, f.valueSize),
				Timestamp: time.UnixMilli(at),
			}
			if !yield(r) {
				return
			}
		}
	}
}

// randomBytes returns n bytes that don't compress.
func randomBytes(rnd *rand.Rand, n int) []byte {
	b := make([]byte, (n+7)/8*8)
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], rnd.Uint64())
	}
	return b[:n]
}
