package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/internal/fault"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"go.uber.org/zap"
)

const (
	// confirmInterval is how often state without news is confirmed to be complete.
	// Otherwise that of a topic that changes rarely would look older than the
	// topic's tombstones, and be rebuilt at the next start.
	confirmInterval = time.Hour
	// confirmTimeout bounds the request for it, which holds up the stores.
	confirmTimeout = 10 * time.Second
)

// GlobalsConfig is what the global stores of a process need.
type GlobalsConfig struct {
	// Layout is what the application was laid out for.
	Layout *Layout
	// DB holds the state of the process.
	DB *statestore.DB
	// Client is their own: a fetch must not hold up other requests.
	Client *kafka.Client
	// Fetch is the fetcher's configuration.
	Fetch kafka.FetchConfig
	// Handlers decide on records that can't be deserialized. Any answer but Fail skips
	// one.
	Handlers Handlers
	// Metrics are the application's.
	Metrics *Metrics
	// Logger is never nil.
	Logger *zap.Logger
}

// Globals keeps all global stores of a process, on one goroutine: first that of
// Restore, which comes before any worker, then that of Run.
type Globals struct {
	GlobalsConfig
	fetcher *kafka.Fetcher
	locator *changelog.Locator
	stores  []*Global
	parts   map[record.TopicPartition]*globalPart
	// broken are stores that have to be rebuilt once nobody reads them any more.
	broken []*Global
}

// globalPart is one partition of a global store's topic.
type globalPart struct {
	store  *Global
	tp     record.TopicPartition
	next   int64 // position
	target int64 // high watermark at the start
}

func (p *globalPart) restored() bool { return p.next >= p.target }

// OpenGlobals opens the global stores and begins to read their topics: from the
// local state on, or from the start where that can't be continued.
func OpenGlobals(ctx context.Context, cfg GlobalsConfig) (*Globals, error) {
	g := &Globals{
		GlobalsConfig: cfg, fetcher: kafka.NewFetcher(cfg.Client, cfg.Fetch), locator: changelog.NewLocator(cfg.Client),
		parts: map[record.TopicPartition]*globalPart{},
	}
	for _, p := range cfg.Layout.Globals() {
		s, err := cfg.Layout.NewGlobal(p, cfg.DB, Edges{Now: time.Now, Handlers: cfg.Handlers, Skipped: g.skipped})
		if err == nil {
			g.stores = append(g.stores, s)
			err = g.begin(ctx, s)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("global store %q: %w", p.Store.Name, err), g.Close())
		}
	}
	return g, nil
}

// begin finds the position of each partition and fetches from there. State that
// can't be continued in one partition is dropped as a whole, as its rows don't tell
// which partition they are of.
func (g *Globals) begin(ctx context.Context, s *Global) error {
	tps := make([]record.TopicPartition, g.Layout.Partitions(s.Topic()))
	for i := range tps {
		tps[i] = record.TopicPartition{Topic: s.Topic(), Partition: int32(i)}
	}
	ends, err := g.Client.ListOffsets(ctx, tps, kafka.HighWatermark)
	if err != nil {
		return fmt.Errorf("end of the topic: %w", err)
	}
	starts, err := g.Client.ListOffsets(ctx, tps, kafka.LogStart)
	if err != nil {
		return fmt.Errorf("start of the topic: %w", err)
	}
	next, err := g.positions(ctx, s, tps, starts, ends)
	if err != nil {
		return err
	}
	for _, tp := range tps {
		if err := g.follow(&globalPart{store: s, tp: tp, next: next[tp], target: ends[tp]}); err != nil {
			return err
		}
	}
	return nil
}

// positions returns where to go on in each partition. State that can't be continued
// is dropped.
func (g *Globals) positions(ctx context.Context, s *Global, tps []record.TopicPartition, starts, ends map[record.TopicPartition]int64) (map[record.TopicPartition]int64, error) {
	if !s.Follow(s.Topic()) {
		return starts, g.rebuild(s, zap.String("reason", "they are those of another topic than "+s.Topic()))
	}
	next := map[record.TopicPartition]int64{}
	for _, tp := range tps {
		local := changelog.Local{AppliedAt: s.AppliedAt(tp.Partition)}
		local.Next, local.Known = s.Offset(tp.Partition)
		at, reason, err := g.locator.Position(ctx, tp.Topic, local, starts[tp], ends[tp])
		if err != nil {
			return nil, err
		}
		if reason != "" {
			return starts, g.rebuild(s, zap.Stringer("partition", tp), zap.String("reason", reason))
		}
		next[tp] = at
	}
	return next, nil
}

