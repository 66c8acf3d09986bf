package parity

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// null stands for a null value in results.
const null = "null"

// result is what an output topic has for one key.
type result struct {
	// values are all, in order.
	values []string
	// at is the time of the last one, in seconds after the start of the input.
	at int
}

func (r *result) String() string { return fmt.Sprintf("%q, the last at %d s", r.values, r.at) }

// results are an output topic, by the bytes of the keys.
type results map[string]*result

func (rs results) add(key, value string, at int) {
	r := rs[key]
	if r == nil {
		r = new(result)
		rs[key] = r
	}
	r.values, r.at = append(r.values, value), at
}

// set keeps the last value alone.
func (rs results) set(key, value string, at int) { rs[key] = &result{[]string{value}, at} }

func int64Bytes(n int64) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }

// count adds one to a key whose time is the highest of its records.
func (rs results) count(key string, at int) {
	n := 0
	if r := rs[key]; r != nil {
		n, at = len(r.values), max(at, r.at)
	}
	rs.add(key, int64Bytes(int64(n+1)), at)
}

func countWords(_ time.Time, events []event) results {
	rs := results{}
	for _, e := range events {
		for _, w := range strings.Fields(e.value) {
			rs.count(w, e.at)
		}
	}
	return rs
}

func countWindows(start time.Time, events []event) results {
	rs := results{}
	size, grace := int(windowSize/time.Second), int(windowGrace/time.Second)
	now := map[int32]int{}
	for _, e := range events {
		if _, ok := now[e.partition]; !ok {
			now[e.partition] = e.at
		}
		now[e.partition] = max(now[e.partition], e.at)
		begin := e.at - (e.at%size+size)%size
		if begin+size+grace <= now[e.partition] {
			continue // late
		}
		rs.count(e.key+int64Bytes(start.UnixMilli()+1000*int64(begin)), e.at)
	}
	return rs
}

// total is the number of results of all keys.
func (rs results) total() int {
	n := 0
	for _, r := range rs {
		n += len(r.values)
	}
	return n
}

// TestLateInBothHalves asserts that the windows' input is what it's meant to be:
// each half has records that are late, also where the second half begins with them.
func TestLateInBothHalves(t *testing.T) {
	start := startTime()
	for name, halves := range map[string][2][]event{"late records": lateRecords(), "late first": lateFirst()} {
		first := countWindows(start, halves[0]).total()
		both := countWindows(start, slices.Concat(halves[0], halves[1])).total()
		if first >= len(halves[0]) {
			t.Errorf("%s: all of %d counted in the first half", name, first)
		}
		if both-first >= len(halves[1]) {
			t.Errorf("%s: all of %d counted in the second half", name, both-first)
		}
	}
}

// byTime sorts events as a task takes them from several topics.
func byTime(events []event) []event {
	return slices.SortedStableFunc(slices.Values(events), func(a, b event) int { return cmp.Compare(a.at, b.at) })
}

func joinRows(_ time.Time, events []event) results {
	rs, rows := results{}, map[string]string{}
	for _, e := range byTime(events) {
		switch {
		case e.deleted:
			delete(rows, e.key)
		case e.input == 1:
			rows[e.key] = e.value
		case rows[e.key] != "":
			rs.add(e.key, e.value+"+"+rows[e.key], e.at)
		}
	}
	return rs
}

// joinCustomers needs an input where each order has had a customer.
func joinCustomers(_ time.Time, events []event) results {
	var last [2]map[string]event
	last[0], last[1] = map[string]event{}, map[string]event{}
	for _, e := range events {
		last[e.input][e.key] = e
	}
	rs := results{}
	for key, order := range last[0] {
		name, _, _ := strings.Cut(order.value, ":")
		customer, ok := last[1][name]
		at := max(order.at, customer.at)
		switch {
		case order.deleted:
			rs.set(key, null, order.at)
		case !ok || customer.deleted:
			rs.set(key, null, at)
		default:
			rs.set(key, customer.value+"+"+order.value, at)
		}
	}
	return rs
}
