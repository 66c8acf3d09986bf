package topology

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// TaskID names a task: the part of a sub-topology that works on one partition. Its
// text is <sub-topology>_<partition>, as in Kafka Streams.
type TaskID = plan.TaskID

// ProcessingContext is what processors of all kinds know of the task that they are
// in. It belongs to one processor of one task and is used on the task's goroutine:
// within Init, Process, Transform and Close, and within scheduled functions.
type ProcessingContext struct {
	at        op.Node
	node      *graph.Node
	task      *graph.Task
	schedules *op.Schedules
	// outside is the method that runs while there's no record and no punctuation that
	// something could be sent on behalf of.
	outside string
	// failed is the first error of Forward since a record or a punctuation began.
	failed error
}

// schedulesOfTask is the key of what all processors of a task share.
type schedulesOfTask struct{}

// newContext returns the context of a node's processor in a task.
func newContext(t *graph.Task, at op.Node, n *graph.Node) (*ProcessingContext, error) {
	s, err := graph.Share(t, schedulesOfTask{}, func() (*op.Schedules, error) {
		s := &op.Schedules{}
		t.Due, t.Punctuate = s.Due, s.Punctuate
		if t.Env.Remember != nil {
			t.Env.Remember(plan.Memory{Mark: s.Mark, Undo: s.Undo})
		}
		return s, nil
	})
	return &ProcessingContext{at: at, node: n, task: t, schedules: s}, err
}

// Application returns the application's id.
func (c *ProcessingContext) Application() string { return c.at.Env.Application }

// Task returns the task's id.
func (c *ProcessingContext) Task() TaskID { return c.at.Env.Task }

// Node returns the name of the processor's node.
func (c *ProcessingContext) Node() string { return c.at.Name }

// Metadata returns the place of the record that was read from a topic and is being
// processed: what operators made of it counts as the same. It's not ok in Init and
// Close and in scheduled functions, which no record has caused.
func (c *ProcessingContext) Metadata() (m RecordMetadata, ok bool) {
	from := c.at.Env.From
	return RecordMetadata(from), from.Topic != ""
}

// StreamTime returns the highest timestamp of the records that the task has
// processed, the current one included, in milliseconds since the Unix epoch; -1
// before the first. A restart doesn't forget it.
func (c *ProcessingContext) StreamTime() int64 { return c.at.Env.StreamTime }

// Now returns the wall clock: the system's, or that of a test.
func (c *ProcessingContext) Now() time.Time { return c.at.Env.Now() }

// Commit asks for a commit without waiting for the commit interval. It's made when
// the record or the punctuation is through.
func (c *ProcessingContext) Commit() { c.at.Env.CommitRequested = true }

// Open returns a task's part of a state store whose handle was given to Process,
// ProcessValues or Transform as well. It may be used as long as the processor, and
// is usually kept from Init on.
func (c *ProcessingContext) Open[S any](h StoreHandle[S]) (store S, err error) {
	switch {
	case h.open == nil:
		return store, fmt.Errorf("%s: Open: the store's handle is empty: take it from a Builder or a table", c.at.Name)
	case !h.global && !slices.Contains(h.users, c.node):
		return store, fmt.Errorf("%s: Open: %s isn't connected to this node: give its handle to the method that adds the node", c.at.Name, h.name)
	}
	return h.open(c.task, c.at.Name)
}

// begin forgets what a record or a punctuation before has left: its panic came in
// between.
func (c *ProcessingContext) begin() { c.failed = nil }

// finish returns the error of what Process, Transform or a scheduled function has
// done. One of Forward takes its place: what's behind this node has decided on it,
// or couldn't, and where it was ignored output would be missing.
func (c *ProcessingContext) finish(err error) error {
	if failed := c.failed; failed != nil {
		c.failed = nil
		if errors.Is(err, failed) {
			return err // told with more
		}
		return failed
	}
	return op.Blame(err)
}

