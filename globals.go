package oncestream

import (
	"context"
	"errors"
	"fmt"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/task"
)

// restoreGlobals returns the global stores once they have all of their topics, or
// nil where the topology has none. The returned function closes them.
func (a *App) restoreGlobals(ctx context.Context, layout *task.Layout, db *statestore.DB, metrics *task.Metrics) (_ *task.Globals, end func() error, err error) {
	if len(layout.Globals()) == 0 {
		return nil, func() error { return nil }, nil
	}
	client, err := a.connect(ctx, "global")
	if err != nil {
		return nil, nil, err
	}
	cfg := a.workerConfig()
	g, err := task.OpenGlobals(ctx, task.GlobalsConfig{
		Layout: layout, DB: db, Client: client, Fetch: cfg.Fetch, Handlers: cfg.Handlers, Metrics: metrics, Logger: a.log,
	})
	if err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	end = func() error {
		if err := errors.Join(g.Close(), client.Close()); err != nil {
			return fmt.Errorf("closing global stores: %w", err)
		}
		return nil
	}
	if err := g.Restore(ctx); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return g, end, nil
}
