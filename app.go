package oncestream

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/task"
	"github.com/oncestream/oncestream/topology"
	"go.uber.org/zap"
)

// App runs a topology as one process of an application.
type App struct {
	cfg  Config
	plan *plan.Plan
	// topology is compared with that of the last start.
	topology *topology.Topology
	log      *zap.Logger

	mu struct {
		sync.Mutex
		state   State
		workers []task.Status
	}
	// notify serializes OnState, so that the user sees the changes in order. It's
	// taken before mu and held during the call.
	notify sync.Mutex
}

// New checks the configuration and makes an App. It doesn't connect yet. The
// error names every field that's wrong.
func New(t *topology.Topology, cfg Config) (*App, error) {
	if t == nil {
		return nil, errors.New("oncestream: the topology is nil: use the one that Builder.Build returned without an error")
	}
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("oncestream: %w", err)
	}
	return &App{cfg: cfg, plan: t.Plan(), topology: t, log: cfg.Logger.With(zap.String("application_id", cfg.ApplicationID))}, nil
}

// State returns the current state.
func (a *App) State() State {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.mu.state
}

// Run processes records until the context ends, then commits, leaves the group
// and returns nil: the tasks of this process go to others, or to its next start,
// at once. Any other return is an error that processing couldn't recover from.
// An App runs once.
func (a *App) Run(ctx context.Context) (err error) {
	if !a.move(Rebalancing) {
		return fmt.Errorf("oncestream: the application is %s: an App runs once, make a new one", a.State())
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("oncestream: %w", err)
			a.move(Failed)
			return
		}
		a.move(Stopping)
		a.move(Stopped)
	}()
	db, err := statestore.Open(filepath.Join(a.cfg.StateDir, a.cfg.ApplicationID), statestore.Options{CacheBytes: a.cfg.CacheBytes})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	metrics, err := task.NewMetrics(a.cfg.Registerer, a.cfg.ApplicationID)
	if err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	admin, err := a.connect(ctx, "admin")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, admin.Close()) }()
	layout, discovery, err := a.prepare(ctx, admin)
	if err != nil {
		return err
	}
	globals, endGlobals, err := a.restoreGlobals(ctx, layout, db, metrics)
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return nil // asked to stop while it restored
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, endGlobals()) }()
	keeper := task.NewKeeper(task.KeeperConfig{Admin: admin, Layout: layout, Discovery: discovery, DB: db, Metrics: metrics, Logger: a.log})
	return a.work(ctx, keeper, globals, layout, db, metrics)
}

// connect opens a client of its own connections.
func (a *App) connect(ctx context.Context, role string) (*kafka.Client, error) {
	return kafka.NewClient(a.cfg.Brokers, a.cfg.Sarama, fmt.Sprintf("%s-%s", a.cfg.ApplicationID, role))
}

// prepare lays the topology out on the cluster and creates internal topics that
// are missing.
func (a *App) prepare(ctx context.Context, admin *kafka.Client) (*task.Layout, *task.Discovery, error) {
	topics := task.LayoutTopics(a.cfg.ApplicationID, a.plan)
	if a.cfg.DeadLetterTopic != "" {
		topics = append(topics, a.cfg.DeadLetterTopic)
	}
	counts, err := admin.Partitions(ctx, topics...)
	if err != nil {
		return nil, nil, err
	}
	layout, err := a.lay(ctx, admin, counts)
	if err != nil {
		return nil, nil, err
	}
	if err := a.cfg.handlers().Check(layout); err != nil {
		return nil, nil, err
	}
	if dlq := a.cfg.DeadLetterTopic; dlq != "" && counts[dlq] == 0 {
		return nil, nil, fmt.Errorf("Config.DeadLetterTopic: topic %s doesn't exist: create it", dlq)
	}
	if err := a.check(ctx, admin, layout); err != nil {
		return nil, nil, err
	}
	if err := a.checkReused(ctx, admin, layout.ReusedTopics()); err != nil {
		return nil, nil, err
	}
	discovery, layout, err := a.ensure(ctx, admin)
	if err != nil {
		return nil, nil, err
	}
	a.keepDescription()
	return layout, discovery, nil
}

// lay lays the topology out on the topics there are, of which some are known. Nothing
// is created.
func (a *App) lay(ctx context.Context, admin *kafka.Client, counts map[string]int32) (*task.Layout, error) {
	if task.NeedsAllTopics(a.plan) {
		all, err := admin.AllPartitions(ctx)
		if err != nil {
			return nil, err
		}
		counts = all
	}
	return task.NewLayout(a.cfg.ApplicationID, a.plan, counts)
}

