package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/oncestream/oncestream/topology"
)

// extract returns the timestamps of an extractor, the same for the same name.
func (b *builder) extract(name string) (topology.Timestamps, error) {
	times, ok := b.times[name]
	if ok {
		return times, nil
	}
	times, err := parseExtractor(name)
	b.times[name] = times
	return times, err
}

// parseExtractor returns the timestamps of a name. Only the extractor of the
// records' own fails without a valid time.
func parseExtractor(name string) (topology.Timestamps, error) {
	embedded := topology.EmbeddedTime(func(r topology.SourceRecord[datum, datum]) (int64, bool) { return timeIn(r.Value) })
	switch name {
	case "record":
		return topology.RecordTime(), nil
	case "embedded":
		return topology.EmbeddedTime(func(r topology.SourceRecord[datum, datum]) (int64, bool) {
			if t, ok := timeIn(r.Value); ok {
				return t, true
			}
			return r.Timestamp, true
		}).OnInvalid(topology.DropInvalid), nil
	case "embeddedOrSkip":
		return embedded.OnInvalid(topology.DropInvalid), nil
	case "embeddedOrPartitionTime":
		return embedded.OnInvalid(topology.UsePartitionTime), nil
	}
	return topology.Timestamps{}, fmt.Errorf("unknown timestamp extractor %q", name)
}

// timeIn returns N for a value ts:N or ts:N:...
func timeIn(v datum) (int64, bool) {
	if v == nil {
		return 0, false
	}
	rest, ok := strings.CutPrefix(v.print(), "ts:")
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, ":")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n >= 0
}
