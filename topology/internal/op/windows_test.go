package op

import (
	"math"
	"slices"
	"testing"
)

// windowsOf lists the starts and ends of the windows that hold a timestamp.
func windowsOf(w Windows, ts int64) (all []int64) {
	for start := w.first(ts); start <= ts && start != none; start = w.next(start) {
		all = append(all, start, w.end(start))
	}
	return all
}

func TestWindowsOfATimestamp(t *testing.T) {
	const last = math.MaxInt64
	for _, c := range []struct {
		w    Windows
		ts   int64
		want []int64
	}{
		{Windows{Size: 100, Advance: 100}, 0, []int64{0, 100}},
		{Windows{Size: 100, Advance: 100}, 199, []int64{100, 200}},
		{Windows{Size: 100, Advance: 40}, 39, []int64{0, 100}},
		{Windows{Size: 100, Advance: 40}, 99, []int64{0, 100, 40, 140, 80, 180}},
		{Windows{Size: 100, Advance: 40}, 100, []int64{40, 140, 80, 180}},
		{Windows{Size: 1000, Advance: 1000}, last, []int64{last - last%1000, last}},
		{Windows{Start: 50, Size: last, Advance: last}, 49, nil},
		{Windows{Start: 50, Size: last, Advance: last}, 50, []int64{50, last}},
		{Windows{Start: 50, Size: last, Advance: last}, last - 1, []int64{50, last}},
	} {
		if got := windowsOf(c.w, c.ts); !slices.Equal(got, c.want) {
			t.Errorf("%+v at %d: got %v, want %v", c.w, c.ts, got, c.want)
		}
	}
}
