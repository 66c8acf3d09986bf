package eosv2

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"
)

// coordinator finds the broker that answers for a transaction or a group, and
// forgets what is known of it.
type coordinator struct {
	op     string
	stage  stage
	find   func() (*sarama.Broker, error)
	forget func() error
}

func (p *Producer) txnCoordinator(op string) coordinator {
	id := p.id
	return coordinator{
		op: op, stage: stageCoordinator,
		find:   func() (*sarama.Broker, error) { return p.client().TransactionCoordinator(id) },
		forget: func() error { return p.client().RefreshTransactionCoordinator(id) },
	}
}

func (p *Producer) groupCoordinator(op, group string) coordinator {
	return coordinator{
		op: op, stage: stageGroup,
		find:   func() (*sarama.Broker, error) { return p.client().Coordinator(group) },
		forget: func() error { return p.client().RefreshCoordinator(group) },
	}
}

// ask sends one request to the coordinator. request returns the error code of
// the response, or why there is none. The result is nil or says by its class
// and Unknown what is known: a request that never left is ClassRetry, one whose
// answer is missing is ClassAbort and Unknown.
func (p *Producer) ask(c coordinator, request func(*sarama.Broker) (sarama.KError, error)) *Error {
	b, err := p.fresh(c)
	if err == nil {
		// Waits for the connection, so that a failure to connect is not taken
		// for a lost answer.
		var connected bool
		if connected, err = b.Connected(); !connected && err == nil {
			err = sarama.ErrNotConnected
		}
	}
	if err != nil {
		return c.unreachable(err)
	}
	code, err := request(b)
	if err != nil {
		return p.unanswered(c, b, err)
	}
	if code == sarama.ErrNoError {
		return nil
	}
	e := c.failed(classify(c.stage, code), describe(code))
	e.Unknown = indefinite(code)
	switch code {
	case sarama.ErrNotCoordinatorForConsumer, sarama.ErrConsumerCoordinatorNotAvailable:
		if err := c.forget(); err != nil {
			e.Err = joinCause(code, err)
		}
	}
	return e
}

// fresh finds the coordinator and sees to it that its connection hasn't been idle
// for long.
func (p *Producer) fresh(c coordinator) (*sarama.Broker, error) {
	b, err := c.find()
	if err != nil {
		return nil, err
	}
	s, now := p.sinkOf(b), time.Now()
	idle := s.inflight == 0 && !s.used.IsZero() && now.Sub(s.used) > p.idleFor
	s.used = now
	if !idle {
		return b, nil
	}
	p.disconnect(s)
	return c.find() // opens it again
}

func (c coordinator) failed(class Class, err error) *Error {
	return &Error{Op: c.op, Class: class, Partition: -1, Err: err}
}

// unreachable is the error of a request that was not sent.
func (c coordinator) unreachable(err error) *Error {
	var code sarama.KError
	if errors.As(err, &code) {
		if class := classify(c.stage, code); class == ClassFatal {
			return c.failed(class, err)
		}
	}
	if errors.Is(err, sarama.ErrClosedClient) || !transport(err) {
		return c.failed(ClassFatal, err)
	}
	// The coordinator may have moved; a failure to learn it shows next time.
	if moved := c.forget(); moved != nil {
		err = errors.Join(err, moved)
	}
	return c.failed(ClassRetry, err)
}

// unanswered is the error of a request that may have been processed. Its
// connection is closed, as a late answer would be taken for another's.
func (p *Producer) unanswered(c coordinator, b *sarama.Broker, err error) *Error {
	if !transport(err) {
		return c.failed(ClassFatal, err)
	}
	p.disconnect(p.sinkOf(b))
	e := c.failed(ClassAbort, err)
	e.Unknown = true
	return e
}

