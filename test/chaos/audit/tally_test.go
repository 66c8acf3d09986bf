package audit_test

import (
	"testing"

	"github.com/oncestream/oncestream/test/chaos/audit"
)

// countInput has a three times and b once; the second a is older than the
// first, and a null value isn't counted.
func countInput() []audit.Record {
	return []audit.Record{
		rec(0, "a", "1", 100), rec(1, "b", "2", 50), rec(0, "a", "3", 90), null(0, "a", 300), rec(0, "a", "4", 200),
	}
}

func countOutput() []audit.Record {
	return []audit.Record{num(0, "a", 1, 100), num(0, "a", 2, 100), num(0, "a", 3, 200), num(1, "b", 1, 50)}
}

func countLog() []audit.Record {
	return []audit.Record{num(0, "a", 2, 100), num(0, "a", 3, 200), num(1, "b", 1, 50)}
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		name   string
		output []audit.Record
		log    []audit.Record
		want   found
	}{
		{name: "exactly once"},
		{
			name:   "lost in the middle",
			output: []audit.Record{num(0, "a", 1, 100), num(0, "a", 3, 200), num(1, "b", 1, 50)},
			want:   found{audit.Lost: 1},
		},
		{
			name:   "lost at the end",
			output: []audit.Record{num(0, "a", 1, 100), num(0, "a", 2, 100), num(1, "b", 1, 50)},
			want:   found{audit.Lost: 1},
		},
		{
			name:   "lost key",
			output: []audit.Record{num(0, "a", 1, 100), num(0, "a", 2, 100), num(0, "a", 3, 200)},
			want:   found{audit.Lost: 1},
		},
		{
			name:   "duplicate",
			output: []audit.Record{num(0, "a", 1, 100), num(0, "a", 2, 100), num(0, "a", 2, 100), num(0, "a", 3, 200), num(1, "b", 1, 50)},
			want:   found{audit.Duplicate: 1},
		},
		{
			name:   "swapped",
			output: []audit.Record{num(0, "a", 2, 100), num(0, "a", 1, 100), num(0, "a", 3, 200), num(1, "b", 1, 50)},
			want:   found{audit.Reordered: 1},
		},
		{
			// The state of an aborted transaction was kept, and the record counted again.
			name:   "counted twice",
			output: []audit.Record{num(0, "a", 1, 100), num(0, "a", 2, 100), num(0, "a", 4, 200), num(1, "b", 1, 50)},
			want:   found{audit.Unexpected: 1, audit.Lost: 1},
		},
		{
			// The output of an aborted transaction, and that of its successor.
			name: "aborted output read",
			output: []audit.Record{
				num(0, "a", 1, 100), num(0, "a", 2, 100), num(0, "a", 3, 200),
				num(0, "a", 2, 100), num(0, "a", 3, 200), num(1, "b", 1, 50),
			},
			want: found{audit.Duplicate: 2},
		},
		{
			name:   "unknown key",
			output: append(countOutput(), num(0, "c", 1, 1)),
			want:   found{audit.Unexpected: 1},
		},
		{
			name:   "zero",
			output: append(countOutput(), num(0, "a", 0, 100)),
			want:   found{audit.Unexpected: 1},
		},
		{
			name:   "no counter",
			output: append(countOutput(), rec(0, "a", "x", 100), null(0, "a", 100)),
			want:   found{audit.Wrong: 2},
		},
		{
			name:   "timestamp of the record, not of the count",
			output: []audit.Record{num(0, "a", 1, 100), num(0, "a", 2, 90), num(0, "a", 3, 200), num(1, "b", 1, 50)},
			want:   found{audit.Wrong: 1},
		},
		{
			name:   "two partitions",
			output: []audit.Record{num(0, "a", 1, 100), num(0, "a", 2, 100), num(1, "a", 3, 200), num(1, "b", 1, 50)},
			want:   found{audit.Misplaced: 1},
		},
		{
			name: "changelog behind",
			log:  []audit.Record{num(0, "a", 2, 100), num(1, "b", 1, 50)},
			want: found{audit.Wrong: 1},
		},
		{
			name: "changelog with another timestamp",
			log:  []audit.Record{num(0, "a", 3, 200), num(1, "b", 1, 51)},
			want: found{audit.Wrong: 1},
		},
		{
			name: "changelog without a key",
			log:  []audit.Record{num(0, "a", 3, 200)},
			want: found{audit.Lost: 1},
		},
		{
			name: "changelog deletes",
			log:  append(countLog(), null(1, "b", 60)),
			want: found{audit.Lost: 1},
		},
		{
			name: "changelog with a strange key",
			log:  append(countLog(), num(0, "c", 1, 1)),
			want: found{audit.Unexpected: 1},
		},
		{
			name: "changelog in two partitions",
			log:  append(countLog(), num(1, "a", 3, 200)),
			want: found{audit.Misplaced: 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			tp := topics{input: countInput(), output: countOutput(), changelog: countLog()}
			if c.output != nil {
				tp.output = c.output
			}
			if c.log != nil {
				tp.changelog = c.log
			}
			check(t, judge(t, "count", tp), c.want)
		})
	}
}

func TestRekey(t *testing.T) {
	input := []audit.Record{rec(0, "k-001", "x", 10), rec(1, "j-001", "x", 30), rec(2, "02", "x", 5), rec(0, "k-001", "x", 20)}
	log := []audit.Record{num(3, "001", 3, 30), num(0, "02", 1, 5)}
	for _, c := range []struct {
		name   string
		output []audit.Record
		want   found
	}{
		{
			name:   "exactly once, in either order of the sources",
			output: []audit.Record{num(3, "001", 1, 30), num(3, "001", 2, 30), num(3, "001", 3, 30), num(0, "02", 1, 5)},
		},
		{
			name:   "aborted repartition record read",
			output: []audit.Record{num(3, "001", 1, 30), num(3, "001", 2, 30), num(3, "001", 3, 30), num(3, "001", 4, 30), num(0, "02", 1, 5)},
			want:   found{audit.Unexpected: 1},
		},
		{
			name:   "lost",
			output: []audit.Record{num(3, "001", 1, 30), num(3, "001", 2, 30), num(0, "02", 1, 5)},
			want:   found{audit.Lost: 1},
		},
		{
			name:   "duplicate",
			output: []audit.Record{num(3, "001", 1, 30), num(3, "001", 1, 30), num(3, "001", 2, 30), num(3, "001", 3, 30), num(0, "02", 1, 5)},
			want:   found{audit.Duplicate: 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, judge(t, "rekey", topics{input: input, output: c.output, changelog: log}), c.want)
		})
	}
}
