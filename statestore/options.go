package statestore

import (
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// The defaults of Options.
const (
	// DefaultCacheBytes is the default of Options.CacheBytes.
	DefaultCacheBytes = 32 << 20
	// DefaultMemTableBytes is the default of Options.MemTableBytes.
	DefaultMemTableBytes = 16 << 20
)

// Options tune a DB. The zero value works.
type Options struct {
	// CacheBytes is the size of the block cache that all stores share, by default
	// DefaultCacheBytes.
	CacheBytes int64
	// MemTableBytes is the size at which a memtable is flushed, by default
	// DefaultMemTableBytes. Up to two of them are in memory. After a crash at most
	// that much has to be restored from changelogs.
	MemTableBytes int64
	// Logger takes the engine's messages: errors of flushes and compactions in the
	// background above all, which are tried again. It may be called by several
	// goroutines at once. By default they are dropped.
	Logger func(level slog.Level, message string)

	// fs stands in for the operating system's files in tests.
	fs vfs.FS
}

// Validate reports options that make no sense.
func (o Options) Validate() error {
	if o.CacheBytes < 0 {
		return fmt.Errorf("CacheBytes %d is negative", o.CacheBytes)
	}
	if o.MemTableBytes < 0 || o.MemTableBytes > 1<<30 {
		return fmt.Errorf("MemTableBytes %d is not within 0 and 1 GiB", o.MemTableBytes)
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.CacheBytes == 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = DefaultMemTableBytes
	}
	if o.Logger == nil {
		o.Logger = func(slog.Level, string) {}
	}
	if o.fs == nil {
		o.fs = vfs.Default
	}
	return o
}

// memTables is the number of memtables that may be in memory before writes wait
// for a flush.
const memTables = 2

// pebbleOptions are chosen for small entries that are overwritten often, few
// cores, and a process that has its memory for other things.
func (o Options) pebbleOptions(cache *pebble.Cache) *pebble.Options {
	po := &pebble.Options{
		FS:                          o.fs,
		Cache:                       cache,
		DisableWAL:                  true,
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                uint64(o.MemTableBytes),
		MemTableStopWritesThreshold: memTables,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               4 * o.MemTableBytes,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, 2 },
		Logger:                      pebbleLogger{o.Logger},
	}
	// Point lookups of keys that don't exist yet are as frequent as new keys are:
	// the filter answers most of them.
	for i := range po.Levels {
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	po.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionFastest })
	// Compactions triggered by reads cost more than they save where every key's
	// neighbourhood is rewritten anyway.
	po.Experimental.ReadSamplingMultiplier = -1
	return po
}

// pebbleLogger hands the engine's messages on.
type pebbleLogger struct {
	log func(slog.Level, string)
}

// Infof implements pebble.Logger.
func (l pebbleLogger) Infof(format string, args ...any) {
	l.log(slog.LevelDebug, fmt.Sprintf(format, args...))
}

// Errorf implements pebble.Logger.
func (l pebbleLogger) Errorf(format string, args ...any) {
	l.log(slog.LevelError, fmt.Sprintf(format, args...))
}

// Fatalf implements pebble.Logger. The engine calls it where it can't go on, for
// instance when its manifest couldn't be written, and relies on it not to return.
// During Open the panic becomes an error.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	fatal := fatalError{message: fmt.Sprintf(format, args...)}
	for _, a := range args {
		if err, ok := a.(error); ok {
			fatal.cause = err
		}
	}
	l.log(slog.LevelError, fatal.message)
	panic(fatal)
}

// fatalError is what the engine panics with.
type fatalError struct {
	message string
	cause   error
}

// Error implements error.
func (e fatalError) Error() string { return "state store: " + e.message }

// Unwrap returns what the engine has stumbled over.
func (e fatalError) Unwrap() error { return e.cause }
