package kafka

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// findCoordinator asks where a group's coordinator is. sarama's own lookup
// sleeps for seconds on a new cluster, whatever the context says.
func (c *Client) findCoordinator(ctx context.Context, group string) (*sarama.Broker, error) {
	req := &sarama.FindCoordinatorRequest{Version: 3, CoordinatorKey: group, CoordinatorType: sarama.CoordinatorGroup}
	var resp *sarama.FindCoordinatorResponse
	err := c.onAny(ctx, func(b *sarama.Broker) (err error) {
		resp, err = b.FindCoordinator(req)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find coordinator: %w", err)
	}
	if resp.Err != sarama.ErrNoError {
		return nil, fmt.Errorf("find coordinator: %w", Needs(resp.Err, GroupResource, group, "Describe"))
	}
	return resp.Coordinator, nil
}

// coordinator returns the connection to a group's coordinator.
func (c *Client) coordinator(ctx context.Context, group string) (*sarama.Broker, error) {
	c.mu.Lock()
	b := c.mu.coordinators[group]
	c.mu.Unlock()
	if b != nil {
		return b, nil
	}
	b, err := c.findCoordinator(ctx, group)
	if err != nil {
		return nil, err
	}
	if err := b.Open(c.conf); err != nil {
		return nil, fmt.Errorf("broker %s: %w", b.Addr(), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.coordinators == nil {
		hangUp(b)
		return nil, sarama.ErrClosedClient
	}
	if other := c.mu.coordinators[group]; other != nil {
		hangUp(b)
		return other, nil
	}
	c.mu.coordinators[group] = b
	return b, nil
}

// forgetCoordinator makes the next request look the coordinator up again.
func (c *Client) forgetCoordinator(group string, b *sarama.Broker) {
	c.mu.Lock()
	if c.mu.coordinators[group] == b {
		delete(c.mu.coordinators, group)
	}
	c.mu.Unlock()
	hangUp(b)
}

// coordinated makes one request to a group's coordinator. After an error that
// says that the coordinator moved, it's forgotten.
func (c *Client) coordinated(ctx context.Context, group string, f func(*sarama.Broker) error) error {
	b, err := c.coordinator(ctx, group)
	if err != nil {
		return err
	}
	err = c.call(ctx, b, func() error { return f(b) })
	if err != nil && (ctx.Err() != nil || Classify(err) == Refresh || undecodable(err)) {
		c.forgetCoordinator(group, b)
	}
	return err
}
