package task

import (
	"context"
	"errors"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
)

func TestOwners(t *testing.T) {
	var o Owners
	id := plan.TaskID{SubTopology: 1, Partition: 2}
	if err := o.Acquire(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := o.Acquire(t.Context(), plan.TaskID{}); err != nil {
		t.Fatalf("another task: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Acquire(ctx, id); !errors.Is(err, context.Canceled) {
		t.Fatalf("a second owner got %v", err)
	}
	second := make(chan error)
	go func() { second <- o.Acquire(t.Context(), id) }()
	o.Release(id)
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	o.Release(id)
}
