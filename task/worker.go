package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/fault"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"go.uber.org/zap"
)

// roundTrip is the longest a worker without work sleeps: the member has to see
// that it comes round.
const roundTrip = time.Second

// Config is what a worker needs. All of an application's workers have the same.
type Config struct {
	// ApplicationID is the group's id and the prefix of internal names.
	ApplicationID string
	// Mode is the guarantee.
	Mode eosv2.Mode
	// CommitInterval is the time between commits; CommitBytes of uncommitted state
	// commit earlier.
	CommitInterval time.Duration
	// CommitBytes of a worker's uncommitted state lead to an earlier commit.
	CommitBytes int
	// RecordCacheBytes is what the record caches of one worker may hold; with 0 there
	// are none.
	RecordCacheBytes int64
	// MaxTaskIdle is how long a task with records of some inputs waits for those that
	// have none; negative, it doesn't wait for those either that lag.
	MaxTaskIdle time.Duration
	// TransactionTimeout is shorter than SessionTimeout.
	TransactionTimeout time.Duration
	// SessionTimeout is after how long a silent member's tasks go to others.
	SessionTimeout time.Duration
	// HeartbeatInterval is also how long a rebalance may go unnoticed.
	HeartbeatInterval time.Duration
	// MaxPollInterval is how long a step of the worker may take.
	MaxPollInterval time.Duration
	// Static makes members static (KIP-345), with instance ids made of the process
	// id and the worker's index.
	Static bool
	// Fetch configures the fetching of input and of changelogs.
	Fetch kafka.FetchConfig
	// Handlers decide on records that fail.
	Handlers

	// Layout is the topology laid out on the cluster, at the start.
	Layout *Layout
	// Discovery follows the topics that there are; nil leaves the layout as it is.
	Discovery *Discovery
	// DB holds the state of the process.
	DB *statestore.DB
	// Owners says which worker of the process owns a task's state.
	Owners *Owners
	// Metrics are the application's.
	Metrics *Metrics
	// Logger is never nil.
	Logger *zap.Logger

	// NewClient connects; the name tells a client's role in its client id.
	NewClient func(ctx context.Context, role string) (*kafka.Client, error)
	// OnStatus is told when a worker's status changes, on that worker's goroutine.
	OnStatus func(worker int, s Status)
	// OnCommitted is told the committed positions of repartition topics' partitions,
	// which may be deleted up to there.
	OnCommitted func(map[record.TopicPartition]int64)
}

// Status is what a worker is doing.
type Status uint8

// The statuses.
const (
	// Rebalancing: there's no assignment yet, or some of its tasks are starting.
	Rebalancing Status = iota
	// Running: every assigned task is processing (or there are none).
	Running
	// Stopped: the worker has ended.
	Stopped
)

// Worker is one goroutine with its tasks, a membership in the group, and a
// producer. See docs/design.md for the states of a task and the steps of a
// commit.
type Worker struct {
	Config
	index int
	log   *zap.Logger

	clients  []*kafka.Client
	group    *kafka.Client
	starting *kafka.Client // of the restorer
	producer *eosv2.Producer
	member   *kafka.Member
	fetcher  *kafka.Fetcher
	restorer *changelog.Restorer
	outputs  map[string]*output

	tasks  []*Task // running, in order of their ids
	cache  *plan.CacheBudget
	starts map[plan.TaskID]*start
	queues map[record.TopicPartition]*queue

	// followed is the last layout of the Discovery that was looked at.
	followed *Layout

	join       uint64 // the last call of Rejoin
	joined     bool   // an assignment has arrived since the membership began
	held       bool   // a commit waits for the generation of the running rebalance
	heldSince  time.Time
	refused    refusals
	redos      int // in a row without a commit in between
	lastCommit time.Time
	last       int // the index of the task that had the last turn
	pace       pace
	timer      *time.Timer
	status     Status
}

// NewWorker makes the worker of an index, which counts from 1.
func NewWorker(cfg Config, index int) *Worker {
	return &Worker{
		Config: cfg, index: index, log: cfg.Logger.With(zap.Int("worker", index)), cache: plan.NewCacheBudget(cfg.RecordCacheBytes),
		outputs: map[string]*output{}, starts: map[plan.TaskID]*start{}, queues: map[record.TopicPartition]*queue{},
	}
}

// Run works until the context ends, then commits, leaves the group and returns
// nil. Any other end is an error that the worker couldn't recover from.
func (w *Worker) Run(ctx context.Context) error {
	err := w.open(ctx)
	if err == nil {
		w.log.Info("worker started")
		err = w.loop(ctx)
	}
	// A record that was given up half-way has effects in the transaction that its
	// position isn't in: that's not to be committed.
	_, torn := errors.AsType[*Error](err)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // asked to stop while it waited for something
	}
	return errors.Join(err, w.close(ctx, err == nil && !torn))
}

