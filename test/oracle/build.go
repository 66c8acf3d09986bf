package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// builder applies the steps of a scenario.
type builder struct {
	*topology.Builder
	// results are what steps made, by id.
	results map[string]any
	// counts says that repartition topics get the partition counts that steps ask
	// for. A run has one partition of everything.
	counts bool
	stores []namedStore
	// declared are the stores for processors, by name, and read those of tables.
	declared map[string]*declaredStore
	read     map[string]lookup
	// merges says that repartition topics are merged.
	merges bool
	// extractor is the name of the one for sources that name none.
	extractor string
	// times are the extractors in use, by name.
	times map[string]topology.Timestamps
	// chosen are the topics that were chosen for records.
	chosen map[string]bool
	// patterns are those of sources. fed counts the records of each topic, and offsets
	// are what those of patterns' topics would have in the Java driver.
	patterns []*matching
	fed      map[string]int64
	offsets  map[place]int64
	note     func(id string, k, v datum)
}

// namedStore is a store that a step names.
type namedStore struct {
	name string
	rows rowReader
}

// stream is a stream with the serdes of its records.
type stream struct {
	*topology.Stream[datum, datum]
	key, value serde.Serde[datum]
	// rekeyed says that the key may have changed since the last topic.
	rekeyed bool
	// name is the explicit name of the step that made the stream, or empty.
	name string
	// topic is the stream behind the topic that joins without a name share.
	topic *stream
}

// step is one step that is being applied.
type step struct {
	*params
	op, id string
}

// name returns the explicit name of the step, or its id: persistent things have
// names here.
func (s *step) name() string {
	if name := s.text("name"); name != "" {
		return name
	}
	return s.id
}

// options returns the name option of the step, if it has an explicit name.
func (s *step) options() []topology.Option {
	if !s.has("name") {
		return nil
	}
	return []topology.Option{topology.Named(s.text("name"))}
}

// operator applies a step and returns its result, nil for a step without one.
type operator func(*builder, *step) (any, error)

// operatorOf returns the operator of a step's kind. A new one is one line here and
// one function.
func operatorOf(op string) operator {
	switch op {
	case "stream":
		return sourceStream
	case "table":
		return sourceTable
	case "globalTable":
		return sourceGlobalTable
	case "filter", "filterNot":
		return ofTables(filterTable, filter)
	case "map":
		return mapBoth
	case "mapValues":
		return ofTables(mapTable, mapValues)
	case "flatMap":
		return flatMap
	case "flatMapValues":
		return flatMapValues
	case "selectKey":
		return selectKey
	case "peek":
		return peek
	case "foreach":
		return forEach
	case "split":
		return split
	case "merge":
		return merge
	case "repartition":
		return repartition
	case "to":
		return to
	case "toTable":
		return toTable
	case "toStream":
		return toStream
	case "groupByKey":
		return groupByKey
	case "groupBy":
		return ofTables(groupTable, groupBy)
	case "cogroup":
		return cogroup
	case "windowedBy":
		return windowedBy
	case "count":
		return ofTables(aggregateTable, count)
	case "reduce":
		return ofTables(aggregateTable, reduce)
	case "aggregate":
		return ofTables(aggregateTable, aggregate)
	case "join", "leftJoin":
		return ofTables(joinTables, join)
	case "outerJoin":
		return ofTables(joinTables, joinStreams)
	case "suppress":
		return suppress
	case "globalStore":
		return globalStore
	case "addStore":
		return addStore
	case "process":
		return process
	case "processValues":
		return processValues
	case "transformValues":
		return transformValues
	case "fkJoin", "fkLeftJoin":
		return ofTables(joinByForeignKey, lacks)
	}
	return lacks
}

// lacks stands for an operator that the language doesn't have.
func lacks(_ *builder, s *step) (any, error) { return nil, missing("%s", s.op) }

// newBuilder applies all steps.
func newBuilder(sc *scenario, counts bool) (*builder, error) {
	b := &builder{
		Builder: topology.NewBuilder(), results: map[string]any{}, counts: counts, note: func(string, datum, datum) {},
		declared: map[string]*declaredStore{}, read: map[string]lookup{},
		extractor: "record", times: map[string]topology.Timestamps{}, chosen: map[string]bool{},
		fed: map[string]int64{}, offsets: map[place]int64{},
	}
	if ways := fmt.Sprint(sc.Config["topology.optimization"]); ways == "all" || strings.Contains(ways, "merge") {
		b.merges = true
	}
	if name, ok := sc.Config["default.timestamp.extractor"]; ok {
		b.extractor = fmt.Sprint(name)
	}
	for i, raw := range sc.Steps {
		if err := b.apply(raw); err != nil {
			return nil, fmt.Errorf("step %d: %w", i, err)
		}
	}
	return b, b.unused()
}

func (b *builder) apply(raw json.RawMessage) error {
	p, err := newParams(raw)
	if err != nil {
		return err
	}
	s := &step{params: p, op: p.text("op"), id: p.text("id")}
	s.has("name")
	result, err := operatorOf(s.op)(b, s)
	if err == nil {
		err = p.done()
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", s.op, s.id, err)
	}
	if result != nil {
		b.results[s.id] = result
	}
	if made, ok := result.(*stream); ok {
		made.name = s.text("name")
	}
	if t, ok := result.(table); ok && s.has("store") {
		b.read[storeOfStep(s)] = t.lookup()
	}
	return nil
}

// from returns the result that a parameter refers to, if it's of the type that
// the operator can work on.
func from[T any](b *builder, s *step, key string) (T, error) {
	return resultOf[T](b, s, s.text(key))
}

// resultOf returns the result of an earlier step in the same way.
func resultOf[T any](b *builder, s *step, id string) (T, error) {
	var none T
	made, ok := b.results[id]
	if !ok {
		return none, fmt.Errorf("no step %q before", id)
	}
	typed, ok := made.(T)
	if !ok {
		return none, missing("%s of a %s", s.op, kindOf(made))
	}
	return typed, nil
}

// kindOf names the kind of a result.
func kindOf(result any) string {
	switch result.(type) {
	case *stream:
		return "stream"
	case table:
		return "table"
	case windowedTable:
		return "windowed table"
	case globalTable:
		return "global table"
	case *grouped:
		return "grouped stream"
	case *groupedTable:
		return "grouped table"
	case *windowed:
		return "windowed stream"
	case *cogrouped:
		return "cogrouped stream"
	}
	return fmt.Sprintf("%T", result)
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
