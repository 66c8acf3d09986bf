package eosv2

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"
)

// Flush sends everything that is buffered and waits for every acknowledgement,
// or for the first error of the transaction. When ctx ends first the
// transaction stays as it is, and Flush may be called again.
func (p *Producer) Flush(ctx context.Context) error {
	defer p.cfg.Observer.phase(PhaseFlush, time.Now())
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flushLocked(ctx)
}

// flushLocked gives up the lock while it waits. When it returns nil, nothing is
// buffered.
func (p *Producer) flushLocked(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.mu.changed.Broadcast()
	})
	defer stop()
	for {
		if err := p.usableLocked(); err != nil {
			return err
		}
		if len(p.mu.opened) > 0 {
			p.sealLocked(time.Now(), 0)
			p.nudge()
		}
		if p.mu.outstanding == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return &Error{Op: "flush", Class: ClassAbort, Partition: -1, Err: context.Cause(ctx)}
		}
		p.mu.changed.Wait()
	}
}

// Commit flushes and ends the transaction with EndTxn; without an open
// transaction it does nothing. In AtLeastOnce mode it only flushes. An error
// with Unknown set means that the transaction may have been committed: after
// Init the committed offsets tell.
func (p *Producer) Commit(ctx context.Context) error {
	ending, err := p.flushToEnd(ctx)
	if err != nil || !ending {
		return err
	}
	defer p.cfg.Observer.phase(PhaseEnd, time.Now())
	started, err := p.do(ctx, func() error { return p.endTxn(ctx) })
	return p.outcome("commit", started, err)
}

// flushToEnd flushes, and reports whether there is a transaction for EndTxn,
// which no record may enter any more.
func (p *Producer) flushToEnd(ctx context.Context) (ending bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.state == stateReady {
		return false, nil
	}
	if err := p.flushLocked(ctx); err != nil {
		return false, err
	}
	if p.cfg.Mode == AtLeastOnce {
		p.finishLocked()
		return false, nil
	}
	p.mu.state = stateEnding
	return true, nil
}

// outcome turns the error of a command into the transaction's failure. A
// caller who went away while the command ran does not know its outcome.
func (p *Producer) outcome(op string, started bool, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return p.fail(&Error{Op: op, Class: ClassAbort, Partition: -1, Unknown: started, Err: err})
}

// endTxn runs on the sender.
func (p *Producer) endTxn(ctx context.Context) error {
	sent := false
	e := p.retry(ctx, p.cfg.DeliveryTimeout, func() *Error {
		return p.ask(p.txnCoordinator("commit"), func(b *sarama.Broker) (sarama.KError, error) {
			sent = true
			res, err := b.EndTxn(&sarama.EndTxnRequest{
				Version: 3, TransactionalID: p.id, ProducerID: p.pid, ProducerEpoch: p.epoch, TransactionResult: true,
			})
			if err != nil {
				return 0, err
			}
			return res.Err, nil
		})
	})
	if e != nil {
		// Giving up after retriable answers says nothing about the outcome.
		if sent && e.Class == ClassAbort {
			e.Unknown = true
		}
		return p.fail(e)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usableLocked(); err != nil {
		return err
	}
	p.finishLocked()
	return nil
}

// finishLocked leaves the transaction, and enters the next one when records
// were sent meanwhile.
func (p *Producer) finishLocked() {
	p.mu.txn++
	p.mu.state = stateReady
	p.mu.hurry = false
	p.mu.written = 0
	now := time.Now()
	for _, t := range p.mu.topics {
		for _, pt := range t.parts {
			p.resumeLocked(pt, now)
		}
	}
	p.mu.changed.Broadcast()
}

// resumeLocked takes records sent while the transaction ended into the next.
func (p *Producer) resumeLocked(pt *part, now time.Time) {
	if pt.open == nil && len(pt.queue) == 0 {
		return
	}
	p.beginLocked(now)
	p.askLocked(pt, now)
	if pt.open != nil {
		p.mu.written += pt.open.bytes
	}
	for _, b := range pt.queue {
		p.mu.written += b.bytes
	}
	p.nudge()
}

// Abort ends the open transaction by Init, and does nothing without one. A
// failed transaction is aborted in the same way, unless it failed because
// another producer has the transactional id: then it's that one's to end.
func (p *Producer) Abort(ctx context.Context) error {
	p.mu.Lock()
	fenced := p.mu.state == stateFailed && p.mu.err.Class == ClassFenced
	idle := fenced || p.mu.state == stateReady || p.mu.state == stateNew
	p.mu.Unlock()
	if idle {
		return nil
	}
	return p.Init(ctx)
}
