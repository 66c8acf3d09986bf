package topology

import (
	"reflect"
)

// checkSupply notes a supplier that makes none, or the same one for all tasks, or
// one with methods that wouldn't be called. C is the type of the context.
func checkSupply[C, P any](b *Builder, node, method string, supply func() P) {
	if supply == nil {
		b.needFunc(node, method, true)
		return
	}
	made, again := any(supply()), any(supply())
	p, q := reflect.ValueOf(made), reflect.ValueOf(again)
	switch {
	case !p.IsValid() || !q.IsValid():
		b.g.Fail(node, "the function given to %s returns nil: it must return a new processor", method)
		return
	case p.Kind() == reflect.Pointer && q.Kind() == reflect.Pointer && p.Pointer() == q.Pointer() && p.Type().Elem().Size() > 0:
		b.g.Fail(node, "the function given to %s returns the same processor each time: it must return a new one for each task", method)
	}
	if _, has := p.Type().MethodByName("Init"); has && initOf[C](made) == nil {
		b.g.Fail(node, "%v has an Init that wouldn't be called: it must be Init(%v) error", p.Type(), reflect.TypeFor[C]())
	}
	if _, has := p.Type().MethodByName("Close"); has {
		if _, ok := made.(Closer); !ok {
			b.g.Fail(node, "%v has a Close that wouldn't be called: it must be Close() error", p.Type())
		}
	}
}

// initOf returns a processor's Init, nil for one without.
func initOf[C any](processor any) func(C, *ProcessingContext) error {
	switch p := processor.(type) {
	case Initializer[C]:
		return func(c C, _ *ProcessingContext) error { return p.Init(c) }
	case Initializer[*ProcessingContext]:
		return func(_ C, c *ProcessingContext) error { return p.Init(c) }
	}
	return nil
}

// live has a processor begin and end with its task.
func (c *ProcessingContext) live[C any](processor any, context C) {
	begin, stop := func() error { return nil }, func() error { return nil }
	if f := initOf[C](processor); f != nil {
		begin = func() error { return f(context, c) }
	}
	if p, ok := processor.(Closer); ok {
		stop = p.Close
	}
	c.task.OnLife(c.node, c.within("Init", begin), c.within("Close", stop))
}

// within runs a method that has no record.
func (c *ProcessingContext) within(method string, f func() error) func() error {
	return func() error {
		c.outside = method
		defer func() { c.outside = "" }()
		c.at.Enter()
		defer c.at.Leave()
		if err := f(); err != nil {
			return err
		}
		return c.finish(nil)
	}
}
