package main

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// matching is a pattern of topics. The Java driver counts the offsets of all topics
// of a pattern together, so that's what results tell.
type matching struct {
	re *regexp.Regexp
	// fed is the number of records fed to topics of the pattern.
	fed int64
}

// place is a record's place in its topic, which has one partition.
type place struct {
	topic  string
	offset int64
}

// sourceMatching reads the topics of a pattern.
func sourceMatching(b *builder, pattern string, value serde.Serde[datum], options []topology.SourceOption) (*stream, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	whole, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, err
	}
	b.patterns = append(b.patterns, &matching{re: whole})
	return &stream{Stream: b.StreamMatching(re, textSerde{}, value, options...), key: textSerde{}, value: value}, nil
}

// feeds notes that a record is fed to a topic.
func (b *builder) feeds(topic string) {
	for _, m := range b.patterns {
		if m.re.MatchString(topic) {
			b.offsets[place{topic, b.fed[topic]}] = m.fed
			m.fed++
			break
		}
	}
	b.fed[topic]++
}

// offset returns the offset of a record as the Java driver counts.
func (b *builder) offset(topic string, offset int64) int64 {
	if counted, ok := b.offsets[place{topic, offset}]; ok {
		return counted
	}
	return offset
}

// counted sets the offset in the headers of a dead letter to that of the Java driver.
func (b *builder) counted(headers []driver.Header) {
	if len(b.patterns) == 0 {
		return
	}
	topic := ""
	for i, h := range headers {
		switch h.Key {
		case "__streams.errors.topic":
			topic = string(h.Value)
		case "__streams.errors.offset": // behind the topic
			if offset, err := strconv.ParseInt(string(h.Value), 10, 64); err == nil {
				headers[i].Value = strconv.AppendInt(nil, b.offset(topic, offset), 10)
			}
		}
	}
}

// matched returns the topics of the input that patterns match. They are there from
// the start.
func (r *runner) matched() []string {
	var topics []string
	for _, in := range r.sc.Input {
		for _, m := range r.b.patterns {
			if m.re.MatchString(in.Topic) && !slices.Contains(topics, in.Topic) {
				topics = append(topics, in.Topic)
			}
		}
	}
	return topics
}
