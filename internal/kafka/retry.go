package kafka

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// patience bounds how long one call repeats its requests. It's as long as the
	// Java clients' default.api.timeout.ms.
	patience = time.Minute

	backoffMin = 25 * time.Millisecond
	backoffMax = time.Second
)

// retry repeats f until it succeeds, fails for a reason that doesn't pass, or
// ctx ends, but no longer than patience.
func retry(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrPatience)
	defer cancel()
	for n := 0; ; n++ {
		err := f(ctx)
		if err == nil || !Classify(err).Transient() {
			return err
		}
		if cause := pause(ctx, backoff(n)); cause != nil {
			return fmt.Errorf("%w: %w", cause, err)
		}
	}
}

// backoff is the pause before attempt n+1: it doubles up to backoffMax, less a
// random part of up to a half, so that members of a group don't move in step.
func backoff(n int) time.Duration {
	d := min(backoffMin<<min(n, 16), backoffMax)
	return d - rand.N(d/2)
}

// pause waits for d, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
