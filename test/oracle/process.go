package main

import (
	"github.com/oncestream/oncestream/topology"
)

type (
	record     = topology.Record[datum, datum]
	sender     = topology.Context[datum, datum]
	fixed      = topology.FixedKeyRecord[datum, datum]
	fixedSends = topology.FixedKeyContext[datum, datum]
)

// performer runs a named processor in one task.
type performer struct {
	*topology.ProcessingContext
	step *processor
	// forward sends a record to a child, or to all of them without a name.
	forward func(child string, r record) error
}

// deed is what a named processor does with a record.
type deed func(p *performer, r record) error

// processor is a step with a named processor.
type processor struct {
	deed  deed
	begin func(p *performer, forward func(r record) error) error
	// store is the store of the step, or nil.
	store opener
	// offset is that of the builder.
	offset func(topic string, offset int64) int64
}

// process applies a step whose processors may change keys.
func process(b *builder, s *step) (any, error) {
	in, p, options, err := processorOf(b, s)
	if err != nil {
		return nil, err
	}
	return texts(in.Process(func() topology.Processor[datum, datum, datum, datum] { return &full{step: p} }, options...)), nil
}

// processValues applies a step whose processors keep keys.
func processValues(b *builder, s *step) (any, error) {
	in, p, options, err := processorOf(b, s)
	if err != nil {
		return nil, err
	}
	return in.behind(in.ProcessValues(func() topology.FixedKeyProcessor[datum, datum, datum] { return &keeper{step: p} }, options...)), nil
}

func processorOf(b *builder, s *step) (*stream, *processor, []topology.ProcessOption, error) {
	in, err := from[*stream](b, s, "from")
	if err != nil {
		return nil, nil, nil, err
	}
	p, err := parseProcessor(s)
	if err != nil {
		return nil, nil, nil, err
	}
	p.offset = b.offset
	var options []topology.ProcessOption
	if s.has("name") {
		options = append(options, topology.Named(s.text("name")))
	}
	if s.has("store") {
		p.store = b.opener(s.text("store"))
	}
	for _, name := range get(s.params, "stores", []string{}) {
		options = append(options, b.connect(name))
	}
	return in, p, options, nil
}

// full is a processor that may change keys.
type full struct {
	step *processor
	performer
}

// Init implements topology.Initializer.
func (f *full) Init(c *sender) error {
	f.performer = performer{ProcessingContext: c.ProcessingContext, step: f.step, forward: func(child string, r record) error {
		if child == "" {
			return c.Forward(r)
		}
		return c.ForwardTo(child, r)
	}}
	if f.step.begin == nil {
		return nil
	}
	return f.step.begin(&f.performer, c.Forward)
}

// Process implements topology.Processor. Keys and values become texts.
func (f *full) Process(_ *sender, r record) error {
	r.Key, r.Value = made(printed(r.Key)), made(printed(r.Value))
	return f.step.deed(&f.performer, r)
}

// keeper is a processor that keeps keys.
type keeper struct {
	step *processor
	performer
	c  *fixedSends
	in fixed
}

// Init implements topology.Initializer.
func (k *keeper) Init(c *fixedSends) error {
	k.c = c
	k.performer = performer{ProcessingContext: c.ProcessingContext, step: k.step, forward: func(child string, r record) error {
		out := k.in.WithValue(r.Value)
		out.Timestamp, out.Headers = r.Timestamp, r.Headers
		if child == "" {
			return c.Forward(out)
		}
		return c.ForwardTo(child, out)
	}}
	return nil
}

// Process implements topology.FixedKeyProcessor.
func (k *keeper) Process(_ *fixedSends, r fixed) error {
	k.in = r
	return k.step.deed(&k.performer, record{
		Key: made(printed(r.Key())), Value: made(printed(r.Value)), Timestamp: r.Timestamp, Headers: r.Headers,
	})
}