// retry repeats attempt while its error is of class retry, until ctx ends or
// the patience is over. The last error then comes back as class abort.
func (p *Producer) retry(ctx context.Context, patience time.Duration, attempt func() *Error) *Error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrDeliveryTimeout)
	defer cancel()
	for n := 0; ; n++ {
		e := attempt()
		if e == nil || e.Class != ClassRetry {
			return e
		}
		p.cfg.Observer.retried(e.Op, e.Err)
		select {
		case <-time.After(backoff(n)):
			continue
		case <-ctx.Done():
			e.Err = joinCause(context.Cause(ctx), e.Err)
		case <-p.stop:
			e.Err = joinCause(ErrClosed, e.Err)
		}
		e.Class = ClassAbort
		return e
	}
}

// addPartitions adds the gathered partitions to the transaction, in one
// request. Waiting for a previous transaction to end (CONCURRENT_TRANSACTIONS)
// leaves the sender free: the next step tries again.
func (p *Producer) addPartitions() {
	parts, txn := p.takeDue(time.Now())
	if len(parts) == 0 {
		return
	}
	start := time.Now()
	e := p.ask(p.txnCoordinator("add partitions"), func(b *sarama.Broker) (sarama.KError, error) {
		res, err := b.AddPartitionsToTxn(p.addRequest(parts))
		if err != nil {
			return 0, err
		}
		return addCode(parts, res)
	})
	p.cfg.Observer.phase(PhaseAdd, start)
	switch {
	case e == nil:
		p.lastAdd.attempt, p.lastAdd.again = 0, time.Time{}
		p.added(parts, txn)
	case e.Class == ClassRetry && time.Since(p.OpenSince()) < p.cfg.DeliveryTimeout:
		p.cfg.Observer.retried(e.Op, e.Err)
		p.lastAdd.again = time.Now().Add(backoff(p.lastAdd.attempt))
		p.lastAdd.attempt++
	case e.Class == ClassRetry:
		e.Class, e.Err = ClassAbort, joinCause(ErrDeliveryTimeout, e.Err)
		p.fail(e)
	default:
		p.fail(e)
	}
}

// takeDue returns a copy of the partitions to add if it is time to.
func (p *Producer) takeDue(now time.Time) ([]*part, uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.state != stateOpen || len(p.mu.toAdd) == 0 || now.Before(p.addDueLocked()) {
		return nil, 0
	}
	return append([]*part(nil), p.mu.toAdd...), p.mu.txn
}

func (p *Producer) addRequest(parts []*part) *sarama.AddPartitionsToTxnRequest {
	byTopic := make(map[string][]int32)
	for _, pt := range parts {
		byTopic[pt.topic.name] = append(byTopic[pt.topic.name], pt.number)
	}
	return &sarama.AddPartitionsToTxnRequest{
		Version: 3, TransactionalID: p.id, ProducerID: p.pid, ProducerEpoch: p.epoch, TopicPartitions: byTopic,
	}
}

// added marks parts as belonging to the transaction.
func (p *Producer) added(parts []*part, txn uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pt := range parts {
		pt.added = txn + 1
	}
	p.mu.toAdd = append(p.mu.toAdd[:0], p.mu.toAdd[len(parts):]...)
	p.mu.gather = time.Now()
	p.mu.hurry = false
}

// addCode finds the code that decides about the whole request: coordinators
// answer OPERATION_NOT_ATTEMPTED for partitions that only suffer from others.
func addCode(parts []*part, res *sarama.AddPartitionsToTxnResponse) (sarama.KError, error) {
	answered := 0
	worst := sarama.ErrNoError
	for _, errs := range res.Errors {
		answered += len(errs)
		for _, e := range errs {
			if e.Err != sarama.ErrNoError && (worst == sarama.ErrNoError || worse(stageCoordinator, e.Err, worst)) {
				worst = e.Err
			}
		}
	}
	if worst == sarama.ErrNoError && answered < len(parts) {
		return 0, sarama.ErrIncompleteResponse
	}
	return worst, nil
}

// worse orders codes of one response by what they demand.
func worse(s stage, a, b sarama.KError) bool {
	if a == sarama.ErrOperationNotAttempted || b == sarama.ErrOperationNotAttempted {
		return b == sarama.ErrOperationNotAttempted && a != b
	}
	return classify(s, a) > classify(s, b)
}
