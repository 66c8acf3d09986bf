package parity

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// history is a versioned table as it has to be: rows by their times, and the highest
// time of each partition.
type history struct {
	rows map[string][]event
	now  map[int32]int
}

func newHistory() *history { return &history{rows: map[string][]event{}, now: map[int32]int{}} }

// begins is the time from which on a partition's rows are known.
func (h *history) begins(partition int32) int {
	if now, ok := h.now[partition]; ok {
		return now - int(rowHistory/time.Second)
	}
	return math.MinInt
}

// put returns false for a row that is older than the history.
func (h *history) put(e event) bool {
	if e.at < h.begins(e.partition) {
		return false
	}
	if now, ok := h.now[e.partition]; !ok || e.at > now {
		h.now[e.partition] = e.at
	}
	rows := h.rows[e.key]
	i, found := slices.BinarySearchFunc(rows, e.at, byAt)
	if found {
		rows[i] = e
	} else {
		h.rows[e.key] = slices.Insert(rows, i, e)
	}
	return true
}

// aggregate adds a record to the latest row of its key, which has the highest time of
// its records. It returns false for a record that isn't counted.
func (h *history) aggregate(e event) bool {
	if e.deleted {
		return false
	}
	n := 0
	if rows := h.rows[e.key]; len(rows) > 0 {
		last := rows[len(rows)-1]
		fmt.Sscanf(last.value, "%d:", &n)
		e.at = max(e.at, last.at)
	}
	e.value = fmt.Sprint(n+1, ":", e.value)
	return h.put(e)
}

func byAt(e event, at int) int { return cmp.Compare(e.at, at) }

// get returns the row that was valid at the time of a record. The latest one is
// known however old it is.
func (h *history) get(e event) (row event, latest, ok bool) {
	rows := h.rows[e.key]
	i, _ := slices.BinarySearchFunc(rows, e.at+1, byAt)
	if latest = i == len(rows); i == 0 || !latest && e.at < h.begins(e.partition) {
		return event{}, latest, false
	}
	return rows[i-1], latest, !rows[i-1].deleted
}

// asTaken puts events in the order in which tasks take them: of the topics whose
// records are there, the one whose next record has the lowest time. That's not the
// order of time if a topic's own isn't.
func asTaken(events []event) []event {
	var taken []event
	for half := range 2 {
		for p := range int32(partitions) {
			var queues [2][]event
			for _, e := range events {
				if e.half == half && e.partition == p {
					queues[e.input] = append(queues[e.input], e)
				}
			}
			taken = append(taken, merge(queues[0], queues[1])...)
		}
	}
	return taken
}

func merge(a, b []event) (merged []event) {
	for len(a) > 0 && len(b) > 0 {
		if a[0].at < b[0].at {
			merged, a = append(merged, a[0]), a[1:]
		} else {
			merged, b = append(merged, b[0]), b[1:]
		}
	}
	return slices.Concat(merged, a, b)
}

// joinAsOf is the model of joins with rows that put makes of the second input.
func joinAsOf(put func(*history, event) bool) func(time.Time, []event) results {
	return func(_ time.Time, events []event) results {
		rs, rows := results{}, newHistory()
		for _, e := range asTaken(events) {
			if e.input == 1 {
				put(rows, e)
			} else if row, _, ok := rows.get(e); ok {
				rs.add(e.key, e.value+"+"+row.value, e.at)
			} else {
				rs.add(e.key, e.value+"+"+null, e.at)
			}
		}
		return rs
	}
}

// TestHistoryIsUsed asserts that the rows' input is what it's meant to be: in each
// half rows come too late, records find rows that aren't the latest, and none where
// there was one before the history; and the second half finds such rows of the first.
func TestHistoryIsUsed(t *testing.T) {
	for name, put := range map[string]func(*history, event) bool{"rows": (*history).put, "aggregates": (*history).aggregate} {
		t.Run(name, func(t *testing.T) {
			halves := rowsOutOfOrder()
			rows := newHistory()
			var late, older, forgotten [2]int
			acrossSwitch := 0
			for _, e := range asTaken(slices.Concat(halves[0], halves[1])) {
				if e.input == 1 {
					if !put(rows, e) && !e.deleted {
						late[e.half]++
					}
					continue
				}
				row, latest, ok := rows.get(e)
				switch {
				case ok && !latest:
					older[e.half]++
					acrossSwitch += e.half - row.half
				case !latest && e.at < rows.begins(e.partition):
					forgotten[e.half]++
				}
			}
			t.Logf("late %v, older %v, forgotten %v, across %d", late, older, forgotten, acrossSwitch)
			for half := range halves {
				if late[half] == 0 || older[half] == 0 || forgotten[half] == 0 {
					t.Errorf("half %d: %d late rows, %d records with an older row, %d before the history", half, late[half], older[half], forgotten[half])
				}
			}
			if acrossSwitch == 0 {
				t.Error("no record of the second half finds an older row of the first")
			}
		})
	}
}
