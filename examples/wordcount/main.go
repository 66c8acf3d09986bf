// Wordcount reads lines of text from one topic and keeps the count of every
// word in another. Both topics must exist.
//
// Flags:
//
//	-brokers a:9092,b:9092   addresses to begin with (default localhost:9092)
//	-application-id ID       the consumer group, and the prefix of internal topics (default wordcount)
//	-input TOPIC             lines of text (default lines)
//	-output TOPIC            key: the word, value: its count, 8 bytes big-endian (default word-counts)
//	-state-dir DIR           where the counts are kept (default state)
//
// It stops at an interrupt or SIGTERM. Started again, or started on several
// machines, it goes on where it was, and counts every word exactly once.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"strings"
	"syscall"

	"github.com/oncestream/oncestream"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func main() {
	brokers := flag.String("brokers", "localhost:9092", "addresses to begin with, separated by commas")
	id := flag.String("application-id", "wordcount", "the consumer group, and the prefix of internal topics")
	input := flag.String("input", "lines", "topic with lines of text")
	output := flag.String("output", "word-counts", "topic for the counts")
	stateDir := flag.String("state-dir", "state", "where the counts are kept")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := run(ctx, *input, *output, oncestream.Config{
		ApplicationID: *id,
		Brokers:       strings.Split(*brokers, ","),
		StateDir:      *stateDir,
	})
	if err != nil {
		log.Fatal(err)
	}
}

// run counts words until ctx is cancelled.
func run(ctx context.Context, input, output string, cfg oncestream.Config) error {
	b := topology.NewBuilder()
	b.Stream(input, serde.String, serde.String).
		FlatMapValues(strings.Fields).
		GroupBy("words", func(_, word string) string { return word }, serde.String, serde.String).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().
		To(output, serde.String, serde.Int64)
	t, err := b.Build()
	if err != nil {
		return err
	}
	app, err := oncestream.New(t, cfg)
	if err != nil {
		return err
	}
	return app.Run(ctx)
}
