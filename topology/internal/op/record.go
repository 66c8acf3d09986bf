package op

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// Record is one typed record on its way through a task's operators.
//
// NullKey and NullValue say that the key or the value is null; it's then its
// type's zero value. For types with a nil the flag is set just when the value
// is nil.
type Record[K, V any] struct {
	Key                K
	Value              V
	NullKey, NullValue bool
	// Timestamp is in milliseconds since the Unix epoch.
	Timestamp int64
	Headers   []record.Header
}

// Func takes a record. It's an operator with everything behind it.
type Func[K, V any] func(*Record[K, V]) error

// Change is an update of one row of a table: its value before and after.
type Change[V any] struct {
	New, Old V
	// HasNew is false when the row was deleted.
	HasNew bool
	// HasOld is false when there was no row before.
	HasOld bool
	// Unsent says that Old was never passed on: it's what a window began with, or what
	// was held back since. Who follows the rows that were passed on takes it for none.
	Unsent bool
	// Past says that New isn't the row as it is, but one of its history: a versioned
	// table got it out of order. Who follows the rows as they are leaves such a change
	// out (KIP-914).
	Past bool
}

// hadRow returns whether Old is a row that was passed on.
func (c *Change[V]) hadRow() bool { return c.HasOld && !c.Unsent }

// Node is what an operator knows of its place: the task it runs in and the name
// of its node.
type Node struct {
	Env  *plan.Env
	Name string
}

// at says that what's done next is done on behalf of this node.
func (n Node) at() { n.Env.Node = n.Name }

// enter says that a user's function of this node is called next.
func (n Node) enter() { n.Env.Node, n.Env.InUser = n.Name, true }

// leave says that the user's function has returned.
func (n Node) leave() { n.Env.InUser = false }

// drop counts a record that ends at this node.
func (n Node) drop(why plan.DropReason) error {
	n.Env.Dropped(n.Name, why)
	return nil
}

// fail names the node in an error. The error itself says what was done to what.
func (n Node) fail(err error) error { return fmt.Errorf("%s: %w", n.Name, err) }

// Fan returns a function that passes a record to all children in turn, up to
// the first error.
func Fan[K, V any](children []Func[K, V]) Func[K, V] {
	switch len(children) {
	case 0:
		return func(*Record[K, V]) error { return nil }
	case 1:
		return children[0]
	}
	return func(r *Record[K, V]) error {
		for _, child := range children {
			if err := child(r); err != nil {
				return err
			}
		}
		return nil
	}
}
