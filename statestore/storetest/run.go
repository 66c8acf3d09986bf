package storetest

import (
	"testing"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

// Run runs the suite. Each call of open returns an empty DB, which the suite
// closes.
func Run(t *testing.T, open func(t *testing.T) *statestore.DB) {
	t.Helper()
	for name, test := range map[string]func(*env){
		"KeyValue":             testKeyValue,
		"KeyValueEdgeKeys":     testEdgeKeys,
		"KeyValueRange":        testRange,
		"KeyValueLoopWrites":   testLoopWrites,
		"KeyValueModel":        testKeyValueModel,
		"KindMismatch":         testKindMismatch,
		"SerdeErrors":          testSerdeErrors,
		"Discard":              testDiscard,
		"Changes":              testChanges,
		"Stage":                testStage,
		"StageMisuse":          testStageMisuse,
		"BatchIsAtomic":        testBatchIsAtomic,
		"BatchMisuse":          testBatchMisuse,
		"Restore":              testRestore,
		"RestoreMisuse":        testRestoreMisuse,
		"Progress":             testProgress,
		"Wipe":                 testWipe,
		"PartitionsIsolated":   testPartitionsIsolated,
		"NamesIsolated":        testNamesIsolated,
		"Partitions":           testPartitionsList,
		"OneOwner":             testOneOwner,
		"InvalidSpec":          testInvalidSpec,
		"ClosedDB":             testClosedDB,
		"SizeBytes":            testSizeBytes,
		"Window":               testWindow,
		"WindowFetch":          testWindowFetch,
		"WindowKeysInterleave": testWindowKeysInterleave,
		"WindowExpiry":         testWindowExpiry,
		"WindowRestore":        testWindowRestore,
		"WindowModel":          testWindowModel,
		"Session":              testSession,
		"SessionFind":          testSessionFind,
		"SessionMerge":         testSessionMerge,
		"SessionExpiry":        testSessionExpiry,
		"SessionModel":         testSessionModel,
		"JoinWindow":           testJoinWindow,
		"JoinWindowSequence":   testJoinWindowSequence,
		"JoinWindowInMemory":   testJoinWindowInMemory,
		"JoinWindowModel":      testJoinWindowModel,
		"Versioned":            testVersioned,
		"VersionedTombstones":  testVersionedTombstones,
		"VersionedRetention":   testVersionedRetention,
		"VersionedChanges":     testVersionedChanges,
		"VersionedModel":       testVersionedModel,
		"PlainKeyValue":        testPlainKeyValue,
		"OuterJoin":            testOuterJoin,
		"OuterJoinLoop":        testOuterJoinLoop,
		"OuterJoinDamage":      testOuterJoinDamage,
		"OuterJoinModel":       testOuterJoinModel,
		"Global":               testGlobal,
		"GlobalWipe":           testGlobalWipe,
		"GlobalOwner":          testGlobalOwner,
		"GlobalMisuse":         testGlobalMisuse,
		"GlobalConcurrent":     testGlobalConcurrent,
	} {
		t.Run(name, func(t *testing.T) {
			e := &env{T: t, db: open(t)}
			t.Cleanup(func() {
				if !e.closed {
					e.check(e.db.Close())
				}
			})
			test(e)
		})
	}
}

// env is what one test works with. Its methods fail the test on an error.
type env struct {
	*testing.T
	db     *statestore.DB
	closed bool
}

func (e *env) check(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// refuse fails the test unless there's an error.
func (e *env) refuse(what string, err error) {
	e.Helper()
	if err == nil {
		e.Errorf("%s: no error", what)
	}
}

func keyValueSpec(name string) statestore.Spec {
	return statestore.Spec{Name: name, Kind: statestore.TimestampedKeyValue}
}

// The windows of the tests: with a retention of ten minutes segments are five
// minutes long.
const (
	retention = 10 * time.Minute
	segment   = 5 * time.Minute
)

func windowSpec(name string) statestore.Spec {
	return statestore.Spec{
		Name: name, Kind: statestore.TimestampedWindow,
		WindowSize: time.Minute, Retention: retention,
	}
}

func (e *env) open(spec statestore.Spec, partition int32) *statestore.Store {
	e.Helper()
	s, err := e.db.Store(spec, partition)
	e.check(err)
	return s
}

type (
	keyValue = statestore.KeyValue[string, string]
	window   = statestore.Window[string, string]
)

func (e *env) keyValue(s *statestore.Store) *keyValue {
	e.Helper()
	m, err := statestore.NewKeyValue[string, string](s, text{}, text{})
	e.check(err)
	return m
}

func (e *env) window(s *statestore.Store) *window {
	e.Helper()
	w, err := statestore.NewWindow[string, string](s, text{}, text{})
	e.check(err)
	return w
}

// commit ends the open transaction of the stores in one batch, with next as the
// offset of each.
func (e *env) commit(next int64, stores ...*statestore.Store) {
	e.Helper()
	b := e.db.NewBatch()
	for _, s := range stores {
		e.check(s.Stage(b, next))
	}
	e.check(b.Commit())
	e.check(b.Close())
	for _, s := range stores {
		s.Applied()
	}
}

// text is a serde that takes strings as they are.
type text struct{}

// Append implements serde.Serde.
func (text) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }

// Decode implements serde.Serde.
func (text) Decode(b []byte) (string, error) { return string(b), nil }

// at returns a time of the tests in milliseconds since the Unix epoch, a distance
// from a round one.
func at(d time.Duration) int64 { return int64((1000*time.Hour + d) / time.Millisecond) }
