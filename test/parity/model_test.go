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

// countClosedWindows are the last counts of the windows that have closed.
func countClosedWindows(start time.Time, events []event) results {
	now, home := map[int32]int{}, map[string]int32{}
	for _, e := range events {
		if _, ok := now[e.partition]; !ok {
			now[e.partition] = e.at
		}
		now[e.partition], home[e.key] = max(now[e.partition], e.at), e.partition
	}
	rs := results{}
	for key, r := range countWindows(start, events) {
		inner, begin := key[:len(key)-8], binary.BigEndian.Uint64([]byte(key[len(key)-8:]))
		closes := time.UnixMilli(int64(begin)).Add(windowSize + windowGrace)
		if !start.Add(time.Duration(now[home[inner]]) * time.Second).Before(closes) {
			rs.set(key, r.values[len(r.values)-1], r.at)
		}
	}
	return rs
}

// sumClosedWindows sums the counts of closed windows over groups of keys.
func sumClosedWindows(start time.Time, events []event) results {
	rs, sums := results{}, map[string]int64{}
	for key, r := range countClosedWindows(start, events) {
		g, at := group(key), r.at
		if before := rs[g]; before != nil {
			at = max(at, before.at)
		}
		sums[g] += int64(binary.BigEndian.Uint64([]byte(r.values[0])))
		rs.set(g, int64Bytes(sums[g]), at)
	}
	return rs
}

// session is one of a key's sessions, in seconds.
type session struct{ from, to, n int }

func countSessions(start time.Time, events []event) results {
	rs, now, open := results{}, map[int32]int{}, map[string][]session{}
	gap, grace := int(sessionGap/time.Second), int(sessionGrace/time.Second)
	name := func(key string, s session) string {
		return key + int64Bytes(start.UnixMilli()+1000*int64(s.to)) + int64Bytes(start.UnixMilli()+1000*int64(s.from))
	}
	for _, e := range events {
		if _, ok := now[e.partition]; !ok {
			now[e.partition] = e.at
		}
		now[e.partition] = max(now[e.partition], e.at)
		merged := session{e.at, e.at, 1}
		var found, rest []session
		for _, s := range open[e.key] {
			if s.to < e.at-gap || s.from > e.at+gap {
				rest = append(rest, s)
				continue
			}
			found = append(found, s)
			merged = session{min(merged.from, s.from), max(merged.to, s.to), merged.n + s.n}
		}
		if merged.to < now[e.partition]-gap-grace {
			continue // late
		}
		for _, s := range found {
			if merged.from != merged.to {
				rs.add(name(e.key, s), null, s.to)
			}
		}
		rs.add(name(e.key, merged), int64Bytes(int64(merged.n)), merged.to)
		open[e.key] = append(rest, merged)
	}
	return rs
}

// TestSessionsMerge asserts that the sessions' input is what it's meant to be:
// in each half sessions are joined and records are late.
func TestSessionsMerge(t *testing.T) {
	halves := boutsOfActivity()
	inTime := func(events []event) (records, merges int) {
		for _, r := range countSessions(startTime(), events) {
			for _, v := range r.values {
				if v == null {
					merges++
				} else {
					records++
				}
			}
		}
		return records, merges
	}
	first, merged := inTime(halves[0])
	both, mergedBoth := inTime(slices.Concat(halves[0], halves[1]))
	if first >= len(halves[0]) || both-first >= len(halves[1]) {
		t.Errorf("no late records: %d of %d in time, then %d of %d", first, len(halves[0]), both-first, len(halves[1]))
	}
	if merged == 0 || mergedBoth == merged {
		t.Errorf("no sessions change: %d times, then %d", merged, mergedBoth-merged)
	}
}

// joinPayments needs an input whose times only go on.
func joinPayments(_ time.Time, events []event) results {
	rs, now := results{}, map[int32]int{}
	var orders, payments []event
	for _, e := range byTime(events) {
		now[e.partition] = e.at
		if e.input == 1 {
			payments = append(payments, e)
		} else {
			orders = append(orders, e)
		}
	}
	reach, grace := int(joinReach/time.Second), int(joinGrace/time.Second)
	for _, o := range orders {
		paid := false
		for _, p := range payments {
			if p.key == o.key && p.at >= o.at-reach && p.at <= o.at+reach {
				paid = true
				rs.add(o.key, o.value+"+"+p.value, max(o.at, p.at))
			}
		}
		if !paid && o.at+reach+grace < now[o.partition] {
			rs.add(o.key, o.value+"+"+null, o.at)
		}
	}
	rs.sort()
	return rs
}

// sort puts the values of each key in an order of its own. Which is last isn't
// known any more.
func (rs results) sort() {
	for _, r := range rs {
		slices.Sort(r.values)
		r.at = 0
	}
}
