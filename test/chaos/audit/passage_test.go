package audit_test

import (
	"testing"

	"github.com/oncestream/oncestream/test/chaos/audit"
)

func TestMap(t *testing.T) {
	input := []audit.Record{
		rec(0, "a", "1", 10), rec(0, "a", "", 20), rec(0, "b", "2", 5), null(0, "a", 30), rec(1, "c", "3", 7), rec(0, "a", "4", 40),
	}
	for _, c := range []struct {
		name   string
		output []audit.Record
		want   found
	}{
		{name: "exactly once", output: []audit.Record{rec(0, "a", "1", 10), rec(0, "b", "2", 5), rec(0, "a", "4", 40), rec(1, "c", "3", 7)}},
		{name: "nothing", want: found{audit.Lost: 4}},
		{
			name:   "lost",
			output: []audit.Record{rec(0, "a", "1", 10), rec(0, "a", "4", 40), rec(1, "c", "3", 7)},
			want:   found{audit.Lost: 1},
		},
		{
			name:   "duplicate",
			output: []audit.Record{rec(0, "a", "1", 10), rec(0, "b", "2", 5), rec(0, "b", "2", 5), rec(0, "a", "4", 40), rec(1, "c", "3", 7)},
			want:   found{audit.Duplicate: 1},
		},
		{
			name:   "replayed",
			output: []audit.Record{rec(0, "a", "1", 10), rec(0, "b", "2", 5), rec(0, "a", "4", 40), rec(0, "b", "2", 5), rec(0, "a", "4", 40), rec(1, "c", "3", 7)},
			want:   found{audit.Duplicate: 2},
		},
		{
			name:   "keys of a partition swapped",
			output: []audit.Record{rec(0, "b", "2", 5), rec(0, "a", "1", 10), rec(0, "a", "4", 40), rec(1, "c", "3", 7)},
			want:   found{audit.Reordered: 1},
		},
		{
			name:   "empty value passed",
			output: []audit.Record{rec(0, "a", "1", 10), rec(0, "a", "", 20), rec(0, "b", "2", 5), rec(0, "a", "4", 40), rec(1, "c", "3", 7)},
			want:   found{audit.Unexpected: 1},
		},
		{
			name:   "value and timestamp changed",
			output: []audit.Record{rec(0, "a", "9", 10), rec(0, "b", "2", 6), rec(0, "a", "4", 40), rec(1, "c", "3", 7)},
			want:   found{audit.Unexpected: 2, audit.Lost: 2},
		},
		{
			name:   "other partition",
			output: []audit.Record{rec(0, "a", "1", 10), rec(0, "b", "2", 5), rec(0, "a", "4", 40), rec(0, "c", "3", 7)},
			want:   found{audit.Misplaced: 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, judge(t, "map", topics{input: input, output: c.output}), c.want)
		})
	}
}

func TestTableJoin(t *testing.T) {
	table := []audit.Record{rec(0, "a", "old", 1), rec(0, "a", "A", 2), rec(0, "b", "B", 3), rec(1, "c", "C", 4), null(1, "c", 5)}
	input := []audit.Record{rec(0, "a", "1", 10), rec(0, "x", "2", 11), rec(1, "c", "3", 12), rec(0, "b", "4", 13), null(0, "a", 14)}
	good := []audit.Record{rec(0, "a", "1|A", 10), rec(0, "b", "4|B", 13)}
	log := []audit.Record{rec(0, "a", "A", 2), rec(0, "b", "B", 3), null(1, "c", 5)}
	for _, c := range []struct {
		name   string
		output []audit.Record
		log    []audit.Record
		want   found
	}{
		{name: "exactly once", output: good, log: log},
		{name: "lost", output: good[:1], log: log, want: found{audit.Lost: 1}},
		{name: "duplicate", output: append(good[:2:2], good[1]), log: log, want: found{audit.Duplicate: 1}},
		{name: "reordered", output: []audit.Record{good[1], good[0]}, log: log, want: found{audit.Reordered: 1}},
		{
			name:   "joined with an older row",
			output: []audit.Record{rec(0, "a", "1|old", 10), good[1]}, log: log,
			want: found{audit.Unexpected: 1, audit.Lost: 1},
		},
		{
			name:   "joined with a deleted row",
			output: append(good[:2:2], rec(1, "c", "3|C", 12)), log: log,
			want: found{audit.Unexpected: 1},
		},
		{name: "changelog without the delete", output: good, log: append(log[:2:2], rec(1, "c", "C", 4)), want: found{audit.Unexpected: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, judge(t, "tablejoin", topics{table: table, input: input, output: c.output, changelog: c.log}), c.want)
		})
	}
}

// TestUnfitInput shows that input by which nothing can be judged is refused,
// not passed over.
func TestUnfitInput(t *testing.T) {
	noKey := audit.Record{Value: []byte("v")}
	for _, c := range []struct {
		name, workload string
		input          []audit.Record
	}{
		{"count without a key", "count", []audit.Record{noKey}},
		{"rekey without a key", "rekey", []audit.Record{noKey}},
		{"window without a key", "window", []audit.Record{noKey}},
		{"window without a timestamp", "window", []audit.Record{rec(0, "a", "v", -1)}},
		{"map without a key", "map", []audit.Record{noKey}},
		{"map with equal records", "map", []audit.Record{rec(0, "a", "v", 1), rec(0, "a", "v", 1)}},
		{"join before the table", "tablejoin", []audit.Record{rec(0, "a", "v", 0)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := audit.Lookup(c.workload)
			if err != nil {
				t.Fatal(err)
			}
			m := w.New()
			for _, r := range c.input {
				err = m.Input(r)
			}
			if err == nil {
				t.Error("the input was accepted")
			}
		})
	}
}

func TestLookupUnknown(t *testing.T) {
	if _, err := audit.Lookup("sort"); err == nil {
		t.Error("an unknown workload was found")
	}
}
