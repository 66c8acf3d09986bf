package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// slot is a window of a key.
type slot struct {
	key   string
	start time.Time
}

// grouping is the results of one grouping, as of the last record of each slot.
type grouping struct {
	delays    map[slot]Delays
	cancelled map[slot]int64
	// flights is the number of flights in all slots.
	flights int64
}

func newGrouping() *grouping {
	return &grouping{delays: map[slot]Delays{}, cancelled: map[slot]int64{}}
}

// summary is everything the result topics say.
type summary struct {
	carrierHours, originDays *grouping
}

// collect reads the result topics until they account for all flights.
func collect(ctx context.Context, brokers []string, names topics, p *progress) (*summary, error) {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.ConsumeTopics(names.outputs()...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	s := &summary{carrierHours: newGrouping(), originDays: newGrouping()}
	for s.done() < p.total {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("read the results: %w", err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			if err := s.take(names, it.Next()); err != nil {
				return nil, err
			}
		}
		p.show(s.done())
	}
	p.finish()
	return s, nil
}

// done returns how many flights are in both groupings.
func (s *summary) done() int64 { return min(s.carrierHours.flights, s.originDays.flights) }

// take puts a record where it belongs.
func (s *summary) take(names topics, r *kgo.Record) error {
	at, err := parseSlot(string(r.Key))
	if err == nil {
		switch r.Topic {
		case names.carrierHours.delays:
			err = s.carrierHours.putDelays(at, r.Value)
		case names.originDays.delays:
			err = s.originDays.putDelays(at, r.Value)
		case names.carrierHours.cancelled:
			err = s.carrierHours.putCancelled(at, r.Value)
		case names.originDays.cancelled:
			err = s.originDays.putCancelled(at, r.Value)
		}
	}
	if err != nil {
		return fmt.Errorf("result %s-%d@%d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	return nil
}

// parseSlot reads a key as atStart makes it.
func parseSlot(key string) (slot, error) {
	k, start, _ := strings.Cut(key, "@")
	t, err := time.Parse(time.RFC3339, start)
	return slot{k, t}, err
}

func (g *grouping) putDelays(at slot, value []byte) error {
	var d Delays
	if err := json.Unmarshal(value, &d); err != nil {
		return err
	}
	g.flights += d.Flights - g.delays[at].Flights
	g.delays[at] = d
	return nil
}

func (g *grouping) putCancelled(at slot, value []byte) error {
	if len(value) != 8 {
		return fmt.Errorf("a count has 8 bytes, not %d", len(value))
	}
	n := int64(binary.BigEndian.Uint64(value))
	g.flights += n - g.cancelled[at]
	g.cancelled[at] = n
	return nil
}
