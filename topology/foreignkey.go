package topology

import (
	"fmt"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/internal/wire"
	"github.com/oncestream/oncestream/topology/serde"
)

// JoinByForeignKey joins each row with the row of the other table that it names:
// foreignKey returns that row's key, and false for a row that names none. A row
// of the result is there while both rows are; it follows every change of either.
// The tables need not be partitioned alike (KIP-213).
//
// The name is that of what outlives the program: the topics
// <application id>-<name>-subscription-registration-topic and
// -subscription-response-topic, and the store <name>-subscription-store. The
// serdes are those of the tables, so a table whose values' serde isn't known,
// because MapValues or a join made it, has to be materialized before.
//
// A result has the time of the right row if that one's change made it, and else
// the higher one of both rows. A change of the left row that leaves it without a
// partner is passed on as a deletion even if it had none before. Rows that name
// none are counted as dropped. A right value whose encoding has no bytes can't be
// told from none.
//
// The result isn't stored; where its rows are needed, call Materialize on it.
func (t *Table[K, V]) JoinByForeignKey[J, V2, R any](name string, other ForeignTable[J, V2], foreignKey func(K, V) (J, bool), f func(V, V2) R) *Table[K, R] {
	return &Table[K, R]{foreignKeyJoin(t.valid().tableNode, other, innerByKey(name, foreignKey, f))}
}

// LeftJoinByForeignKey joins each row with the row of the other table that it
// names, as [Table.JoinByForeignKey] does, but f gets nil where there's none, and
// for a row that names none. The pointer is valid during the call.
func (t *Table[K, V]) LeftJoinByForeignKey[J, V2, R any](name string, other ForeignTable[J, V2], foreignKey func(K, V) (J, bool), f func(V, *V2) R) *Table[K, R] {
	return &Table[K, R]{foreignKeyJoin(t.valid().tableNode, other, leftByKey(name, foreignKey, f))}
}

// ForeignTable is a table whose rows others name by their keys: a [Table], or a
// [WindowedTable], whose keys are [Windowed].
type ForeignTable[K, V any] interface{ foreign() *tableNode[K, V] }

func (t *Table[K, V]) foreign() *tableNode[K, V] { return t.valid().tableNode }

func (t *WindowedTable[K, V]) foreign() *tableNode[Windowed[K], V] { return t.valid().tableNode }

// fkJoin is what distinguishes the joins by foreign key.
type fkJoin[K, V, J, V2, R any] struct {
	method string // for messages
	name   string
	noFunc bool // a function is missing
	// expires says that the left table drops rows that are past their retention.
	expires bool
	left    bool
	of      func(K, V) (J, bool)
	joiner  func() op.Joiner[V, V2, R]
}

func innerByKey[K, V, J, V2, R any](name string, of func(K, V) (J, bool), f func(V, V2) R) fkJoin[K, V, J, V2, R] {
	return fkJoin[K, V, J, V2, R]{
		method: "JoinByForeignKey", name: name, noFunc: of == nil || f == nil, of: of,
		joiner: func() op.Joiner[V, V2, R] { return op.InnerJoiner(f) },
	}
}

func leftByKey[K, V, J, V2, R any](name string, of func(K, V) (J, bool), f func(V, *V2) R) fkJoin[K, V, J, V2, R] {
	return fkJoin[K, V, J, V2, R]{
		method: "LeftJoinByForeignKey", name: name, noFunc: of == nil || f == nil, of: of, left: true,
		joiner: func() op.Joiner[V, V2, R] { return op.LeftJoiner(f) },
	}
}

// fkNodes are the nodes of a join by foreign key, in the order of a change of the
// left table. Kafka Streams' names for them are in its descriptions, and some are
// those of topics.
type fkNodes struct {
	subscribe, registrationSink, registrationSource *graph.Node
	keep, answer, answerAll                         *graph.Node
	responseSink, responseSource, resolve           *graph.Node
}

// The parts of the names.
const (
	registrationSuffix = "-subscription-registration"
	responseSuffix     = "-subscription-response"
	subscriptionStore  = "-subscription-store"
	topicSuffix        = "-topic"
)

// fkNames is how many numbers the nodes of a join by foreign key take, though they
// have names of their own.
const fkNames = 13

func newFKNodes(name string) fkNodes {
	node := func(suffix string) *graph.Node { return &graph.Node{Name: name + suffix} }
	return fkNodes{
		subscribe:          node(registrationSuffix + "-processor"),
		registrationSink:   node(registrationSuffix + "-sink"),
		registrationSource: node(registrationSuffix + "-source"),
		keep:               node("-subscription-receive"),
		answer:             node("-subscription-join-foreign"),
		answerAll:          node("-foreign-join-subscription"),
		responseSink:       node(responseSuffix + "-sink"),
		responseSource:     node(responseSuffix + "-source"),
		resolve:            node(responseSuffix + "-resolver"),
	}
}

