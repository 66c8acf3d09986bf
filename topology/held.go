package topology

import (
	"math"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/cache"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// heldRows is rows for the operator that changes them: if a record cache is
// configured, it holds back what the operator sends to out.
func (t *tableNode[K, V]) heldRows(task *graph.Task, n *graph.Node, out op.Func[K, op.Change[V]]) (op.Rows[K, V], op.Func[K, op.Change[V]], error) {
	rows, err := t.rows(task)
	if err != nil || !t.isStored() || !t.stored.isCached(task) {
		return rows, out, err
	}
	c, err := t.stored.cache(task, n, cache.Options{Old: t.old, Reads: true})
	if err != nil {
		return rows, nil, err
	}
	out = rows.Hold(operator(task, n), c, out)
	return rows, out, nil
}

// isCached returns whether the changes of the store's table are held back.
func (st Stored[V]) isCached(task *graph.Task) bool {
	o := st.resolve()
	return task.Env.Cache != nil && !o.uncached && o.spec.Kind != statestore.VersionedKeyValue
}

// cache returns the record cache of the store in a task, on behalf of a node.
func (st Stored[V]) cache(task *graph.Task, n *graph.Node, o cache.Options) (*cache.Cache, error) {
	return task.Cache(n, st.name, func() (*cache.Cache, error) {
		store, err := open(task, n.Name, st.name)
		if err != nil {
			return nil, err
		}
		o.Undo = task.Env.Remember != nil
		c := cache.New(store, task.Env.Cache, o)
		if o.Undo {
			task.Env.Remember(c.Memory())
		}
		return c, nil
	})
}

// holdWindows has a record cache, if one is configured, hold back the changes of
// the windows' rows.
func holdWindows[K, A any](task *graph.Task, n *graph.Node, st Stored[A], w windowShape, rows *op.WindowRows[K, A]) error {
	if w.onClose || !st.isCached(task) {
		return nil
	}
	c, err := st.cache(task, n, cache.Options{Old: rows.Old})
	if err == nil {
		rows.Hold(c, w.end)
	}
	return err
}

// end returns the end of a window that starts at start.
func (s windowShape) end(start int64) int64 {
	if s.endless {
		return math.MaxInt64
	}
	return start + s.size.Milliseconds()
}

// holdSessions is holdWindows for sessions.
func holdSessions[K, A any](task *graph.Task, n *graph.Node, st Stored[A], w windowShape, rows *op.SessionRows[K, A]) error {
	if w.onClose || !st.isCached(task) {
		return nil
	}
	c, err := st.cache(task, n, cache.Options{Old: rows.Old, ValueOffset: statestore.RowTimeLen})
	if err == nil {
		rows.Hold(c)
	}
	return err
}
