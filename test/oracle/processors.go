package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oncestream/oncestream/topology"
)

// parseProcessor returns the processor that a step names.
func parseProcessor(s *step) (*processor, error) {
	switch kind := s.text("processor"); kind {
	case "pass":
		return &processor{deed: func(p *performer, r record) error { return p.forward("", r) }}, nil
	case "dedup", "counter", "seen", "put", "lookup":
		return &processor{deed: withKey(stored(kind))}, nil
	case "route":
		return &processor{deed: route}, nil
	case "fanout":
		return &processor{deed: fanOut(get(s.params, "n", int64(0)))}, nil
	case "addHeader", "removeHeader":
		return &processor{deed: headers(s, kind == "addHeader")}, nil
	case "shiftTime":
		return &processor{deed: shiftTime(get(s.params, "ms", int64(0)))}, nil
	case "meta":
		return &processor{deed: meta}, nil
	case "streamTime":
		return &processor{deed: streamTime}, nil
	case "punctuate":
		if s.op != "process" {
			return nil, fmt.Errorf("punctuate works in process only")
		}
		return punctuate(s)
	default:
		return nil, fmt.Errorf("unknown processor %q", kind)
	}
}

// withKey ignores records with a null key.
func withKey(d deed) deed {
	return func(p *performer, r record) error {
		if r.Key == nil {
			return nil
		}
		return d(p, r)
	}
}

// stored returns a processor with a store.
func stored(kind string) deed {
	return func(p *performer, r record) error {
		store, err := p.step.open(p)
		if err != nil {
			return err
		}
		old, err := store.get(r.Key)
		if err != nil {
			return err
		}
		value := r.Value
		switch kind {
		case "lookup":
			return p.forward("", r.WithValue[datum](text(orNull(printed(value))+"|"+orNull(printed(old)))))
		case "counter", "seen":
			value = plusOne(old)
		case "dedup":
			if old == value {
				return nil
			}
		}
		if err := store.put(r.Key, value, r.Timestamp); err != nil {
			return err
		}
		switch kind {
		case "counter":
			r = r.WithValue(value)
		case "seen":
			r = r.WithValue[datum](text(orNull(printed(r.Value)) + "#" + value.print()))
		}
		return p.forward("", r)
	}
}

func plusOne(d datum) datum {
	n := int64(0)
	if d != nil {
		n = parse(d.print())
	}
	return text(strconv.FormatInt(n+1, 10))
}

func route(p *performer, r record) error {
	child, rest, found := strings.Cut(orNull(printed(r.Value)), ":")
	if !found {
		return p.forward("", r)
	}
	return p.forward(child, r.WithValue[datum](text(rest)))
}

func fanOut(n int64) deed {
	return func(p *performer, r record) error {
		for i := range n {
			if err := p.forward("", r.WithValue[datum](text(fmt.Sprintf("%s#%d", orNull(printed(r.Value)), i+1)))); err != nil {
				return err
			}
		}
		return nil
	}
}

func headers(s *step, add bool) deed {
	key := s.text("header")
	value := get(s.params, "value", blob(nil))
	return func(p *performer, r record) error {
		if add {
			return p.forward("", r.WithHeader(key, value))
		}
		return p.forward("", r.WithoutHeader(key))
	}
}

func shiftTime(ms int64) deed {
	return func(p *performer, r record) error {
		r.Timestamp += ms
		return p.forward("", r)
	}
}

func meta(p *performer, r record) error {
	at := "null/-1/-1" // what Java prints of a record that a schedule has made
	if m, ok := p.Metadata(); ok {
		at = fmt.Sprintf("%s/%d/%d", m.Topic, m.Partition, p.step.offset(m.Topic, m.Offset))
	}
	return p.forward("", r.WithValue[datum](text(fmt.Sprintf("%s/%d", at, r.Timestamp))))
}

func streamTime(p *performer, r record) error {
	return p.forward("", r.WithValue[datum](text(fmt.Sprintf("%s@%d", orNull(printed(r.Value)), p.StreamTime()))))
}

// punctuate stores records, and sends all that are stored at intervals.
func punctuate(s *step) (*processor, error) {
	every, by := ms(get(s.params, "everyMs", int64(0))), topology.ByWallClock
	if s.text("time") == "stream" {
		by = topology.ByStreamTime
	}
	clear, stores := get(s.params, "clear", false), s.has("store")
	times, limited := get(s.params, "times", int64(0)), s.has("times")
	put := &processor{deed: func(p *performer, r record) error {
		if !stores || r.Key == nil {
			return nil
		}
		store, err := p.step.open(p)
		if err != nil {
			return err
		}
		return store.put(r.Key, r.Value, r.Timestamp)
	}}
	put.begin = func(p *performer, forward func(record) error) error {
		var schedule *topology.Schedule
		left := times
		tick := func(now int64) error {
			if err := forward(record{Key: text("tick"), Value: text(strconv.FormatInt(now, 10)), Timestamp: now}); err != nil {
				return err
			}
			if stores {
				if err := p.sendAll(now, clear, forward); err != nil {
					return err
				}
			}
			if left--; limited && left <= 0 {
				schedule.Cancel()
			}
			return nil
		}
		var err error
		schedule, err = p.Schedule(every, by, tick)
		return err
	}
	return put, nil
}

// sendAll sends all entries of the store.
func (p *performer) sendAll(now int64, clear bool, forward func(record) error) error {
	store, err := p.step.open(p)
	if err != nil {
		return err
	}
	var keys []datum
	for e, err := range store.all() {
		if err == nil {
			err = forward(record{Key: e.Key, Value: e.Value, Timestamp: now})
		}
		if err != nil {
			return err
		}
		keys = append(keys, e.Key)
	}
	if !clear {
		return nil
	}
	for key := range slices.Values(keys) {
		if err := store.put(key, nil, now); err != nil {
			return err
		}
	}
	return nil
}
