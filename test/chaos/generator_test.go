//go:build unix

package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// defaultKeys is the number of different keys, of which every second is in the
	// table.
	defaultKeys = 2_000
	// eventStep is the event time between two records, in milliseconds.
	eventStep = 5
	// backlog is how long ago event time begins: brokers refuse timestamps that are
	// far in the future.
	backlog = 4 * time.Hour
)

// generator produces the input of one run at a steady rate. Record i depends on
// the seed and i alone.
type generator struct {
	cl       *kgo.Client
	topic    string
	workload string
	rnd      *rand.Rand
	keys     int
	// start is the event time of the first record, in milliseconds.
	start int64
	// rate is in records per second.
	rate int
	// produced is how many records were acknowledged.
	produced atomic.Int64
	next     int
	failed   atomic.Pointer[error]
}

func newGenerator(cl *kgo.Client, topic, workload string, s settings) *generator {
	start := time.Now().Add(-backlog).Truncate(time.Hour)
	return &generator{
		cl:       cl,
		topic:    topic,
		workload: workload,
		rnd:      rand.New(rand.NewPCG(s.seed, 1)),
		keys:     defaultKeys,
		start:    start.UnixMilli(),
		// So that the small size lasts for the small number of kills, and the full
		// size for the full number.
		rate: max(2_000, s.records/60),
	}
}

// flow produces until ctx is cancelled, and then on to at least total records.
func (g *generator) flow(ctx context.Context, total int) error {
	const slices = 50 // a second
	tick := time.NewTicker(time.Second / slices)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return g.rest(context.WithoutCancel(ctx), total)
		case <-tick.C:
			g.produce(context.WithoutCancel(ctx), g.rate/slices)
		}
		if err := g.err(); err != nil {
			return err
		}
	}
}

// rest produces up to total and waits for all acknowledgements.
func (g *generator) rest(ctx context.Context, total int) error {
	g.produce(ctx, max(0, total-g.next))
	return errors.Join(g.cl.Flush(ctx), g.err())
}

// produce sends the next n records.
func (g *generator) produce(ctx context.Context, n int) {
	for range n {
		g.cl.Produce(ctx, g.record(g.next), func(_ *kgo.Record, err error) {
			if err != nil {
				g.failed.CompareAndSwap(nil, &err)
				return
			}
			g.produced.Add(1)
		})
		g.next++
	}
}

func (g *generator) err() error {
	if err := g.failed.Load(); err != nil {
		return fmt.Errorf("produce to %s: %w", g.topic, *err)
	}
	return nil
}

// record makes record i. The number in the value tells equal ones apart.
func (g *generator) record(i int) *kgo.Record {
	r := &kgo.Record{
		Topic:     g.topic,
		Key:       key(g.rnd.IntN(g.keys)),
		Value:     fmt.Appendf(nil, "value-%d", i),
		Timestamp: time.UnixMilli(g.start + int64(i)*eventStep - g.delay()),
	}
	if g.workload == "map" {
		switch g.rnd.IntN(20) {
		case 0:
			r.Value = []byte{}
		case 1:
			r.Value = nil
		}
	}
	return r
}

// delay makes event time go out of order: most records are within the grace of
// their window, some are late.
func (g *generator) delay() int64 {
	switch d := g.rnd.IntN(100); {
	case d < 60:
		return 0
	case d < 97:
		return g.rnd.Int64N(8_000)
	default:
		return 60_000 + g.rnd.Int64N(60_000)
	}
}

// table returns the records of the table: every second key, some of them
// overwritten or deleted. They're older than all of the input.
func (g *generator) table(topic string) []*kgo.Record {
	at := time.UnixMilli(g.start).Add(-time.Hour)
	var out []*kgo.Record
	put := func(k int, v []byte) {
		at = at.Add(time.Millisecond)
		out = append(out, &kgo.Record{Topic: topic, Key: key(k), Value: v, Timestamp: at})
	}
	for k := 0; k < g.keys; k += 2 {
		put(k, fmt.Appendf(nil, "row-%d", k))
		switch g.rnd.IntN(10) {
		case 0:
			put(k, fmt.Appendf(nil, "row-%d-again", k))
		case 1:
			put(k, nil)
		}
	}
	return out
}

func key(k int) []byte { return fmt.Appendf(nil, "key-%06d", k) }
