package audit_test

import (
	"testing"

	"github.com/oncestream/oncestream/test/chaos/audit"
)

// windowInput has records of two windows, 0 and 60000, in partition 0, out of
// order. The last but one comes when stream time, 70000, has closed window 0;
// the same timestamp is in time in partition 1.
func windowInput() []audit.Record {
	return []audit.Record{
		rec(0, "a", "1", 1_000),
		rec(0, "a", "2", 69_999),
		rec(0, "a", "3", 500), // window 0 is open until stream time 70000
		rec(0, "b", "4", 70_000),
		rec(0, "a", "5", 59_999), // late
		rec(1, "c", "6", 59_999),
	}
}

func windowOutput() []audit.Record {
	return []audit.Record{
		num(0, "a@0", 1, 1_000), num(0, "a@60000", 1, 69_999), num(0, "a@0", 2, 1_000), num(0, "b@60000", 1, 70_000),
		num(1, "c@0", 1, 59_999),
	}
}

func windowLog() []audit.Record {
	return []audit.Record{
		num(0, "a"+"\x00\x00\x00\x00\x00\x00\x00\x00"+"\x00\x00\x00\x00", 2, 1_000),
		num(0, "a"+"\x00\x00\x00\x00\x00\x00\xea\x60"+"\x00\x00\x00\x00", 1, 69_999),
		num(0, "b"+"\x00\x00\x00\x00\x00\x00\xea\x60"+"\x00\x00\x00\x00", 1, 70_000),
		num(1, "c"+"\x00\x00\x00\x00\x00\x00\x00\x00"+"\x00\x00\x00\x00", 1, 59_999),
	}
}

func TestWindow(t *testing.T) {
	for _, c := range []struct {
		name   string
		output []audit.Record
		log    []audit.Record
		want   found
	}{
		{name: "exactly once"},
		{
			name:   "late record counted",
			output: append(windowOutput(), num(0, "a@0", 3, 59_999)),
			want:   found{audit.Unexpected: 1},
		},
		{
			name:   "dropped though not late",
			output: append(windowOutput()[:2:2], windowOutput()[3:]...),
			want:   found{audit.Lost: 1},
		},
		{
			name:   "window of its own missing",
			output: windowOutput()[:4],
			want:   found{audit.Lost: 1},
		},
		{
			name:   "duplicate",
			output: append(windowOutput(), num(0, "b@60000", 1, 70_000)),
			want:   found{audit.Duplicate: 1},
		},
		{
			name: "changelog without a window",
			log:  windowLog()[1:],
			want: found{audit.Lost: 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			tp := topics{input: windowInput(), output: windowOutput(), changelog: windowLog()}
			if c.output != nil {
				tp.output = c.output
			}
			if c.log != nil {
				tp.changelog = c.log
			}
			check(t, judge(t, "window", tp), c.want)
		})
	}
}