// open connects and joins the group. The producer comes first: its start ends
// whatever transaction a dead predecessor has left open.
func (w *Worker) open(ctx context.Context) error {
	var cs [4]*kafka.Client
	for i, role := range []string{"producer", "fetch", "restore", "group"} {
		c, err := w.NewClient(ctx, fmt.Sprintf("%d-%s", w.index, role))
		if err != nil {
			return err
		}
		w.clients = append(w.clients, c)
		cs[i] = c
	}
	w.starting, w.group = cs[2], cs[3]
	p, err := eosv2.New(w.producerConfig(cs[0]))
	if err != nil {
		return err
	}
	w.producer = p
	if err := w.initProducer(ctx); err != nil {
		return err
	}
	w.fetcher = kafka.NewFetcher(cs[1], w.Fetch)
	restoreFetch := w.Fetch
	restoreFetch.ReadCommitted = w.Mode == eosv2.ExactlyOnce || len(w.Layout.ReusedTopics()) > 0 // as inputs are read
	w.restorer = changelog.NewRestorer(context.WithoutCancel(ctx), changelog.Config{
		Group: w.ApplicationID, Client: cs[2], Fetch: restoreFetch, DB: w.DB, Observer: w.restoreObserver(),
	})
	w.member = kafka.NewMember(w.group, w.memberConfig())
	w.join = w.member.Start(context.WithoutCancel(ctx))
	w.timer = time.NewTimer(roundTrip)
	w.lastCommit = time.Now()
	return nil
}

func (w *Worker) producerConfig(c *kafka.Client) eosv2.Config {
	return eosv2.Config{
		Client: c.Sarama(), Mode: w.Mode,
		TransactionalID:    fmt.Sprintf("%s-%s-%d", w.ApplicationID, w.DB.ProcessID(), w.index),
		TransactionTimeout: w.TransactionTimeout,
		Observer: eosv2.Observer{
			Phase: func(p eosv2.Phase, d time.Duration) {
				// The others are parts of a commit, which measures them itself.
				if p == eosv2.PhaseInit || p == eosv2.PhaseAdd {
					w.Metrics.phase(p.String(), d)
				}
			},
			Retried: func(op string, cause error) {
				w.Metrics.retries.WithLabelValues(op).Inc()
				w.log.Debug("request is repeated", zap.String("request", op), zap.Error(cause))
			},
		},
	}
}

func (w *Worker) memberConfig() kafka.MemberConfig {
	layout := w.Layout // the member's goroutine must not see how that changes
	cfg := kafka.MemberConfig{
		Group: w.ApplicationID, ProtocolName: "oncestream", Topics: w.Layout.Sources(),
		SessionTimeout: w.SessionTimeout, HeartbeatInterval: w.HeartbeatInterval, RebalanceTimeout: w.MaxPollInterval,
		UserData: func() ([]byte, error) { return w.userData(layout) }, Balancer: balancer{layout},
	}
	if w.Discovery != nil {
		f := &follower{Discovery: w.Discovery, joined: layout}
		cfg.Subscription, cfg.Balancer, cfg.Unit, cfg.AssignmentData = f.subscription, f, f.unit, f.data
	}
	if w.Static {
		cfg.InstanceID = fmt.Sprintf("%s-%s-%d", w.ApplicationID, w.DB.ProcessID(), w.index)
	}
	return cfg
}

// loop is the worker's life between open and close.
func (w *Worker) loop(ctx context.Context) error {
	for ctx.Err() == nil {
		w.member.Poll()
		n, err := w.step(ctx)
		if err == nil && n == 0 {
			err = w.wait(ctx)
		}
		if err == nil {
			continue
		}
		if err = w.recover(ctx, err); err != nil {
			return err
		}
	}
	return nil
}

// step takes what has arrived, gives the tasks their turns, and commits when
// it's time. It returns the number of records processed.
func (w *Worker) step(ctx context.Context) (int, error) {
	if err := w.receive(ctx); err != nil {
		return 0, err
	}
	if err := w.follow(ctx); err != nil {
		return 0, err
	}
	total := 0
	if !w.held {
		var err error
		if total, err = w.turns(); err != nil {
			return total, err
		}
		if err := w.punctuate(); err != nil {
			return total, err
		}
		if fault.Mutation("overlay") && total > 0 {
			if err := w.leakOverlays(); err != nil {
				return total, err
			}
		}
	}
	if w.held && time.Since(w.heldSince) > w.TransactionTimeout {
		return total, &eosv2.Error{Op: "offsets", Class: eosv2.ClassAbort, Partition: -1, Err: errHeld}
	}
	if w.held || !w.due(time.Now()) {
		return total, nil
	}
	return total, w.commit(ctx)
}

// turns lets each task process some records, beginning behind the one that had
// the last turn: a commit that's due ends the round, and the tasks behind must not
// wait for ever for one whose records are slow.
func (w *Worker) turns() (total int, err error) {
	for range len(w.tasks) {
		w.last = (w.last + 1) % len(w.tasks)
		began := time.Now()
		n, err := w.tasks[w.last].Run(w.pace.records())
		total += n
		if err != nil {
			return total, err
		}
		now := time.Now()
		w.pace.note(n, now.Sub(began))
		if n > 0 && w.due(now) {
			break
		}
	}
	return total, nil
}

