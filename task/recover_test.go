package task

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/oncestream/oncestream/eosv2"
)

func TestClassify(t *testing.T) {
	lost := &eosv2.Error{Op: "produce", Class: eosv2.ClassAbort, Err: io.EOF}
	for name, c := range map[string]struct {
		err  error
		want eosv2.Class
	}{
		"the producer's":                     {lost, eosv2.ClassAbort},
		"the producer's within a task's":     {&Error{Task: "0_0", Err: fmt.Errorf("sink: %w", lost)}, eosv2.ClassAbort},
		"a lost connection to the group":     {fmt.Errorf("offsets: %w", io.EOF), eosv2.ClassAbort},
		"an operator's":                      {&Error{Task: "0_0", Err: errors.New("bad")}, eosv2.ClassFatal},
		"an operator's, like a connection's": {&Error{Task: "0_0", Err: fmt.Errorf("json: %w", io.ErrUnexpectedEOF)}, eosv2.ClassFatal},
		"unknown":                            {errors.New("disk full"), eosv2.ClassFatal},
	} {
		t.Run(name, func(t *testing.T) {
			if got := classify(c.err); got != c.want {
				t.Errorf("class %s, want %s", got, c.want)
			}
		})
	}
}
