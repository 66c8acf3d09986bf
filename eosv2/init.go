package eosv2

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/kafka"
)

// Init obtains a producer id with a new epoch. It fences every predecessor
// with the transactional id, ends the transaction that one left open, and
// waits until that is done (KIP-98). It is also the way back after every
// failure and aborts an open transaction; buffered records are dropped.
//
// Init repeats itself until ctx ends. An error of class fenced says that
// another producer held the transactional id since the last Init: give up the
// tasks, and call Init again before the next work.
func (p *Producer) Init(ctx context.Context) error {
	start := time.Now()
	defer p.cfg.Observer.phase(PhaseInit, start)
	_, err := p.do(ctx, func() error { return p.init(ctx) })
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	class := ClassAbort
	if errors.Is(err, ErrClosed) {
		class = ClassFatal
	}
	return &Error{Op: "init", Class: class, Partition: -1, Unknown: true, Err: err}
}

// init runs on the sender.
func (p *Producer) init(ctx context.Context) error {
	suspect, err := p.reset()
	if err != nil {
		return err
	}
	p.id = p.cfg.TransactionalID
	if fencingOff() {
		p.id += "-" + rand.Text()
	}
	res, lost, e := p.initProducerID(ctx)
	if e != nil {
		return e
	}
	retaken := suspect && p.retaken(res, lost)
	p.pid, p.epoch, p.granted = res.ProducerID, res.ProducerEpoch, true
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.mu.state == stateClosed:
		return p.usableLocked()
	case retaken:
		p.mu.state = stateFailed
		p.mu.err = &Error{Op: "init", Class: ClassFenced, Partition: -1, Err: ErrRetaken}
		return p.mu.err
	}
	p.mu.state = stateReady
	return nil
}

// retaken decides whether another producer held the id since our last Init.
// Aborting our open transaction, at its timeout or now, takes one epoch, this
// Init one, and so may every attempt whose answer was lost.
func (p *Producer) retaken(res *sarama.InitProducerIDResponse, lost int) bool {
	return res.ProducerID != p.pid || int(res.ProducerEpoch) > int(p.epoch)+2+lost
}

// reset forgets everything of the life before. It reports whether that one
// should find its id untouched: not the first, and not after it was told that
// the id is another's, as this Init then takes it back on purpose.
func (p *Producer) reset() (suspect bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.state == stateClosed {
		return false, p.usableLocked()
	}
	suspect = p.cfg.Mode == ExactlyOnce && p.granted && !fencingOff() &&
		(p.mu.state != stateFailed || p.mu.err.Class != ClassFenced)
	p.mu.state = stateNew
	p.mu.err = nil
	p.mu.lives++
	p.mu.txn++
	p.mu.acks = p.mu.txn
	for _, t := range p.mu.topics {
		for _, pt := range t.parts {
			pt.open, pt.queue, pt.listed = nil, nil, false
			pt.flight = flight{}
		}
	}
	p.mu.opened, p.mu.sealed, p.mu.toAdd = nil, nil, nil
	p.mu.outstanding, p.mu.buffered, p.mu.written = 0, 0, 0
	p.mu.changed.Broadcast()
	p.life = p.mu.lives
	p.active = nil
	p.lastAdd.again, p.lastAdd.attempt = time.Time{}, 0
	return suspect, nil
}

// initProducerID repeats the request until it is granted: unlike the other
// requests, a lost answer costs nothing but another epoch. lost counts them.
func (p *Producer) initProducerID(ctx context.Context) (res *sarama.InitProducerIDResponse, lost int, e *Error) {
	req := &sarama.InitProducerIDRequest{Version: 4, ProducerID: -1, ProducerEpoch: -1, TransactionTimeout: p.cfg.TransactionTimeout}
	c := p.anyBroker("init")
	if p.cfg.Mode == ExactlyOnce {
		req.TransactionalID = &p.id
		c = p.txnCoordinator("init")
	}
	e = p.retry(ctx, initPatience, func() *Error {
		e := p.ask(c, func(b *sarama.Broker) (code sarama.KError, err error) {
			if res, err = b.InitProducerID(req); err != nil {
				return 0, err
			}
			return res.Err, nil
		})
		if e != nil && e.Unknown {
			lost++
			e.Class, e.Unknown = ClassRetry, false
		}
		return e
	})
	return res, lost, e
}

// initPatience bounds an Init whose context does not end.
const initPatience = 5 * time.Minute

// anyBroker answers for producer ids without a transaction.
func (p *Producer) anyBroker(op string) coordinator {
	return coordinator{
		op: op, stage: stageCoordinator,
		find: func() (*sarama.Broker, error) {
			if b := p.client().LeastLoadedBroker(); b != nil {
				return b, nil
			}
			return nil, sarama.ErrOutOfBrokers
		},
		forget: func() error { return p.client().RefreshMetadata() },
		// Or Write on any topic (KIP-679).
		resource: kafka.ClusterResource, operation: "IdempotentWrite (or Write on a topic)",
	}
}
