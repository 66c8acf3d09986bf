package op

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

var errBoom = errors.New("boom")

// guarded is an environment with a handler that notes what it's asked and gives
// the answer.
func guarded(answer error) (env *plan.Env, asked *[]string) {
	asked = new([]string)
	env = &plan.Env{Failed: func(f *plan.Failure) error {
		text, _, _ := strings.Cut(f.Err.Error(), "\n")
		*asked = append(*asked, fmt.Sprintf("%s@%d: %s", f.Node, f.Timestamp, text))
		return answer
	}}
	return env, asked
}

func TestGuardAsksAboutTheUsersFailuresAlone(t *testing.T) {
	for name, c := range map[string]struct {
		fail  func(Node) error
		asked string
		err   string
	}{
		"a panic of the user":   {func(n Node) error { n.enter(); panic(errBoom) }, "n@7: panic: boom", ""},
		"an error of the user":  {func(n Node) error { return &plan.UserError{Err: errBoom} }, "n@7: boom", ""},
		"a serde's refusal":     {func(n Node) error { return n.refuse(errBoom) }, "n@7: n: boom", ""},
		"a store's serde":       {func(Node) error { return fmt.Errorf("store: %w", &statestore.EncodeError{Err: errBoom}) }, "n@7: store: boom", ""},
		"another error":         {func(n Node) error { return n.fail(errBoom) }, "", "n: boom"},
		"one after user's code": {func(n Node) error { n.enter(); n.leave(); return errBoom }, "", "boom"},
	} {
		t.Run(name, func(t *testing.T) {
			env, asked := guarded(nil)
			n := Node{Env: env, Name: "n"}
			err := Guard(n, func(*Record[int, int]) error { return c.fail(n) })(&Record[int, int]{Timestamp: 7})
			if got := strings.Join(*asked, ","); got != c.asked {
				t.Errorf("asked about %q, want %q", got, c.asked)
			}
			if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if env.InUser {
				t.Error("still in the user's code")
			}
		})
	}
}

// A panic of the framework isn't a record's fault.
func TestGuardLeavesOtherPanics(t *testing.T) {
	env, asked := guarded(nil)
	parent, n := Node{Env: env, Name: "parent"}, Node{Env: env, Name: "n"}
	child := Guard(n, func(*Record[int, int]) error { panic(errBoom) })
	f := Guard(parent, FlatMapValues(parent, func(int) []int { return []int{1} }, child))
	defer func() {
		if p := recover(); p != errBoom || len(*asked) > 0 {
			t.Errorf("recovered %v, asked about %v", p, *asked)
		}
	}()
	_ = f(&Record[int, int]{})
}

// The node where it failed is asked for, once; with a nil answer its siblings go on.
func TestGuardsNest(t *testing.T) {
	for _, answer := range []error{nil, errors.New("stop"), &plan.UserError{Err: errors.New("stop")}} {
		env, asked := guarded(answer)
		top, left, right := Node{Env: env, Name: "top"}, Node{Env: env, Name: "left"}, Node{Env: env, Name: "right"}
		seen := 0
		fails := Guard(left, Peek(left, func(int, int) { panic(errBoom) }, Fan[int, int](nil)))
		works := Guard(right, Peek(right, func(int, int) { seen++ }, Fan[int, int](nil)))
		err := Guard(top, Peek(top, func(int, int) {}, Fan([]Func[int, int]{fails, works})))(&Record[int, int]{Timestamp: 1})
		if len(*asked) != 1 || (*asked)[0] != "left@1: panic: boom" {
			t.Errorf("asked about %q", *asked)
		}
		if (err == nil) != (answer == nil) || err != nil && err.Error() != "stop" || (seen == 1) != (answer == nil) {
			t.Errorf("answer %v: error %v, %d records went on", answer, err, seen)
		}
	}
}

// What isn't the record at hand is told without it.
func TestAttempt(t *testing.T) {
	var got *plan.Failure
	env := &plan.Env{Failed: func(f *plan.Failure) error { got = f; return nil }}
	n := Node{Env: env, Name: "n"}
	headers := []record.Header{{Key: "h"}}
	err := n.Attempt(3, headers, func() error { n.enter(); panic(errBoom) })
	if err != nil || got == nil || !got.NoRecord || got.Node != "n" || got.Timestamp != 3 || len(got.Headers) != 1 || !errors.Is(got.Err, errBoom) {
		t.Errorf("error %v, failure %+v", err, got)
	}
	env.Failed = nil
	if err := n.Attempt(3, nil, func() error { return errBoom }); err != errBoom {
		t.Errorf("without a handler: %v", err)
	}
}

func TestGuardAllocatesNothing(t *testing.T) {
	env, _ := guarded(nil)
	n := Node{Env: env, Name: "n"}
	seen := 0
	f := Guard(n, Filter(n, func(int, int) bool { return true }, true, func(*Record[int, int]) error { seen++; return nil }))
	noAllocs(t, "Guard", &Record[int, int]{}, f)
	if seen != 101 {
		t.Errorf("%d records came out", seen)
	}
}
