package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/task"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// applicationID is the one that all scenarios have.
const applicationID = "app"

// Handles of topics as bytes.
type (
	rawInput  = driver.Input[[]byte, []byte]
	rawOutput = driver.Output[[]byte, []byte]
)

// runner runs one scenario.
type runner struct {
	sc     *scenario
	b      *builder
	d      *driver.Driver
	result *result
	plan   *plan.Plan
	// internal are the internal topics of the run.
	internal []string
	inputs   map[string]*rawInput
	outputs  map[string]*rawOutput
	// between is called after each input.
	between func(*driver.Driver)
	// deadLetters is the dead-letter topic, or empty.
	deadLetters string
	build       []topology.BuildOption
}

// run runs a scenario, and calls between after each of its inputs. An error says
// that it can't be run; what goes wrong within it is part of the result.
func run(sc *scenario, between func(*driver.Driver)) (*result, error) {
	r := &runner{sc: sc, between: between, result: &result{Name: sc.Name}, inputs: map[string]*rawInput{}, outputs: map[string]*rawOutput{}}
	options, err := r.configure()
	if err != nil {
		return nil, err
	}
	if r.b, err = newBuilder(sc, false); err != nil {
		if _, ok := errors.AsType[refused](err); ok {
			r.result.fail("build", nil, err)
			return r.result, nil
		}
		return nil, err
	}
	top, err := r.b.Build(r.build...)
	if err != nil {
		r.result.fail("build", nil, err)
		return r.result, nil
	}
	r.plan = top.Plan()
	r.result.Describe = strings.Split(strings.TrimRight(top.String(), "\n"), "\n")
	topics, err := r.lay()
	if err != nil {
		r.result.fail("assign", nil, err)
		return r.result, nil
	}
	for _, topic := range r.matched() {
		options = append(options, driver.WithPartitions(topic, 1))
	}
	if r.d, err = driver.New(top, options...); err != nil {
		r.result.fail("init", nil, err)
		return r.result, nil
	}
	if err := errors.Join(r.drive(), r.d.Close()); err != nil {
		return nil, err
	}
	r.result.InternalTopics = topics
	return r.result, nil
}

// configure turns settings into options of the driver.
func (r *runner) configure() ([]driver.Option, error) {
	action, processing := task.Fail, task.Fail
	var err error
	options := []driver.Option{
		driver.WithOneStreamTime(),
		driver.WithDecodeHandler(func(task.FailedRecord) task.Action { return action }),
		driver.WithProcessingHandler(func(task.FailedRecord) task.Action { return processing }),
	}
	for setting, value := range r.sc.Config {
		switch setting {
		case "topology.optimization":
			if r.build, err = optimizations(fmt.Sprint(value)); err != nil {
				return nil, err
			}
		case "statestore.cache.max.bytes":
			bytes, err := strconv.ParseInt(fmt.Sprint(value), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", setting, err)
			}
			options = append(options, driver.WithRecordCache(bytes))
		case "max.task.idle.ms":
			idle, err := strconv.ParseInt(fmt.Sprint(value), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", setting, err)
			}
			options = append(options, driver.WithMaxTaskIdle(ms(idle)))
		case "processing.exception.handler":
			if value == "continue" {
				processing = task.Continue
			}
		case "default.timestamp.extractor":
			// The steps of the sources look it up.
		case "deserialization.exception.handler":
			if value == "continue" {
				action = task.Continue
			}
		case "errors.dead.letter.queue.topic.name":
			r.deadLetters = fmt.Sprint(value)
		case "wallClockStartMs":
			start, ok := value.(float64)
			if !ok {
				return nil, fmt.Errorf("wallClockStartMs is %v, not a number", value)
			}
			options = append(options, driver.WithClock(time.UnixMilli(int64(start))))
		default:
			return nil, fmt.Errorf("unknown setting %q", setting)
		}
	}
	if r.deadLetters != "" {
		options = append(options, driver.WithDeadLetterTopic(r.deadLetters))
		if action == task.Continue {
			action = task.DeadLetter
		}
		if processing == task.Continue {
			processing = task.DeadLetter
		}
	}
	return options, nil
}

// optimizations reads a setting of topology.optimization.
func optimizations(value string) ([]topology.BuildOption, error) {
	var ways []topology.Optimization
	for name := range strings.SplitSeq(value, ",") {
		switch strings.TrimSpace(name) {
		case "none":
		case "all":
			return []topology.BuildOption{topology.Optimize()}, nil
		case "reuse.ktable.source.topics":
			ways = append(ways, topology.ReuseSourceTopics)
		case "merge.repartition.topics":
			ways = append(ways, topology.MergeRepartitionTopics)
		case "single.store.self.join":
			ways = append(ways, topology.SingleStoreSelfJoin)
		default:
			return nil, fmt.Errorf("unknown optimization %q", name)
		}
	}
	if len(ways) == 0 {
		return nil, nil
	}
	return []topology.BuildOption{topology.Optimize(ways...)}, nil
}

