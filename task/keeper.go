package task

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"go.uber.org/zap"
)

const (
	// flushInterval bounds what a restart after kill -9 has to replay: Pebble's WAL
	// is off, so what's in its memory is lost with the process.
	flushInterval = 10 * time.Second
	// purgeInterval is how often consumed records of repartition topics are deleted
	// (repartition.purge.interval.ms in Kafka Streams).
	purgeInterval = 30 * time.Second
)

// KeeperConfig is what a Keeper needs.
type KeeperConfig struct {
	// Admin is a client that no fetch holds up.
	Admin *kafka.Client
	// Layout is what the application was laid out for.
	Layout *Layout
	// Discovery follows the topics that there are; nil leaves the layout as it is.
	Discovery *Discovery
	// DB holds the state of the process.
	DB *statestore.DB
	// Metrics takes the sizes of stores.
	Metrics *Metrics
	// Logger is never nil.
	Logger *zap.Logger
}

// Keeper does the housekeeping of a process beside its workers: it deletes
// consumed records of repartition topics, flushes state to disk now and then,
// measures the sizes of stores, and looks for input partitions that nobody reads.
type Keeper struct {
	KeeperConfig
	mu struct {
		sync.Mutex
		committed map[record.TopicPartition]int64
	}
}

// NewKeeper makes a keeper; Run is its goroutine.
func NewKeeper(cfg KeeperConfig) *Keeper {
	k := &Keeper{KeeperConfig: cfg}
	k.mu.committed = map[record.TopicPartition]int64{}
	return k
}

// Committed notes committed positions of repartition topics.
func (k *Keeper) Committed(offsets map[record.TopicPartition]int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.Copy(k.mu.committed, offsets)
}

// Run works until the context ends. Nothing that fails here harms processing,
// so failures are logged and tried again the next time.
func (k *Keeper) Run(ctx context.Context) error {
	flush, purge := time.NewTicker(flushInterval), time.NewTicker(purgeInterval)
	defer flush.Stop()
	defer purge.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-flush.C:
			if err := k.DB.FlushAsync(); err != nil {
				return err
			}
			k.measure()
		case <-purge.C:
			k.purge(ctx)
			k.findUnread(ctx)
		}
	}
}

func (k *Keeper) purge(ctx context.Context) {
	k.mu.Lock()
	upTo := k.mu.committed
	k.mu.committed = map[record.TopicPartition]int64{}
	k.mu.Unlock()
	if len(upTo) == 0 {
		return
	}
	if err := k.Admin.DeleteRecords(ctx, upTo); err != nil && ctx.Err() == nil {
		k.Logger.Warn("consumed records of repartition topics couldn't be deleted", zap.Error(err))
	}
}

func (k *Keeper) measure() {
	parts, err := k.DB.Partitions()
	if err != nil {
		k.Logger.Warn("sizes of stores unknown", zap.Error(err))
		return
	}
	for _, p := range parts {
		n, err := k.DB.SizeBytes(p.Store, p.Partition)
		if err != nil {
			k.Logger.Warn("size of a store unknown", zap.String("store", p.Store), zap.Error(err))
			continue
		}
		k.Metrics.stateBytes.WithLabelValues(p.Store, strconv.Itoa(int(p.Partition))).Set(float64(n))
	}
}

// findUnread looks for partitions that were added to topics since the application
// started, and that nobody will read until it's started again.
func (k *Keeper) findUnread(ctx context.Context) {
	layout := k.Layout
	if k.Discovery != nil {
		layout = k.Discovery.Layout()
	}
	read := map[string]int32{}
	for _, topic := range layout.Sources() {
		if k.Discovery == nil || !k.Discovery.follows(topic) {
			read[topic] = layout.read(topic)
		}
	}
	for _, g := range layout.Globals() {
		read[g.Source.Topic] = layout.Partitions(g.Source.Topic)
	}
	counts, err := k.Admin.Partitions(ctx, slices.Collect(maps.Keys(read))...)
	if err != nil {
		if ctx.Err() == nil {
			k.Logger.Warn("partition counts of the input unknown", zap.Error(err))
		}
		return
	}
	for topic, n := range read {
		unread := max(0, counts[topic]-n)
		k.Metrics.unread.WithLabelValues(topic).Set(float64(unread))
		if unread > 0 {
			k.Logger.Error("partitions were added to an input topic and aren't read", zap.String("topic", topic), zap.Int32("unread", unread),
				zap.String("remedy", remedyOfUnread(layout, topic)))
		}
	}
}

// remedyOfUnread says what to do about partitions that were added.
func remedyOfUnread(l *Layout, topic string) string {
	if l.read(topic) == 0 {
		return "restart all processes: the topic of a global store is read as it is at the start"
	}
	return "the topic is read where there's state, and keys that move to the new partitions leave theirs behind: stop all processes, " +
		"delete the application's internal topics, set its committed offsets back and start it again to process all input anew; " +
		"or write the input to a topic with the old number of partitions"
}