// due reports whether there's something to commit and its time has come.
func (w *Worker) due(now time.Time) bool {
	if now.Sub(w.lastCommit) < w.CommitInterval && w.uncommittedBytes() < w.CommitBytes && !slices.ContainsFunc(w.tasks, (*Task).CommitRequested) {
		return false
	}
	return w.dirty()
}

func (w *Worker) uncommittedBytes() int {
	n := 0
	for _, t := range w.tasks {
		n += t.uncommittedBytes()
	}
	return n
}

// dirty reports whether anything happened since the last commit.
func (w *Worker) dirty() bool {
	return w.producer.InTransaction() || slices.ContainsFunc(w.tasks, (*Task).uncommitted)
}

// receive takes everything that has arrived without waiting.
func (w *Worker) receive(ctx context.Context) error {
	for {
		var err error
		select {
		case e := <-w.member.Events():
			err = w.event(ctx, e)
		case <-w.restorer.Notify():
			err = w.restored(ctx)
		case c := <-w.fetcher.Chunks():
			err = w.chunk(c)
		default:
			w.retryStarts(time.Now())
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// punctuate calls what processors have scheduled by the wall clock.
func (w *Worker) punctuate() error {
	for _, t := range w.tasks {
		if err := t.Punctuate(); err != nil {
			return err
		}
	}
	return nil
}

// rest returns how long there's nothing to do unless something arrives.
func (w *Worker) rest() time.Duration {
	d := roundTrip
	if w.held {
		return d // the rebalance ends with an event
	}
	if w.dirty() {
		d = min(d, w.CommitInterval-time.Since(w.lastCommit))
	}
	for _, t := range w.tasks {
		if at, ok := t.Due(); ok {
			d = min(d, time.Until(at))
		}
		if !t.idleUntil.IsZero() {
			d = min(d, time.Until(t.idleUntil))
		}
	}
	return max(0, d)
}

// wait sleeps until something arrives, or the next commit or punctuation is due.
func (w *Worker) wait(ctx context.Context) error {
	w.timer.Reset(w.rest())
	select {
	case <-ctx.Done():
		return nil
	case <-w.timer.C:
		return nil
	case e := <-w.member.Events():
		return w.event(ctx, e)
	case <-w.restorer.Notify():
		return w.restored(ctx)
	case c := <-w.fetcher.Chunks():
		return w.chunk(c)
	}
}

// chunk files fetched records with their queue.
func (w *Worker) chunk(c *kafka.Chunk) error {
	q := w.queues[c.TopicPartition]
	if q == nil || !w.fetcher.Valid(c) {
		c.Release()
		return nil
	}
	if c.Err != nil {
		defer c.Release()
		return w.inputFailed(q, c.Err)
	}
	q.push(c, c.Next, c.LastStable)
	return nil
}

// setStatus tells a change of status.
func (w *Worker) setStatus(s Status) {
	if s == w.status {
		return
	}
	w.status = s
	if w.OnStatus != nil {
		w.OnStatus(w.index, s)
	}
}

// name is the worker's label in metrics.
func (w *Worker) name() string { return strconv.Itoa(w.index) }

// settle sets the status that follows from the tasks.
func (w *Worker) settle() {
	running := Rebalancing
	if w.joined && len(w.starts) == 0 && !w.member.Rebalancing() {
		running = Running
	}
	w.setStatus(running)
	w.Metrics.tasks.WithLabelValues(w.name(), "starting").Set(float64(len(w.starts)))
	w.Metrics.tasks.WithLabelValues(w.name(), "running").Set(float64(len(w.tasks)))
}

// close gives everything up. After a clean run the open transaction is
// committed, else it's aborted.
func (w *Worker) close(ctx context.Context, clean bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*w.TransactionTimeout)
	defer cancel()
	var errs []error
	if w.member != nil {
		if clean && !w.held {
			errs = append(errs, w.commit(ctx))
		}
		for id := range w.starts {
			w.cancelStart(id)
		}
		w.closeTasks(slices.Clone(w.tasks))
		w.restorer.Close()
		w.fetcher.Close()
	}
	if w.producer != nil {
		// A transaction that failed is open for the brokers as well, and whoever takes
		// the tasks over would have to wait for its timeout.
		errs = append(errs, w.producer.Abort(ctx), w.producer.Close())
	}
	if w.member != nil {
		errs = append(errs, w.member.Leave(ctx))
		w.member.Close()
	}
	for _, c := range w.clients {
		errs = append(errs, c.Close())
	}
	w.setStatus(Stopped)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop of worker %d: %w", w.index, err)
	}
	w.log.Info("worker stopped")
	return nil
}