// Context is what a [Processor] knows of its task and how it sends records.
type Context[K, V any] struct {
	*ProcessingContext
	out      op.Func[K, V]
	children []op.Func[K, V]
	normal   op.Normal[K, V]
	o        op.Record[K, V]
}

// newSender returns the context of a node's processor, with the node's children.
func newSender[K, V any](t *graph.Task, at op.Node, n *graph.Node, out op.Func[K, V]) (*Context[K, V], error) {
	c := &Context[K, V]{out: out, normal: op.NormalOf[K, V]()}
	var err error
	if c.children, err = entries[K, V](t, n); err != nil {
		return nil, err
	}
	c.ProcessingContext, err = newContext(t, at, n)
	return c, err
}

// Forward sends a record to all nodes behind this one, one after another in the
// order in which they were added; what one of them makes of it is through before
// the next one gets it. An error of Forward ends the record, whatever the
// processor returns. Init and Close can't forward.
func (c *Context[K, V]) Forward(r Record[K, V]) error { return c.send(c.out, op.Record[K, V](r)) }

// ForwardTo sends a record to the node behind this one which has a name, given with
// the option [Named]; otherwise it does what Forward does. A name that none of them
// has is an error.
func (c *Context[K, V]) ForwardTo(child string, r Record[K, V]) error {
	return c.sendTo(child, op.Record[K, V](r))
}

func (c *Context[K, V]) sendTo(child string, r op.Record[K, V]) error {
	i := slices.IndexFunc(c.node.Children(), func(n *graph.Node) bool { return n.Name == child })
	if i < 0 {
		return c.refuse(fmt.Errorf("no node %q is behind this one: there's %s", child, childNames(c.node)))
	}
	return c.send(c.children[i], r)
}

func childNames(n *graph.Node) string {
	var names []string
	for _, child := range n.Children() {
		names = append(names, child.Name)
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

var errNegative = errors.New("its timestamp is negative")

func (c *Context[K, V]) send(to op.Func[K, V], r op.Record[K, V]) error {
	switch {
	case c.outside != "":
		return c.refuse(fmt.Errorf("%s can't forward: schedule a function that does", c.outside))
	case r.Timestamp < 0:
		return c.refuse(errNegative)
	}
	c.o = r
	c.normal.Apply(&c.o)
	c.at.Leave()
	if err := to(&c.o); err != nil {
		// What the processor does now changes nothing any more, not even a panic.
		c.note(err)
		return err
	}
	c.at.Enter()
	return nil
}

// refuse keeps a record from being forwarded.
func (c *ProcessingContext) refuse(err error) error {
	err = op.Blame(fmt.Errorf("%s: forward: %w", c.at.Name, err))
	c.note(err)
	return err
}

func (c *ProcessingContext) note(err error) {
	if c.failed == nil {
		c.failed = err
	}
}

// FixedKeyContext is what a [FixedKeyProcessor] knows of its task and how it sends
// records.
type FixedKeyContext[K, V any] struct {
	*ProcessingContext
	to *Context[K, V]
}

// Forward does what [Context.Forward] does.
func (c *FixedKeyContext[K, V]) Forward(r FixedKeyRecord[K, V]) error {
	return c.to.send(c.to.out, r.record())
}

// ForwardTo does what [Context.ForwardTo] does.
func (c *FixedKeyContext[K, V]) ForwardTo(child string, r FixedKeyRecord[K, V]) error {
	return c.to.sendTo(child, r.record())
}

func fixedKey[K, V any](r *op.Record[K, V]) FixedKeyRecord[K, V] {
	return FixedKeyRecord[K, V]{
		key: r.Key, nullKey: r.NullKey, Value: r.Value, NullValue: r.NullValue, Timestamp: r.Timestamp, Headers: r.Headers,
	}
}

func (r FixedKeyRecord[K, V]) record() op.Record[K, V] {
	return op.Record[K, V]{
		Key: r.key, NullKey: r.nullKey, Value: r.Value, NullValue: r.NullValue, Timestamp: r.Timestamp, Headers: r.Headers,
	}
}
