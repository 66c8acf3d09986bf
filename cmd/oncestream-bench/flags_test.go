package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/oncestream/oncestream"
)

const whole = "-workload count -brokers a:1,b:2 -application-id app -input in -output out -state-dir dir"

func TestParseRun(t *testing.T) {
	f, err := parseRun(strings.Fields(whole), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if f.workers != 1 || f.commitInterval != 100*time.Millisecond || f.guarantee != oncestream.ExactlyOnceV2 || f.untilEnd {
		t.Errorf("defaults: %+v", f)
	}
	if len(f.brokers) != 2 || f.brokers[1] != "b:2" {
		t.Errorf("brokers %q, want a:1 and b:2", f.brokers)
	}
	f, err = parseRun(strings.Fields(whole+" -workload tablejoin -input2 table -workers 3 -commit-interval 1s -guarantee at_least_once"+
		" -until-end -cache-bytes 4096 -log debug -session-timeout 5s"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if f.input2 != "table" || f.workers != 3 || f.commitInterval != time.Second || f.guarantee != oncestream.AtLeastOnce ||
		!f.untilEnd || f.cacheBytes != 4096 || f.logLevel != zapcore.DebugLevel || f.sessionTimeout != 5*time.Second {
		t.Errorf("flags: %+v", f)
	}
}

func TestParseRunMistakes(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"nothing", "", "-brokers is missing\n-application-id is missing\n-input is missing\n-output is missing\n-state-dir is missing\n-workload"},
		{"workload", whole + " -workload sort", `-workload "sort": it's one of count, map, rekey, tablejoin, window`},
		{"guarantee", whole + " -guarantee once", `-guarantee "once": it's one of at_least_once, exactly_once_v2`},
		{"cache", whole + " -cache-bytes -1", "-cache-bytes -1"},
		{"no table", whole + " -workload tablejoin", "-input2 is missing"},
		{"table of no use", whole + " -input2 x", "-input2 is for tablejoin"},
		{"argument", whole + " until-end", `unexpected argument "until-end"`},
		{"unknown flag", whole + " -window 5s", "flag provided but not defined"},
		{"log level", whole + " -log loud", "-log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseRun(strings.Fields(c.args), io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestParseLoadMistakes(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", "-brokers is missing\n-topic is missing"},
		{"-brokers a:1 -topic t -records 0", "-records must be positive"},
		{"-brokers a:1 -topic t -keys -1", "-keys must be positive"},
		{"-brokers a:1 -topic t 5", `unexpected argument "5"`},
	} {
		_, err := parseLoad(strings.Fields(c.args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.args, err, c.want)
		}
	}
}

func TestCommandUnknown(t *testing.T) {
	for _, args := range [][]string{nil, {"walk"}} {
		if err := command(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
}
