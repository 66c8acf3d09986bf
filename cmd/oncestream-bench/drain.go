package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// pollInterval is the time between two looks at the group's committed offsets:
// rare enough to cost the measured process next to nothing, and what the end of
// a run may be seen too late by.
const pollInterval = 50 * time.Millisecond

// drain watches an application come to the end of its input.
type drain struct {
	adm         *admin
	group       string
	inputs      []string
	repartition []string
	// begin is where the application starts, end where it is to stop.
	begin, end kadm.Offsets
}

// newDrain notes where the input topics end now, and where the group stands.
func newDrain(ctx context.Context, adm *admin, group string, inputs, repartition []string) (*drain, error) {
	d := &drain{adm: adm, group: group, inputs: inputs, repartition: repartition}
	var err error
	if d.end, err = d.listed(ctx, adm.ListEndOffsets, inputs); err != nil {
		return nil, err
	}
	if d.begin, err = d.listed(ctx, adm.ListStartOffsets, inputs); err != nil {
		return nil, err
	}
	committed, err := d.committed(ctx)
	if err != nil {
		return nil, err
	}
	// A committed offset below the log's start no longer exists: reading begins
	// at the start then, so the higher of the two counts.
	d.begin.Each(func(o kadm.Offset) {
		if c, ok := committed.Lookup(o.Topic, o.Partition); ok && c.At > o.At {
			d.begin[o.Topic][o.Partition] = c
		}
	})
	return d, nil
}

// records returns how many offsets lie between the begin and the end.
func (d *drain) records() int64 {
	var n int64
	d.end.Each(func(o kadm.Offset) {
		b, _ := d.begin.Lookup(o.Topic, o.Partition)
		n += max(0, o.At-b.At)
	})
	return n
}

// wait returns when everything up to the end is processed and committed, or
// with the error of ctx.
func (d *drain) wait(ctx context.Context) error {
	if err := d.reach(ctx, d.end); err != nil {
		return err
	}
	if len(d.repartition) == 0 {
		return nil
	}
	// What the input led to was written before the commit that reached the
	// input's end. So it lies below the ends that the repartition topics have
	// now, and nothing else has to be waited for.
	end, err := d.listed(ctx, d.adm.ListEndOffsets, d.repartition)
	if err != nil {
		return err
	}
	return d.reach(ctx, end)
}

// reach polls until the group's committed offsets are at end or beyond.
func (d *drain) reach(ctx context.Context, end kadm.Offsets) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		committed, err := d.committed(ctx)
		if err != nil {
			return err
		}
		if reached(committed, end) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// reached reports whether no partition's committed offset is below its end. An
// empty partition has nothing to commit.
func reached(committed, end kadm.Offsets) bool {
	ok := true
	end.Each(func(o kadm.Offset) {
		c, _ := committed.Lookup(o.Topic, o.Partition)
		ok = ok && c.At >= o.At
	})
	return ok
}

// committed returns the group's committed offsets; a group that doesn't exist
// yet has none. It asks again as long as the answer is one that passes, as when
// a new cluster creates its offsets topic.
func (d *drain) committed(ctx context.Context) (kadm.Offsets, error) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		r, err := d.adm.FetchOffsets(ctx, d.group)
		if err == nil {
			err = r.Error()
		}
		switch {
		case err == nil:
			return r.Offsets(), nil
		case errors.Is(err, kerr.GroupIDNotFound):
			return nil, nil
		case !kerr.IsRetriable(err):
			return nil, fmt.Errorf("committed offsets of group %s: %w", d.group, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("committed offsets of group %s: %w, after %w", d.group, ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// listed returns what one of the ListOffsets calls says of the topics.
func (d *drain) listed(
	ctx context.Context, list func(context.Context, ...string) (kadm.ListedOffsets, error), topics []string,
) (kadm.Offsets, error) {
	r, err := list(ctx, topics...)
	if err == nil {
		err = r.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("offsets of %v: %w", topics, err)
	}
	return r.Offsets(), nil
}
