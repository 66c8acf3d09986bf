package op

import (
	"fmt"
	"testing"
)

func nullTest[T any](t *testing.T, v T, nilable, null bool) {
	t.Helper()
	n := nullsOf[T]()
	if n.nilable != nilable || n.is(v) != null {
		t.Errorf("%T %v: nilable %v, null %v; want %v, %v", v, v, n.nilable, n.is(v), nilable, null)
	}
	if allocs := testing.AllocsPerRun(10, func() { n.is(v) }); allocs != 0 {
		t.Errorf("%T: %v allocations", v, allocs)
	}
	for _, was := range []bool{false, true} {
		want := was
		if nilable {
			want = null
		}
		if got := n.or(v, was); got != want {
			t.Errorf("%T %v after a null %v: %v", v, v, was, got)
		}
	}
}

func TestNulls(t *testing.T) {
	nullTest(t, 0, false, false)
	nullTest(t, "", false, false)
	nullTest(t, struct{}{}, false, false)
	nullTest(t, [2]*int{}, false, false)
	nullTest(t, struct{ p *int }{}, false, false)
	nullTest(t, (*int)(nil), true, true)
	nullTest(t, new(int), true, false)
	nullTest(t, []byte(nil), true, true)
	nullTest(t, []byte{}, true, false)
	nullTest(t, []struct{}{}, true, false)
	nullTest(t, make([]byte, 3)[3:], true, false)
	nullTest(t, map[string]int(nil), true, true)
	nullTest(t, map[string]int{}, true, false)
	nullTest[any](t, nil, true, true)
	nullTest[any](t, 0, true, false)
	nullTest[any](t, (*int)(nil), true, false)
	nullTest[fmt.Stringer](t, nil, true, true)
	nullTest[func()](t, nil, true, true)
	nullTest(t, func() {}, true, false)
}