func foreignKeyJoin[K, V, J, V2, R any](left *tableNode[K, V], other ForeignTable[J, V2], j fkJoin[K, V, J, V2, R]) *tableNode[K, R] {
	right := noTable[J, V2]()
	if other != nil {
		right = other.foreign()
	}
	b := left.b
	b.g.Skip(fkNames)
	n := newFKNodes(j.name)
	if err := graph.CheckName(j.name); err != nil {
		b.g.Fail(n.subscribe.Name, "%s: the name: %w", j.method, err)
	}
	b.needFunc(n.subscribe.Name, j.method, j.noFunc)
	left.needValueSerde(n.subscribe.Name)
	from := right.node
	if b.sameBuilder(n.subscribe.Name, right.b) {
		right.needValueSerde(n.answer.Name)
	} else {
		from = left.node // the graph stays one of this builder's nodes
	}
	left.sendOld(n.subscribe.Name, true)
	if right.from != nil {
		// A filter then says nothing of rows that haven't passed before either.
		right.sendOld(n.answerAll.Name, true)
	}
	n.answer.Stores = right.read(n.answer.Name)
	n.resolve.Stores = left.read(n.resolve.Name)
	subscriptions := j.name + subscriptionStore
	n.keep.Stores, n.answerAll.Stores = []string{subscriptions}, []string{subscriptions}
	n.place(b, j.name, left.node, from)
	b.g.AddStore(statestore.Spec{Name: subscriptions, Kind: statestore.TimestampedKeyValue}, n.keep)

	linkLeft(n, left, right, j)
	linkRight(n, right, subscriptions)
	result := &tableNode[K, R]{b: b, node: &graph.Node{Name: j.name + "-result"}, key: left.key}
	result.update()
	b.g.Add(result.node, n.resolve)
	return result
}

// place adds the nodes to the graph, behind the two tables. The topics are
// partitioned as the tables that they lead to.
func (n fkNodes) place(b *Builder, name string, left, right *graph.Node) {
	b.g.Add(n.subscribe, left)
	b.g.Topic(n.subscribe.Name, name+registrationSuffix+topicSuffix, n.registrationSink, n.registrationSource, n.subscribe)
	b.g.Add(n.keep, n.registrationSource)
	b.g.Add(n.answer, n.keep)
	b.g.Add(n.answerAll, right)
	b.g.Topic(n.subscribe.Name, name+responseSuffix+topicSuffix, n.responseSink, n.responseSource, n.answer, n.answerAll)
	b.g.Add(n.resolve, n.responseSource)
	b.g.CoPartition(n.keep, n.registrationSource, right)
	b.g.CoPartition(n.resolve, n.responseSource, left)
}

// needValueSerde notes the mistake of the named node if the serde of the values
// isn't known.
func (t *tableNode[K, V]) needValueSerde(user string) {
	if t.stored.value == nil {
		t.b.g.Fail(user, "it needs the serde of the values of %s: call Materialize on that table", t.node.Name)
	}
}

// linkLeft builds what runs in the tasks of the left table.
func linkLeft[K, V, J, V2, R any](n fkNodes, left *tableNode[K, V], right *tableNode[J, V2], j fkJoin[K, V, J, V2, R]) {
	shared := func(task *graph.Task) (*op.Again[K, V], error) {
		return graph.Share(task, n.subscribe, func() (*op.Again[K, V], error) { return &op.Again[K, V]{Expires: j.expires}, nil })
	}
	link(n.subscribe, func(task *graph.Task, at op.Node, out op.Func[J, wire.Subscription]) (op.Func[K, op.Change[V]], error) {
		again, err := shared(task)
		return op.Subscribe(at, op.ForeignKeys[K, V, J]{
			Of: j.of, Left: j.left, PrimaryKey: left.key, Value: left.stored.value, Key: right.key,
		}, again, out), err
	})
	buildSink(n.registrationSink, right.key, serde.Serde[wire.Subscription](op.SubscriptionSerde{}), op.Target[J, wire.Subscription]{ByPart: partOf(right.key)})
	buildSource(n.responseSource, left.key, serde.Serde[wire.Answer](op.AnswerSerde{}))
	link(n.resolve, func(task *graph.Task, at op.Node, out op.Func[K, R]) (op.Func[K, wire.Answer], error) {
		rows, err := left.lookup(task, n.resolve.Name)
		if err != nil {
			return nil, err
		}
		again, err := shared(task)
		if j.left {
			again = nil // its subscriptions are always answered
		}
		return op.ResolveAnswers(at, rows, left.stored.value, right.stored.value, j.joiner(), again, out), err
	})
}

// linkRight builds what runs in the tasks of the right table.
func linkRight[J, V2 any](n fkNodes, right *tableNode[J, V2], subscriptions string) {
	buildSource(n.registrationSource, right.key, serde.Serde[wire.Subscription](op.SubscriptionSerde{}))
	link(n.keep, func(task *graph.Task, at op.Node, out op.Func[J, wire.Subscription]) (op.Func[J, wire.Subscription], error) {
		store, err := openSubscriptions(task, n.keep.Name, subscriptions)
		if err != nil {
			return nil, err
		}
		return op.KeepSubscriptions(at, right.key, store, out), nil
	})
	link(n.answer, func(task *graph.Task, at op.Node, out op.Func[[]byte, wire.Answer]) (op.Func[J, wire.Subscription], error) {
		rows, err := right.lookup(task, n.answer.Name)
		if err != nil {
			return nil, err
		}
		return op.AnswerSubscriptions(at, rows, right.stored.value, out), nil
	})
	link(n.answerAll, func(task *graph.Task, at op.Node, out op.Func[[]byte, wire.Answer]) (op.Func[J, op.Change[V2]], error) {
		store, err := openSubscriptions(task, n.answerAll.Name, subscriptions)
		if err != nil {
			return nil, err
		}
		return op.AnswerAll(at, right.key, store, right.stored.value, out), nil
	})
	n.responseSink.Build = func(task *graph.Task) (any, error) {
		to, err := task.Env.Output(n.responseSink.Topic)
		if err != nil {
			return nil, fmt.Errorf("%s: open topic %s: %w", n.responseSink.Name, n.responseSink.Topic, err)
		}
		return op.Guard(operator(task, n.responseSink), op.AnswerSink(operator(task, n.responseSink), n.responseSink.Topic, to)), nil
	}
}

func openSubscriptions(task *graph.Task, node, name string) (*op.SubscriptionStore, error) {
	return openKeyValue(task, node, name, serde.Serde[[]byte](op.RawSerde{}), serde.Serde[wire.Subscription](op.SubscriptionSerde{}))
}
