package task

import (
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Global is a global store and the operators that keep it. It's used by one
// goroutine at a time and, as a Task, knows no Kafka: records are given to it.
// Tasks read the store at the same time, see [Layout.GlobalReader].
type Global struct {
	*statestore.Global
	plan  *plan.Global
	chain *plan.Chain
	env   *plan.Env
	input plan.Input
	head  record.Record // the one that is being applied
	drops map[dropKey]int64
	// decode and skipped are as in Edges.
	decode  func(FailedRecord) Action
	skipped func(FailedRecord, Action)
}

// Globals returns what is global in the topology.
func (l *Layout) Globals() []*plan.Global { return l.plan.Globals }

// GlobalReader returns a reader of a global store for one goroutine.
func (l *Layout) GlobalReader(db *statestore.DB, store string) (*statestore.Store, error) {
	i := slices.IndexFunc(l.plan.Globals, func(g *plan.Global) bool { return g.Store.Name == store })
	if i < 0 {
		return nil, fmt.Errorf("the task has no store %q, and no global store has this name", store)
	}
	return db.GlobalReader(l.plan.Globals[i].Store)
}

// NewGlobal opens a global store and builds its operators. Of the edges it takes
// Now, Skipped and the handler of records that can't be deserialized.
func (l *Layout) NewGlobal(p *plan.Global, db *statestore.DB, e Edges) (*Global, error) {
	state, err := db.Global(p.Store, l.counts[p.Source.Topic])
	if err != nil {
		return nil, err
	}
	g := &Global{Global: state, plan: p, drops: map[dropKey]int64{}, decode: e.Handlers.Decode, skipped: e.Skipped}
	g.env = &plan.Env{
		Task: plan.GlobalTask(), Application: l.applicationID, StreamTime: -1,
		Store: func(name string) (*statestore.Store, error) {
			if name == p.Store.Name {
				return state.Rows(), nil
			}
			return l.GlobalReader(db, name)
		},
		Now:          e.Now,
		Dropped:      func(node string, reason plan.DropReason) { g.drops[dropKey{node, reason}]++ },
		DecodeFailed: g.decodeFailed,
	}
	chain, err := p.Build(g.env)
	if err != nil {
		g.Global.Close()
		return nil, err
	}
	g.chain, g.input = chain, chain.Inputs[p.Source.Topic]
	return g, nil
}

// Topic returns the topic that the store is made of.
func (g *Global) Topic() string { return g.plan.Source.Topic }

// Name returns the store's name.
func (g *Global) Name() string { return g.plan.Store.Name }

// Apply takes records of one partition of the topic into the store, together with
// the offset behind them, and returns how many there were: all or, with an error,
// none. The error of an operator is a *Error with the record's place.
func (g *Global) Apply(partition int32, records changelog.Reader, next int64) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = g.failed(plan.Recovered(p))
		}
		if err != nil {
			g.Discard()
		}
	}()
	for records.Read(&g.head) {
		if err := g.input.Process(&g.head); err != nil {
			return n, g.failed(err)
		}
		n++
	}
	return n, g.Commit(partition, next)
}

// Close gives the store up. An error is one of the user's processor, which keeps
// nothing from being closed.
func (g *Global) Close() error {
	defer g.Global.Close()
	if g.chain.Close == nil {
		return nil
	}
	return g.chain.Close()
}

// decodeFailed asks the handler about a record that can't be deserialized. It goes to
// no dead-letter topic: every process reads it, and none has a transaction for it.
func (g *Global) decodeFailed(node string, r *record.Record, err error) error {
	f := FailedRecord{Task: g.env.Task.String(), Node: node, Record: *r, Err: err, timestamp: r.Timestamp, headers: r.Headers}
	action := Fail
	if g.decode != nil {
		action = g.decode(f)
	}
	if action == Fail {
		return fmt.Errorf("record can't be deserialized: %w", err)
	}
	g.drops[dropKey{node, plan.DropDecode}]++
	if g.skipped != nil {
		g.skipped(f, action)
	}
	return nil
}

func (g *Global) failed(err error) error {
	r := &g.head
	return &Error{Task: g.env.Task.String(), Node: g.env.Node, Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Err: err}
}

// Drops calls yield for each node and reason with the number of dropped records
// that no metric has counted yet.
func (g *Global) Drops(yield func(node string, reason plan.DropReason, n int64)) {
	for k, n := range g.drops {
		yield(k.node, k.reason, n)
	}
}