// rebuild drops the state of a store, which is then read from its topic's start.
func (g *Globals) rebuild(s *Global, why ...zap.Field) error {
	g.Logger.Warn("the rows of a global store are read anew", append(why, zap.String("store", s.Name()))...)
	g.Metrics.rebuilds.WithLabelValues(s.Name()).Inc()
	return s.Wipe()
}

// follow begins to fetch a partition.
func (g *Globals) follow(p *globalPart) error {
	g.parts[p.tp] = p
	g.fetcher.Assign(p.tp, p.next)
	if !p.restored() {
		return nil
	}
	return g.confirm(p)
}

// confirm notes that the state is complete by now.
func (g *Globals) confirm(p *globalPart) error { return p.store.Commit(p.tp.Partition, p.next) }

// Restore returns when every store has all that stood in its topic when it was
// opened, on disk. Transactions that were open in a topic by then are waited for.
func (g *Globals) Restore(ctx context.Context) error {
	flush := time.NewTicker(flushInterval) // the Keeper doesn't run yet
	defer flush.Stop()
	for !g.restored() {
		var err error
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case c := <-g.fetcher.Chunks():
			err = g.chunk(ctx, c)
		case <-flush.C:
			err = g.DB.FlushAsync()
		}
		if err != nil {
			return err
		}
	}
	// A whole topic is much to read again after a kill, and all processing waits for it.
	if err := g.DB.Flush(); err != nil {
		return err
	}
	for _, s := range g.stores {
		g.Logger.Info("global store restored", zap.String("store", s.Name()))
	}
	return nil
}

func (g *Globals) restored() bool {
	for _, p := range g.parts {
		if !p.restored() {
			return false
		}
	}
	return true
}

// Run follows the topics until the context ends, and then returns nil.
func (g *Globals) Run(ctx context.Context) error {
	confirm := time.NewTicker(confirmInterval)
	defer confirm.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case c := <-g.fetcher.Chunks():
			err = g.chunk(ctx, c)
		case <-confirm.C:
			err = g.confirmAll(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// chunk applies what was fetched.
func (g *Globals) chunk(ctx context.Context, c *kafka.Chunk) error {
	defer c.Release()
	p := g.parts[c.TopicPartition]
	if p == nil || !g.fetcher.Valid(c) {
		return nil
	}
	err := c.Err
	n := 0
	if err == nil {
		n, err = p.store.Apply(c.Partition, c, c.Next)
		fault.Point("global.applied")
	} else {
		err = g.chunkFailed(ctx, p, err)
	}
	if err != nil {
		return fmt.Errorf("global store %q: %w", p.store.Name(), err)
	}
	if c.Err == nil {
		p.next = c.Next
		g.Metrics.global(p, n, c.LastStable)
	}
	return nil
}

// chunkFailed decides on a partition that can't be read at its position. A store
// that nobody reads yet is rebuilt at once. Later the tasks would see an empty one:
// so the application ends, and the store is rebuilt at the next start.
func (g *Globals) chunkFailed(ctx context.Context, p *globalPart, err error) error {
	if _, ok := errors.AsType[*kafka.OffsetOutOfRangeError](err); !ok {
		return err
	}
	if g.restored() {
		g.broken = append(g.broken, p.store)
		return fmt.Errorf("%w: records were deleted before they were read, or the topic was made anew; the next start reads it from its beginning", err)
	}
	if err := g.rebuild(p.store, zap.Stringer("partition", p.tp), zap.Error(err)); err != nil {
		return err
	}
	return g.begin(ctx, p.store)
}

// confirmAll confirms the state of each partition that is read to its end.
func (g *Globals) confirmAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	var tps []record.TopicPartition
	for tp := range g.parts {
		tps = append(tps, tp)
	}
	ends, unknown := g.Client.ListOffsets(ctx, tps, kafka.HighWatermark)
	if unknown != nil {
		g.Logger.Debug("ends of global topics unknown", zap.Error(unknown))
	}
	for tp, end := range ends {
		if p := g.parts[tp]; p.next == end {
			if err := g.confirm(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// skipped logs that the handler has let a record go.
func (g *Globals) skipped(f FailedRecord, _ Action) {
	g.Logger.Warn("record of a global store skipped: it can't be deserialized", zap.String("node", f.Node),
		zap.Stringer("partition", f.Record.TopicPartition()), zap.Int64("offset", f.Record.Offset), zap.Error(f.Err))
}

// Close ends the fetching and closes the stores. Nobody may read them any more.
func (g *Globals) Close() error {
	g.fetcher.Close()
	var errs []error
	for _, s := range g.broken {
		errs = append(errs, s.Wipe())
	}
	for _, s := range g.stores {
		if err := s.Close(); err != nil {
			g.Logger.Error("the processor of a global store failed when it was closed", zap.Error(err))
		}
	}
	return errors.Join(errs...)
}
