package changelog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Observer is told of the restorer's progress. Its functions are called on the
// restorer's goroutine; nil ones are left out.
type Observer struct {
	// Begin is called when a changelog partition starts: next is the local offset
	// it continues from, target the offset it has to reach.
	Begin func(p Partition, next, target int64)
	// Progress is called after each applied chunk.
	Progress func(p Partition, records int, next, target int64)
	// Rebuild is called when local state can't be continued and is dropped.
	Rebuild func(p Partition, reason string)
}

// Config is what a Restorer needs.
type Config struct {
	// Group is the consumer group whose committed offsets tasks start from.
	Group string
	// Client is the restorer's own: a fetch must not hold up other requests.
	Client *kafka.Client
	// Fetch is the fetcher's configuration.
	Fetch kafka.FetchConfig
	// DB is the one that the jobs' stores are of.
	DB *statestore.DB
	// Observer is told of the progress.
	Observer
}

// Restorer restores the stores of starting tasks on one goroutine of its own.
type Restorer struct {
	cfg     Config
	fetcher *kafka.Fetcher
	locator *Locator
	active  map[record.TopicPartition]*restore

	bgCtx    context.Context // of the goroutine and of every job's blocking calls
	cancel   context.CancelFunc
	wake     chan struct{}
	finished chan struct{}
	done     chan struct{}

	mu struct {
		sync.Mutex
		commands []func()
		finished []*Job
	}
}

// NewRestorer starts a restorer. Close stops it.
func NewRestorer(ctx context.Context, cfg Config) *Restorer {
	ctx, cancel := context.WithCancel(ctx)
	r := &Restorer{
		cfg:      cfg,
		fetcher:  kafka.NewFetcher(cfg.Client, cfg.Fetch),
		locator:  NewLocator(cfg.Client),
		active:   map[record.TopicPartition]*restore{},
		bgCtx:    ctx,
		cancel:   cancel,
		wake:     make(chan struct{}, 1),
		finished: make(chan struct{}, 1),
		done:     make(chan struct{}),
	}
	go r.run()
	return r
}

// Start begins a job. It returns at once.
func (r *Restorer) Start(j *Job) {
	j.ctx, j.cancel = context.WithCancel(r.bgCtx)
	j.pending = map[record.TopicPartition]*restore{}
	r.command(func() { r.begin(j) })
}

// Cancel ends a job and returns when the restorer no longer touches its stores.
// It doesn't wait for other jobs, which may take as long as a predecessor's
// transaction is undecided. A job that has finished in the meantime isn't returned
// by Finished any more.
func (r *Restorer) Cancel(j *Job) {
	j.cancel()
	j.working.Lock()
	j.working.over = true
	j.working.Unlock()
	r.command(func() { r.drop(j) })
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, f := range r.mu.finished {
		if f == j {
			r.mu.finished = append(r.mu.finished[:i], r.mu.finished[i+1:]...)
			return
		}
	}
}

// Notify returns a channel that holds a token when Finished has something to
// return.
func (r *Restorer) Notify() <-chan struct{} { return r.finished }

// Finished returns the jobs that have ended since the last call.
func (r *Restorer) Finished() []*Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.mu.finished
	r.mu.finished = nil
	return f
}

// Close stops the goroutine and waits for it. Jobs under way don't finish; what
// they have restored so far is kept.
func (r *Restorer) Close() {
	r.cancel()
	<-r.done
	r.fetcher.Close()
}