// lay computes the internal topics as an application would, from the partition
// counts of the scenario. A run has one partition of everything, so this takes a
// topology of its own.
func (r *runner) lay() (map[string]internalTopic, error) {
	b, err := newBuilder(r.sc, true)
	if err != nil {
		return nil, err
	}
	top, err := b.Build(r.build...)
	if err != nil {
		return nil, err
	}
	if r.sc.Partitions == nil {
		// Nobody asks whether the counts fit.
		for _, sub := range top.Plan().SubTopologies {
			sub.CoPartitioned = nil
		}
	}
	layout, err := r.layOut(top)
	if err != nil {
		return nil, err
	}
	explicit := map[string]bool{}
	for _, sub := range top.Plan().SubTopologies {
		for _, s := range sub.Sources {
			explicit[layout.Topic(s.Topic)] = s.Repartition != nil && s.Repartition.Partitions > 0
		}
	}
	topics := map[string]internalTopic{}
	for _, t := range layout.InternalTopics(1) {
		r.internal = append(r.internal, t.Name)
		topics[t.Name] = internalTopicOf(t, explicit[t.Name] || r.sc.Partitions != nil)
	}
	slices.Sort(r.internal)
	return topics, nil
}

func (r *runner) layOut(top *topology.Topology) (*task.Layout, error) {
	counts := map[string]int32{}
	for _, topic := range task.UserTopics(top.Plan()) {
		counts[topic] = max(1, r.sc.Partitions[topic])
	}
	for _, topic := range r.matched() {
		counts[topic] = max(1, r.sc.Partitions[topic])
	}
	return task.NewLayout(applicationID, top.Plan(), counts)
}

func internalTopicOf(t kafka.Topic, withPartitions bool) internalTopic {
	it := internalTopic{Kind: "changelog", Config: t.Configs}
	if !strings.HasSuffix(t.Name, "-changelog") {
		it.Kind = "repartition"
		if withPartitions {
			it.Partitions = t.Partitions
		}
	}
	return it
}

// drive feeds the input and collects what comes of it.
func (r *runner) drive() error {
	r.b.note = func(id string, k, v datum) {
		r.result.Effects = append(r.result.Effects, row{id, show(k), show(v)})
	}
	for _, topic := range append(task.UserTopics(r.plan), r.internal...) {
		r.outputs[topic] = r.d.Output(topic, serde.Bytes, serde.Bytes)
	}
	if r.deadLetters != "" {
		r.outputs[r.deadLetters] = r.d.Output(r.deadLetters, serde.Bytes, serde.Bytes)
	}
	r.collect(-1, "")
	for i, in := range r.sc.Input {
		r.feed(in)
		if err := r.d.Err(); err != nil {
			r.result.fail("run", &i, err)
			break
		}
		r.collect(i, in.Topic)
		r.between(r.d)
	}
	dropped := r.d.Dropped()
	r.result.Dropped = &dropped
	r.result.sort()
	if r.result.Error != nil {
		return nil
	}
	return errors.Join(r.look(), r.ask())
}

// feed pipes a record or advances the clock.
func (r *runner) feed(in item) {
	if in.Advance != nil {
		r.d.AdvanceWallClock(ms(*in.Advance))
		return
	}
	to := r.inputs[in.Topic]
	if to == nil {
		to = r.d.Input(in.Topic, serde.Bytes, serde.Bytes)
		r.inputs[in.Topic] = to
	}
	r.b.feeds(in.Topic)
	var headers []driver.Header
	for _, h := range in.Headers {
		headers = append(headers, driver.Header{Key: string(h[0]), Value: h[1]})
	}
	to.PipeAt(in.TS, in.Key, in.Value, headers...)
}

// collect reads what an input has caused. The first record of the topic that was
// fed is the input itself.
func (r *runner) collect(at int, fed string) {
	for topic := range r.b.chosen {
		if r.outputs[topic] == nil {
			r.outputs[topic] = r.d.Output(topic, serde.Bytes, serde.Bytes)
		}
	}
	for topic, out := range r.outputs {
		for i, rec := range out.ReadAll() {
			if topic == fed && i == 0 {
				continue
			}
			if topic == r.deadLetters {
				r.b.counted(rec.Headers)
			}
			r.result.add(topic, rec, at, topic == r.deadLetters)
		}
	}
}

// look reads the stores that steps name.
func (r *runner) look() error {
	r.result.Stores = map[string][]row{}
	for _, st := range r.b.stores {
		s, err := r.store(st.name)
		if err != nil {
			return err
		}
		if r.result.Stores[st.name], err = st.rows.rows(s); err != nil {
			return err
		}
	}
	return nil
}

// store returns the store of a name. No task has those behind a pattern that the input
// has no topic of, which the Java driver makes all the same: they're empty.
func (r *runner) store(name string) (*statestore.Store, error) {
	s, err := r.d.Store(name, 0)
	if err == nil || len(r.b.patterns) == 0 {
		return s, err
	}
	for _, sub := range r.plan.SubTopologies {
		for _, spec := range sub.Stores {
			if spec.Name == name {
				return statestore.OpenMemory().Store(spec, 0)
			}
		}
	}
	return nil, err
}

// ask answers the queries.
func (r *runner) ask() error {
	for i, raw := range r.sc.Queries {
		answer, err := r.query(raw)
		if err != nil {
			return fmt.Errorf("query %d: %w", i, err)
		}
		r.result.Queries = append(r.result.Queries, answer)
	}
	return nil
}

func (r *runner) query(raw json.RawMessage) (any, error) {
	q, err := newParams(raw)
	if err != nil {
		return nil, err
	}
	name, op := q.text("store"), q.text("op")
	for _, st := range r.b.stores {
		if st.name != name {
			continue
		}
		s, err := r.store(name)
		if err != nil {
			return nil, err
		}
		answer, err := st.rows.query(s, op, q)
		return answer, errors.Join(err, q.done())
	}
	return nil, fmt.Errorf("no step names the store %q", name)
}
