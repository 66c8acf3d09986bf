package task

import (
	"context"
	"sync"

	"github.com/oncestream/oncestream/internal/plan"
)

// Owners makes sure that a task's state has one owner in the process, from its
// assignment to the end of its last apply: a worker that lost its membership
// but gets a late answer to a commit must not apply over what another worker of
// the process has restored since. The zero value is ready.
type Owners struct {
	mu struct {
		sync.Mutex
		released map[plan.TaskID]chan struct{} // closed at the release
	}
}

// Acquire waits until the task is free, or the context ends.
func (o *Owners) Acquire(ctx context.Context, id plan.TaskID) error {
	for {
		o.mu.Lock()
		c, taken := o.mu.released[id]
		if !taken {
			if o.mu.released == nil {
				o.mu.released = map[plan.TaskID]chan struct{}{}
			}
			o.mu.released[id] = make(chan struct{})
			o.mu.Unlock()
			return nil
		}
		o.mu.Unlock()
		select {
		case <-c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Release frees the task. Only its owner may call it.
func (o *Owners) Release(id plan.TaskID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.mu.released[id])
	delete(o.mu.released, id)
}