// command queues a function for the goroutine, which runs it unless it has ended.
func (r *Restorer) command(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.commands = append(r.mu.commands, f)
	signal(r.wake)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (r *Restorer) run() {
	defer close(r.done)
	for {
		select {
		case <-r.bgCtx.Done():
			return
		case <-r.wake:
			r.mu.Lock()
			commands := r.mu.commands
			r.mu.commands = nil
			r.mu.Unlock()
			for _, f := range commands {
				f()
			}
		case c := <-r.fetcher.Chunks():
			r.apply(c)
		}
	}
}

// drop ends the fetching for a job.
func (r *Restorer) drop(j *Job) {
	for tp := range j.pending {
		r.fetcher.Remove(tp)
		delete(r.active, tp)
	}
	clear(j.pending)
}

// finish ends a job and hands it to the worker.
func (r *Restorer) finish(j *Job, err error) {
	j.Err = err
	r.drop(j)
	j.cancel()
	r.mu.Lock()
	r.mu.finished = append(r.mu.finished, j)
	r.mu.Unlock()
	signal(r.finished)
}

func (r *Restorer) begin(j *Job) {
	if !j.enter() {
		return // cancelled before it began
	}
	defer j.leave()
	if err := r.prepare(j); err != nil {
		r.finish(j, fmt.Errorf("start of task %s: %w", j.Name, err))
		return
	}
	if len(j.pending) == 0 {
		r.finish(j, nil)
	}
}

// prepare carries out the steps of a task's start in their order: the stores
// become ours, then the committed offsets (which waits for the predecessor's
// transaction to be decided), then the high watermarks as targets, then the
// fetching.
func (r *Restorer) prepare(j *Job) error {
	parts, err := j.Open(j.ctx)
	if err != nil {
		return err
	}
	if j.Committed, err = r.cfg.Client.CommittedOffsets(j.ctx, r.cfg.Group, j.Inputs); err != nil {
		return fmt.Errorf("committed offsets: %w", err)
	}
	if err := j.resolveMissing(); err != nil {
		return fmt.Errorf("start of inputs without a committed offset: %w", err)
	}
	parts, tps := logged(parts)
	if len(tps) == 0 {
		return nil
	}
	ends, err := r.cfg.Client.ListOffsets(j.ctx, tps, kafka.HighWatermark)
	if err != nil {
		return fmt.Errorf("end of the changelogs: %w", err)
	}
	starts, err := r.cfg.Client.ListOffsets(j.ctx, tps, kafka.LogStart)
	if err != nil {
		return fmt.Errorf("start of the changelogs: %w", err)
	}
	for i, p := range parts {
		if p.Take != nil {
			ends[tps[i]] = j.Committed[tps[i]].At
		}
		next, err := r.position(j.ctx, p, starts[tps[i]], ends[tps[i]])
		if err != nil {
			return err
		}
		r.assign(j, p, next, ends[tps[i]])
	}
	return nil
}

// position returns the offset from which a changelog has to be read, and drops
// local state that can't be continued.
func (r *Restorer) position(ctx context.Context, p Partition, start, end int64) (int64, error) {
	local := Local{AppliedAt: p.Store.AppliedAt()}
	local.Next, local.Known = p.Store.Offset()
	if !p.Store.Follow(p.Topic) {
		return start, r.rebuild(p, "the local state is at an offset of another topic than "+p.Topic)
	}
	if p.Take != nil && local.Known && local.Next == end {
		return end, nil // also where the topic has lost what was processed
	}
	next, reason, err := r.locator.Position(ctx, p.Topic, local, start, end)
	if p.Take != nil && local.Known && local.Next > end {
		reason = fmt.Sprintf("the local state is at offset %d of its source topic, but the group has committed %d", local.Next, end)
	}
	if err == nil && reason != "" {
		err = r.rebuild(p, reason)
	}
	return next, err
}

// rebuild drops local state which is to be restored from the beginning.
func (r *Restorer) rebuild(p Partition, reason string) error {
	if r.cfg.Rebuild != nil {
		r.cfg.Rebuild(p, reason)
	}
	if err := p.Store.Wipe(); err != nil {
		return fmt.Errorf("dropping the state of store %q, partition %d: %w", p.Store.Name(), p.Store.Partition(), err)
	}
	return nil
}

// logged returns the partitions of stores that have a changelog.
func logged(parts []Partition) (with []Partition, tps []record.TopicPartition) {
	for _, p := range parts {
		if p.restored() {
			with, tps = append(with, p), append(tps, p.topicPartition())
		}
	}
	return with, tps
}

// assign begins to fetch a changelog partition unless it's at its target.
func (r *Restorer) assign(j *Job, p Partition, next, target int64) {
	if r.cfg.Begin != nil {
		r.cfg.Begin(p, next, target)
	}
	if next >= target {
		return
	}
	tp := p.topicPartition()
	a := &restore{job: j, part: p, next: next, target: target}
	j.pending[tp] = a
	r.active[tp] = a
	r.fetcher.Assign(tp, next)
}

// apply puts one chunk into its store, together with its offset.
func (r *Restorer) apply(c *kafka.Chunk) {
	defer c.Release()
	a := r.active[c.TopicPartition]
	if a == nil || !r.fetcher.Valid(c) {
		return
	}
	j := a.job
	if !j.enter() {
		return // cancelled; the command that drops it is on its way
	}
	defer j.leave()
	if c.Err != nil {
		if err := r.chunkFailed(a, c.Err); err != nil {
			r.finish(j, fmt.Errorf("restore of store %q: %w", a.part.Store.Name(), err))
		}
		return
	}
	n, next, err := a.part.apply(r.cfg.DB, c, c.Next, a.target)
	if err != nil {
		r.finish(j, fmt.Errorf("restore of store %q: %w", a.part.Store.Name(), err))
		return
	}
	a.next = next
	j.Restored += int64(n)
	if r.cfg.Progress != nil {
		r.cfg.Progress(a.part, n, a.next, a.target)
	}
	r.ended(a)
}

// ended ends the restore of a partition that has reached its target, and the job
// with the last one.
func (r *Restorer) ended(a *restore) {
	if a.next < a.target {
		return
	}
	tp, j := a.part.topicPartition(), a.job
	r.fetcher.Remove(tp)
	delete(r.active, tp)
	delete(j.pending, tp)
	if len(j.pending) == 0 {
		r.finish(j, nil)
	}
}

// Reader returns changelog records in their order.
type Reader interface {
	// Read takes the next record; false at the end.
	Read(r *record.Record) bool
}

// Apply writes changelog records and the offset behind them into the store of
// the database in one batch, and returns how many records there were.
func Apply(db *statestore.DB, s *statestore.Store, records Reader, next int64) (n int, err error) {
	b := db.NewBatch()
	defer func() { err = errors.Join(err, b.Close()) }()
	var rec record.Record
	for records.Read(&rec) {
		if err := s.Restore(b, rec.Key, rec.Value, rec.Timestamp); err != nil {
			return n, fmt.Errorf("offset %d: %w", rec.Offset, err)
		}
		restoreNote(s, rec.Headers)
		n++
	}
	if r, ok := records.(interface{ Err() error }); ok && r.Err() != nil {
		return n, r.Err()
	}
	if err := s.Stage(b, next); err != nil {
		return n, err
	}
	if err := b.Commit(); err != nil {
		return n, err
	}
	s.Applied()
	return n, nil
}

// chunkFailed decides on a partition that can't be fetched at its position: a
// log that was cut or made anew means that the state has to be rebuilt.
func (r *Restorer) chunkFailed(a *restore, err error) error {
	var oor *kafka.OffsetOutOfRangeError
	if !errors.As(err, &oor) {
		return err
	}
	reason := fmt.Sprintf("offset %d isn't in the changelog any more, which holds %d to %d", a.next, oor.LogStart, oor.HighWatermark)
	if err := r.rebuild(a.part, reason); err != nil {
		return err
	}
	a.next = oor.LogStart
	if a.part.Take == nil { // an input is committed where it is
		a.target = max(oor.HighWatermark, oor.LogStart)
	}
	r.fetcher.Assign(a.part.topicPartition(), a.next)
	r.ended(a)
	return nil
}
