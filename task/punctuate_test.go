package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// punctual is a schedule of a chain made by hand: next is when a call is due by
// the clock, and each call sets it.
type punctual struct {
	by   plan.Clock
	next int64
	call func(now int64) error
}

func (p *punctual) join(c *plan.Chain) {
	c.Due = func(by plan.Clock) int64 {
		if by != p.by {
			return plan.Never
		}
		return p.next
	}
	c.Punctuate = func(_ plan.Clock, now int64) error { return p.call(now) }
}

// punctuates has the rig's tasks make the calls of a schedule, too.
func (g *rig) punctuates(make func(env *plan.Env) *punctual) {
	g.plan.SubTopologies[0].Build = func(env *plan.Env) (*plan.Chain, error) {
		c, err := g.build(env)
		if err == nil {
			make(env).join(c)
		}
		return c, err
	}
}

// The worker sleeps until the next punctuation, or until it has to come round.
func TestRestUntilPunctuation(t *testing.T) {
	g := newRig(t, 1)
	p := &punctual{by: plan.WallClock}
	g.punctuates(func(*plan.Env) *punctual { return p })
	w := g.opened()
	for at, want := range map[int64]time.Duration{
		0: 0, time.Now().UnixMilli(): 0, time.Now().Add(time.Hour).UnixMilli(): roundTrip, plan.Never: roundTrip,
	} {
		if p.next = at; w.rest() != want {
			t.Errorf("due at %d: the worker sleeps for %v, want %v", at, w.rest(), want)
		}
	}
	p.next = time.Now().Add(time.Hour).UnixMilli()
	p.by = plan.StreamClock
	if w.rest() != roundTrip {
		t.Errorf("with a schedule by stream time the worker sleeps for %v", w.rest())
	}
}

// What's scheduled by the wall clock is called without any input, and its output is
// committed.
func TestPunctuationWithoutInput(t *testing.T) {
	g := newRig(t, 1)
	g.punctuates(func(env *plan.Env) *punctual {
		p := &punctual{by: plan.WallClock}
		p.call = func(now int64) error {
			p.next = now + 1
			out, err := env.Output("out")
			if err != nil {
				return err
			}
			return out.Send(env.Task.Partition, []byte("tick"), []byte("12345678"), now, nil)
		}
		return p
	})
	halt := g.run()
	g.await(3, 0)
	g.must(halt())
}

// A commit that a processor asks for is made behind the record at hand, long before
// the interval is over.
func TestRequestedCommit(t *testing.T) {
	g := newRig(t, 1)
	g.tune = func(c *Config) { c.CommitInterval = time.Hour }
	env := (*plan.Env)(nil)
	g.punctuates(func(e *plan.Env) *punctual { env = e; return &punctual{next: plan.Never} })
	g.hook = func(r *record.Record) error {
		env.CommitRequested = env.CommitRequested || r.Offset == 4
		return nil
	}
	g.produce(10, 0)
	w := g.opened()
	g.steps(w, func() bool { return w.tasks[0].queues[0].committed > 0 })
	if q := w.tasks[0].queues[0]; q.committed != 5 || q.position != 5 || env.CommitRequested {
		t.Errorf("committed to %d at position %d, still requested: %v", q.committed, q.position, env.CommitRequested)
	}
}

// A stop between a record and what it has made due leaves both undone, and the next
// process does both.
func TestStopWithinAPunctuation(t *testing.T) {
	g := newRig(t, 1)
	g.produce(10, 0)
	ctx, cancel := context.WithCancel(t.Context())
	stop, ticks := true, 0
	g.punctuates(func(env *plan.Env) *punctual {
		g.hook = func(r *record.Record) error { env.StreamTime = r.Offset; return nil }
		p := &punctual{next: 0}
		calls := 0
		p.call = func(now int64) error {
			p.next = now + 1
			calls++
			if stop && calls == 5 {
				cancel()
				return fmt.Errorf("lookup: %w", ctx.Err())
			}
			ticks++
			return nil
		}
		return p
	})
	w, closeState := g.worker()
	g.must(w.Run(ctx))
	closeState()
	if ticks != 4 {
		t.Fatalf("%d calls before the stop, want 4", ticks)
	}
	stop = false
	halt := g.run()
	g.await(10, 0)
	g.must(halt())
	g.check(10, 0)
}

// A task calls what's due behind the record that moves stream time, and by the wall
// clock when it's asked; both fail with the place, a panic too.
func TestTaskPunctuates(t *testing.T) {
	boom := errors.New("boom")
	for name, fail := range map[string]func() error{
		"nothing": func() error { return nil }, "an error": func() error { return boom }, "a panic": func() error { panic(boom) },
	} {
		for _, by := range []plan.Clock{plan.StreamClock, plan.WallClock} {
			t.Run(fmt.Sprint(name, by), func(t *testing.T) {
				var got []string
				p := &punctual{by: by, next: 15}
				sub := &plan.SubTopology{Build: func(env *plan.Env) (*plan.Chain, error) {
					c := &plan.Chain{Inputs: map[string]plan.Input{"a": {Process: func(r *record.Record) error {
						env.Node, env.StreamTime = "p", max(env.StreamTime, r.Timestamp)
						got = append(got, fmt.Sprint(r.Offset))
						return nil
					}}}}
					p.call = func(now int64) error {
						got = append(got, fmt.Sprint("tick", now, env.From.Topic))
						p.next = plan.Never
						return fail()
					}
					p.join(c)
					return c, nil
				}}
				in := input{source: &plan.Source{Topic: "a"}, tp: record.TopicPartition{Topic: "a"}}
				task, err := newTask(plan.TaskID{}, sub, nil, []input{in}, Edges{Now: func() time.Time { return time.UnixMilli(20) }})
				if err != nil {
					t.Fatal(err)
				}
				task.queues[0].push(batchOf(0, 0, 1, 2, 3), 4, 4)
				_, err = task.Run(3)
				if by == plan.WallClock {
					err = task.Punctuate()
				}
				if want := []string{"0", "1", "2", "tick20"}; !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
				e, failed := errors.AsType[*Error](err)
				if failed == (name == "nothing") || failed && (e.Topic != "" || e.Node != "p" || !errors.Is(err, boom)) {
					t.Errorf("error %v", err)
				}
			})
		}
	}
}

// A processor that can't begin stops the worker, also where its error looks like one
// of a connection, which is tried again.
func TestProcessorThatCantBegin(t *testing.T) {
	g := newRig(t, 1)
	g.plan.SubTopologies[0].Build = func(*plan.Env) (*plan.Chain, error) {
		return nil, &plan.UserError{Err: fmt.Errorf("p: Init: %w", io.ErrUnexpectedEOF)}
	}
	w, _ := g.worker()
	if err := w.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "task 0_0: p: Init: unexpected EOF") {
		t.Errorf("the worker ends with %v", err)
	}
}
