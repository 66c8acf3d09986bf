package main

import (
	"fmt"
	"regexp"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// build returns the topology that the flags name.
func build(f *flags) (*topology.Topology, error) {
	b := topology.NewBuilder()
	switch f.topology {
	case "pattern":
		if err := addPattern(b, f); err != nil {
			return nil, err
		}
	case "global":
		addGlobal(b, f)
	default:
		return nil, fmt.Errorf("-topology %q: it's pattern or global", f.topology)
	}
	return b.Build()
}

// addPattern counts the records of each key in all topics that the input matches.
func addPattern(b *topology.Builder, f *flags) error {
	pattern, err := regexp.Compile(f.input)
	if err != nil {
		return fmt.Errorf("-input: %w", err)
	}
	b.StreamMatching(pattern, serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().
		To(f.output, serde.String, serde.Int64)
	return nil
}

// addGlobal sends for each record the row of its key in a global store that a
// processor writes: how many records of the key there were, and the last of them.
func addGlobal(b *topology.Builder, f *flags) {
	rows := b.KeyValueStore("seen", serde.String, serde.String)
	b.GlobalStore(f.global, serde.String, serde.String, rows,
		func() topology.GlobalProcessor[string, string] { return &seen{store: rows} })
	b.Stream(f.input, serde.String, serde.String).
		Process(func() topology.Processor[string, string, string, string] { return &lookup{store: rows} }).
		To(f.output, serde.String, serde.String)
}

type store = topology.StoreHandle[*statestore.KeyValue[string, string]]

// seen counts the records of a key. A record that it gets twice shows.
type seen struct {
	store store
	rows  *statestore.KeyValue[string, string]
}

// Init opens the store to write to.
func (p *seen) Init(c *topology.ProcessingContext) (err error) {
	p.rows, err = c.Open(p.store)
	return err
}

// Process implements topology.GlobalProcessor.
func (p *seen) Process(_ *topology.ProcessingContext, r topology.Record[string, string]) error {
	before, _, _, err := p.rows.Get(r.Key)
	if err != nil {
		return err
	}
	var n int
	var last string
	if before != "" {
		if _, err := fmt.Sscanf(before, "%d %s", &n, &last); err != nil {
			return err
		}
	}
	return p.rows.Put(r.Key, fmt.Sprint(n+1, " ", r.Value), r.Timestamp)
}

// lookup sends the row of a record's key, or "none".
type lookup struct {
	store store
	rows  *statestore.KeyValue[string, string]
}

// Init opens the store to read.
func (p *lookup) Init(c *topology.Context[string, string]) (err error) {
	p.rows, err = c.Open(p.store)
	return err
}

// Process implements topology.Processor.
func (p *lookup) Process(c *topology.Context[string, string], r topology.Record[string, string]) error {
	row, _, ok, err := p.rows.Get(r.Key)
	if err != nil {
		return err
	}
	if !ok {
		row = "none"
	}
	return c.Forward(r.WithValue(row))
}
