package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// run is the member's goroutine.
func (m *Member) run(ctx context.Context) {
	ticker := time.NewTicker(m.cfg.HeartbeatInterval)
	defer ticker.Stop()
	for goOn := true; goOn; {
		select {
		case <-ctx.Done():
			return
		case <-m.requested:
			goOn = m.answer(ctx)
		case <-ticker.C:
			goOn = m.beat(ctx)
		}
	}
}

// emit hands an event to the worker, or reports that the member was stopped.
func (m *Member) emit(ctx context.Context, e Event) bool {
	select {
	case m.events <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

// fail ends the member for a reason that repeating doesn't mend.
func (m *Member) fail(ctx context.Context, err error) bool {
	m.emit(ctx, Event{Kind: Failed, Err: advise(err)})
	return false
}

// lose ends the membership. A request to join that the worker made before it
// could know is void, see Rejoin.
func (m *Member) lose(ctx context.Context, err error) bool {
	m.claimed = -1
	m.mu.Lock()
	m.mu.meta.Generation = -1
	if Classify(err) == Rejoin || errors.Is(err, ErrPollExceeded) {
		m.mu.meta.MemberID = ""
	}
	m.mu.out = true
	m.mu.rebalancing = true
	if m.mu.request != nil && len(*m.mu.request) > 0 {
		m.mu.request = nil
	}
	m.mu.Unlock()
	return m.emit(ctx, Event{Kind: Lost, Err: err})
}

// beat is called at each heartbeat interval.
func (m *Member) beat(ctx context.Context) bool {
	m.mu.Lock()
	outside := m.mu.meta.Generation < 0
	away := time.Since(m.mu.polled)
	m.mu.Unlock()
	if outside {
		return true
	}
	if away > m.cfg.RebalanceTimeout {
		return m.expel(ctx, away)
	}
	err := m.heartbeat(ctx)
	switch Classify(err) {
	case Rejoin:
		return m.lose(ctx, err)
	case Generation:
		if isRebalance(err) {
			return m.summon(ctx)
		}
		return m.lose(ctx, err)
	case Fatal, OutOfRange:
		return m.fail(ctx, err)
	}
	// What else there is passes, and EnsureAlive guards commits until it has.
	return true
}

// summon tells the worker, once for each rebalance, to join it.
func (m *Member) summon(ctx context.Context) bool {
	m.mu.Lock()
	known := m.mu.rebalancing
	m.mu.rebalancing = true
	m.mu.Unlock()
	return known || m.emit(ctx, Event{Kind: RebalanceNeeded})
}

// expel leaves the group because the worker doesn't come round. What it's doing
// might take for ever, and its partitions would wait with it.
func (m *Member) expel(ctx context.Context, away time.Duration) bool {
	err := fmt.Errorf("%w: last seen %s ago, allowed %s", ErrPollExceeded, away.Round(time.Millisecond), m.cfg.RebalanceTimeout)
	if lerr := m.leave(ctx); lerr != nil {
		err = fmt.Errorf("%w; leaving the group failed: %w", err, lerr)
	}
	return m.lose(ctx, err)
}

// heartbeat sends one heartbeat of the current generation. It's repeated on
// errors that pass, but a connection that hangs must leave time for another one
// before the session ends.
func (m *Member) heartbeat(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, m.cfg.SessionTimeout/3, ErrPatience)
	defer cancel()
	meta := m.Meta()
	var sent time.Time
	begun := time.Now()
	err := retry(ctx, func(ctx context.Context) error {
		sent = time.Now()
		return m.c.coordinated(ctx, m.cfg.Group, func(b *sarama.Broker) error { return heartbeat(b, meta) })
	})
	m.cfg.Observer.Heartbeat(time.Since(begun), err)
	if err == nil || isRebalance(err) {
		m.confirm(meta, sent)
	}
	if err != nil {
		return fmt.Errorf("kafka: heartbeat of group %s: %w", meta.Group, err)
	}
	return nil
}

// confirm notes that the group knew the member at a time, unless its generation
// has changed since.
func (m *Member) confirm(meta GroupMeta, sent time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.meta == meta {
		m.mu.alive = sent
	}
}

func heartbeat(b *sarama.Broker, meta GroupMeta) error {
	resp, err := b.Heartbeat(&sarama.HeartbeatRequest{
		Version: 4, GroupId: meta.Group, MemberId: meta.MemberID,
		GenerationId: meta.Generation, GroupInstanceId: meta.instance(),
	})
	if err != nil {
		return err
	}
	return errorOf(resp.Err)
}

// leave takes the member out of the group, if it ever was in it. That the group
// doesn't know it any more is just as well.
func (m *Member) leave(ctx context.Context) error {
	meta := m.Meta()
	if meta.MemberID == "" {
		return nil
	}
	err := retry(ctx, func(ctx context.Context) error {
		return m.c.coordinated(ctx, meta.Group, func(b *sarama.Broker) error { return leave(b, meta) })
	})
	if err != nil && Classify(err) != Rejoin {
		return fmt.Errorf("kafka: leave group %s: %w", meta.Group, err)
	}
	m.mu.Lock()
	m.mu.meta.MemberID, m.mu.meta.Generation = "", -1
	m.mu.Unlock()
	return nil
}

func leave(b *sarama.Broker, meta GroupMeta) error {
	resp, err := b.LeaveGroup(&sarama.LeaveGroupRequest{
		Version: 4, GroupId: meta.Group,
		Members: []sarama.MemberIdentity{{MemberId: meta.MemberID, GroupInstanceId: meta.instance()}},
	})
	if err != nil {
		return err
	}
	if resp.Err != sarama.ErrNoError {
		return resp.Err
	}
	for _, r := range resp.Members {
		if r.Err != sarama.ErrNoError {
			return r.Err
		}
	}
	return nil
}

// isRebalance tells a rebalance that has begun from a generation that's over.
func isRebalance(err error) bool { return errors.Is(err, sarama.ErrRebalanceInProgress) }

// errorOf returns nil for the code that means success.
func errorOf(code sarama.KError) error {
	if code == sarama.ErrNoError {
		return nil
	}
	return code
}

// advise adds a remedy to errors that somebody has to act on.
func advise(err error) error {
	code, _ := errors.AsType[sarama.KError](err)
	remedy := ""
	switch code {
	case sarama.ErrFencedInstancedId:
		remedy = "another process uses the same static member id; give each instance its own state directory and stop the other"
	case sarama.ErrGroupMaxSizeReached:
		remedy = "the group is full; raise the broker's group.max.size or run fewer workers"
	case sarama.ErrInconsistentGroupProtocol:
		remedy = "members of another kind are in this group; use an application id of its own, or stop them first"
	case sarama.ErrGroupAuthorizationFailed:
		remedy = "the principal needs READ on the group"
	case sarama.ErrInvalidSessionTimeout:
		remedy = "the session timeout must lie between the broker's group.min.session.timeout.ms and group.max.session.timeout.ms"
	default:
		return err
	}
	return fmt.Errorf("%w: %s", err, remedy)
}

// takeRequest returns what the worker owns, if it wants to join, and the number
// of its call.
func (m *Member) takeRequest() (owned []record.TopicPartition, call uint64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.mu.request
	m.mu.request = nil
	if r == nil {
		return nil, 0, false
	}
	m.mu.out = false
	return *r, m.mu.joins, true
}