// ensure creates the internal topics that are missing. As the layout follows the topics,
// it may already be another one.
func (a *App) ensure(ctx context.Context, admin *kafka.Client) (*task.Discovery, *task.Layout, error) {
	d := task.NewDiscovery(task.DiscoveryConfig{
		ApplicationID: a.cfg.ApplicationID, Plan: a.plan, Admin: admin, Replication: a.cfg.ReplicationFactor,
		Interval: a.cfg.DiscoveryInterval, Logger: a.log,
	})
	layout, err := d.Refresh(ctx)
	return d, layout, err
}

// checkReused warns of source topics that stand for changelogs but don't keep the
// latest record of each key.
func (a *App) checkReused(ctx context.Context, admin *kafka.Client, topics []string) error {
	configs, err := admin.TopicConfigs(ctx, topics, "cleanup.policy", "retention.ms")
	if err != nil {
		return fmt.Errorf("configs of source topics that stores are restored from: %w", err)
	}
	for _, topic := range topics {
		if c := configs[topic]; c["cleanup.policy"] != "compact" && c["retention.ms"] != "-1" {
			a.log.Warn("a table is restored from a source topic that deletes records by their age: rows get lost when it's restored; set the topic's cleanup.policy to compact, or let the table have a changelog",
				zap.String("topic", topic), zap.String("cleanup_policy", c["cleanup.policy"]), zap.String("retention_ms", c["retention.ms"]))
		}
	}
	return nil
}

// work runs the workers and the keeper until all have ended. The first error
// stops the others, which commit what they have.
func (a *App) work(ctx context.Context, keeper *task.Keeper, globals *task.Globals, layout *task.Layout, db *statestore.DB, metrics *task.Metrics) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(ctx, func() { a.move(Stopping) })
	cfg := a.workerConfig()
	cfg.Layout, cfg.DB, cfg.Metrics, cfg.Owners = layout, db, metrics, new(task.Owners)
	cfg.OnCommitted, cfg.Discovery = keeper.Committed, keeper.Discovery
	if len(layout.Tasks) > 0 || task.NeedsAllTopics(a.plan) {
		a.mu.workers = make([]task.Status, a.cfg.Workers)
	}
	var (
		wg   sync.WaitGroup
		once sync.Mutex
		errs []error
	)
	run := func(f func(context.Context) error) {
		wg.Go(func() {
			if err := f(ctx); err != nil {
				once.Lock()
				errs = append(errs, err)
				once.Unlock()
				stop()
			}
		})
	}
	if len(a.mu.workers) == 0 { // global stores alone
		a.move(Running)
	}
	for i := range a.mu.workers {
		run(task.NewWorker(cfg, i+1).Run)
	}
	run(keeper.Run)
	if len(a.mu.workers) > 0 {
		run(cfg.Discovery.Run)
	}
	if globals != nil {
		run(globals.Run)
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (a *App) workerConfig() task.Config {
	c := a.cfg
	cfg := task.Config{
		ApplicationID: c.ApplicationID, CommitInterval: c.CommitInterval, CommitBytes: c.CommitBytes, MaxTaskIdle: c.MaxTaskIdle,
		TransactionTimeout: c.TransactionTimeout, SessionTimeout: c.SessionTimeout, HeartbeatInterval: c.HeartbeatInterval,
		MaxPollInterval: c.MaxPollInterval, Static: !c.DynamicMembership, Handlers: c.handlers(), Logger: a.log, NewClient: a.connect, OnStatus: a.workerStatus,
	}
	cfg.RecordCacheBytes = c.RecordCacheBytes / int64(c.Workers)
	cfg.Fetch.ReadCommitted = true
	if c.Guarantee == AtLeastOnce {
		cfg.Mode = eosv2.AtLeastOnce
	}
	return cfg
}

// workerStatus derives the application's state from its workers'.
func (a *App) workerStatus(index int, s task.Status) {
	a.mu.Lock()
	a.mu.workers[index-1] = s
	running := !slices.ContainsFunc(a.mu.workers, func(s task.Status) bool { return s != task.Running })
	a.mu.Unlock()
	if running {
		a.move(Running)
	} else {
		a.move(Rebalancing)
	}
}

// move changes the state if that's a legal move and tells the user.
func (a *App) move(to State) bool {
	a.notify.Lock()
	defer a.notify.Unlock()
	a.mu.Lock()
	from := a.mu.state
	ok := from.next(to)
	if ok {
		a.mu.state = to
	}
	a.mu.Unlock()
	if !ok {
		return false
	}
	a.log.Info("state changed", zap.Stringer("from", from), zap.Stringer("to", to))
	if a.cfg.OnState != nil {
		a.cfg.OnState(from, to)
	}
	return true
}
