package oncestream

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/oncestream/oncestream/task"
)

// Guarantee is what processing promises when processes or brokers fail.
type Guarantee uint8

// The guarantees. The zero value is ExactlyOnceV2.
const (
	// ExactlyOnceV2 commits output, state and offsets in one transaction (KIP-447).
	ExactlyOnceV2 Guarantee = iota
	// AtLeastOnce writes with an idempotent producer and commits offsets after it:
	// after a failure some input is processed, and counted, again.
	AtLeastOnce
)

// String returns the name that Kafka Streams gives the guarantee.
func (g Guarantee) String() string {
	if g == AtLeastOnce {
		return "at_least_once"
	}
	return "exactly_once_v2"
}

// Config configures an App. ApplicationID and Brokers are required; every other
// field's zero value is a working default.
type Config struct {
	// ApplicationID names the application. It's the consumer group's id and the
	// prefix of internal topics and transactional ids. All processes of an
	// application have the same, and it must not change, or the application starts
	// anew. Letters, digits, '.', '_' and '-'.
	ApplicationID string
	// Brokers are the addresses (host:port) to begin with.
	Brokers []string
	// Guarantee defaults to ExactlyOnceV2.
	Guarantee Guarantee
	// StateDir is where state is kept, in a folder named as the application id. It
	// should survive restarts. Default: oncestream in the system's temporary
	// directory.
	StateDir string
	// Workers is the number of goroutines that process tasks. Default 1.
	Workers int
	// CommitInterval is the time between commits: how long output stays invisible to
	// read_committed consumers. Default 100 ms with ExactlyOnceV2 and 30 s with
	// AtLeastOnce, as in Kafka Streams.
	CommitInterval time.Duration
	// CommitBytes commits early when a worker's uncommitted state passes it.
	// Default 32 MiB.
	CommitBytes int
	// MaxTaskIdle is how long a task that has records of some of its inputs waits for
	// those that have none, so that records of different inputs are processed in the
	// order of their timestamps (KIP-695). The wait begins when such an input is known
	// to have no more records. Default 0: a task waits only for inputs that are known to
	// have records that haven't arrived yet. Negative: it waits for none.
	MaxTaskIdle time.Duration
	// DiscoveryInterval is the time between two looks for topics that a pattern of
	// StreamMatching matches, and for partitions that were added to input topics: how
	// long these may go unnoticed (metadata.max.age.ms in Kafka Streams). Default 1 min.
	DiscoveryInterval time.Duration
	// TransactionTimeout is after how long a broker aborts the transaction of a
	// silent worker, whose records hold up read_committed consumers until then. It
	// must be shorter than SessionTimeout. Default 10 s, or two thirds of a
	// shorter SessionTimeout.
	TransactionTimeout time.Duration
	// SessionTimeout is after how long a silent worker's tasks go to others. Default
	// 15 s.
	SessionTimeout time.Duration
	// HeartbeatInterval is also how long a rebalance may take to be noticed. Default
	// 1 s, or a fifth of a shorter SessionTimeout.
	HeartbeatInterval time.Duration
	// MaxPollInterval is how long a worker may be stuck in user code before it gives
	// its tasks up. Default 5 min.
	MaxPollInterval time.Duration
	// DynamicMembership joins the group without instance ids. By default workers are
	// static members (KIP-345) that a restart replaces at once.
	DynamicMembership bool
	// ReplicationFactor of internal topics that have to be created. Default: the
	// brokers' default.
	ReplicationFactor int16
	// CacheBytes is the memory of Pebble's block cache, for all stores of the
	// process. Default 32 MiB.
	CacheBytes int64
	// RecordCacheBytes is the memory in which tables hold back updates, so that of
	// several updates of a row between two commits only the last one is passed on
	// (KIP-63). It's for the process, each worker has its part. Where it's used up,
	// updates are passed on early. Bytes are counted as Kafka Streams does for
	// statestore.cache.max.bytes; with values under 100 bytes up to three times as
	// much is taken. The state itself isn't in it. Default 0: every update is passed
	// on at once. WithoutCaching leaves a store out.
	RecordCacheBytes int64
	// OnDecodeError decides on records whose key or value can't be deserialized.
	// Default: Fail. It's called on the workers' goroutines, several at once. A record
	// of a global table isn't sent to a dead-letter topic, as every process reads it:
	// any answer but Fail skips it.
	OnDecodeError func(FailedRecord) Action
	// OnProcessingError decides on records that the topology's functions panic at, that
	// a processor returns an error for, or that a store's serde refuses (KIP-1033), and
	// on failed punctuations. With Continue and DeadLetter the record ends at the node
	// that failed: what was done before stays, and the node's parent goes on with its
	// other children. Failures of stores, brokers and transactions aren't asked about.
	// Default: Fail, which costs nothing. It's called as OnDecodeError is.
	OnProcessingError func(FailedRecord) Action
	// OnProductionError decides on records for output and repartition topics that can't
	// be serialized, or that are refused for what they are, such as their size
	// (KIP-210, KIP-399). Records of changelogs aren't asked about. Default: Fail. It's
	// called as OnDecodeError is.
	OnProductionError func(FailedRecord) Action
	// DeadLetterTopic takes the records that a handler answers DeadLetter or
	// DeadLetterRecord for (KIP-1034). It must exist.
	DeadLetterTopic string
	// UndoRecords lets handlers answer SkipRecord and DeadLetterRecord, which take back
	// all that was done for the input record. It costs a journal of each record's
	// changes, and output is held back until its record is done. Default: off.
	UndoRecords bool
	// StartEmpty are names of stores that may begin empty behind input that the
	// application has consumed already: stores that were added, or whose state is
	// given up. An App refuses to start otherwise, because a store that was renamed by
	// mistake looks the same. Once a store's changelog exists the name has no effect
	// any more and can be taken out. Default: none.
	StartEmpty []string
	// Sarama is the base of the configuration of every connection: TLS, SASL, client
	// id, timeouts, the rack. It's copied. What exactly-once depends on is
	// overridden.
	Sarama *sarama.Config
	// Logger defaults to one that logs nothing.
	Logger *zap.Logger
	// Registerer takes the collectors of the application's metrics, whose names begin
	// with oncestream_. Default: none.
	Registerer prometheus.Registerer
	// OnState is told every change of state, in order, on one goroutine at a time.
	// It must not block for long.
	OnState func(from, to State)
}

// Action is a handler's answer to a record that failed.
type Action = task.Action

// FailedRecord is what a handler gets to decide on.
type FailedRecord = task.FailedRecord

// PanicError is a panic of the user's code as an error, in FailedRecord.Err.
type PanicError = task.PanicError

// Error is a failure of a task: an error or a panic of an operator or of user
// code in it, with the names of the task and the node and the place of the
// record.
type Error = task.Error

// A handler's answers.
const (
	// Fail stops the application with the error. Nothing of the record is committed.
	Fail = task.Fail
	// Continue drops the record, which is counted in
	// oncestream_dropped_records_total. What was done for it before stays.
	Continue = task.Continue
	// DeadLetter drops the record as Continue does, and sends the input record to the
	// dead-letter topic within the transaction (KIP-1034).
	DeadLetter = task.DeadLetter
	// SkipRecord takes the whole input record back, with all that was done for it
	// before it failed, and drops it. It needs Config.UndoRecords. Where it isn't the
	// record at hand that failed, but a result that waited for its time, it's Continue.
	SkipRecord = task.SkipRecord
	// DeadLetterRecord takes the whole input record back and sends it to the
	// dead-letter topic as it came in. It needs Config.UndoRecords. Where SkipRecord is
	// Continue this is DeadLetter.
	DeadLetterRecord = task.DeadLetterRecord
)

const (
	defaultTransactionTimeout = 10 * time.Second
	defaultSessionTimeout     = 15 * time.Second
	defaultMaxPollInterval    = 5 * time.Minute
	defaultCommitBytes        = 32 << 20
)

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	c.StateDir = cmp.Or(c.StateDir, filepath.Join(os.TempDir(), "oncestream"))
	c.Workers = cmp.Or(c.Workers, 1)
	if c.CommitInterval == 0 {
		c.CommitInterval = 100 * time.Millisecond
		if c.Guarantee == AtLeastOnce {
			c.CommitInterval = 30 * time.Second
		}
	}
	c.CommitBytes = cmp.Or(c.CommitBytes, defaultCommitBytes)
	c.DiscoveryInterval = cmp.Or(c.DiscoveryInterval, time.Minute)
	c.SessionTimeout = cmp.Or(c.SessionTimeout, defaultSessionTimeout)
	c.TransactionTimeout = cmp.Or(c.TransactionTimeout, min(defaultTransactionTimeout, c.SessionTimeout*2/3))
	c.HeartbeatInterval = cmp.Or(c.HeartbeatInterval, min(time.Second, c.SessionTimeout/5))
	c.MaxPollInterval = cmp.Or(c.MaxPollInterval, defaultMaxPollInterval)
	c.ReplicationFactor = cmp.Or(c.ReplicationFactor, -1)
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

// handlers returns what decides on records that fail.
func (c Config) handlers() task.Handlers {
	return task.Handlers{
		Decode: c.OnDecodeError, Processing: c.OnProcessingError, Production: c.OnProductionError,
		DeadLetterTopic: c.DeadLetterTopic, UndoRecords: c.UndoRecords,
	}
}

// legalID is what Kafka allows in topic names, of which the id is a part.
var legalID = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,180}$`)

// validate returns every mistake of a configuration that has its defaults, each
// with its field's name.
func (c Config) validate() error {
	var errs []error
	check := func(ok bool, field, problem string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("Config.%s: %s", field, fmt.Sprintf(problem, args...)))
		}
	}
	check(legalID.MatchString(c.ApplicationID), "ApplicationID", "%q: needs 1 to 180 letters, digits, '.', '_' or '-'", c.ApplicationID)
	check(len(c.Brokers) > 0, "Brokers", "at least one address (host:port) is needed")
	check(c.Guarantee <= AtLeastOnce, "Guarantee", "unknown value %d", c.Guarantee)
	check(c.Workers > 0, "Workers", "%d: must be positive", c.Workers)
	check(c.CommitInterval > 0, "CommitInterval", "%s: must be positive", c.CommitInterval)
	check(c.CommitBytes > 0, "CommitBytes", "%d: must be positive", c.CommitBytes)
	check(c.DiscoveryInterval > 0, "DiscoveryInterval", "%s: must be positive", c.DiscoveryInterval)
	check(c.SessionTimeout > 0, "SessionTimeout", "%s: must be positive", c.SessionTimeout)
	check(c.TransactionTimeout > 0 && c.TransactionTimeout < c.SessionTimeout, "TransactionTimeout",
		"%s: must be positive and shorter than SessionTimeout (%s), so that a silent worker's transaction ends before its tasks move", c.TransactionTimeout, c.SessionTimeout)
	check(c.Guarantee == AtLeastOnce || c.CommitInterval < c.TransactionTimeout, "CommitInterval",
		"%s: must be shorter than TransactionTimeout (%s), or the brokers abort every transaction", c.CommitInterval, c.TransactionTimeout)
	check(c.HeartbeatInterval > 0 && c.HeartbeatInterval*2 < c.SessionTimeout, "HeartbeatInterval", "%s: must be positive and less than half of SessionTimeout (%s)", c.HeartbeatInterval, c.SessionTimeout)
	check(c.MaxPollInterval >= c.SessionTimeout, "MaxPollInterval", "%s: must not be shorter than SessionTimeout (%s)", c.MaxPollInterval, c.SessionTimeout)
	check(c.ReplicationFactor == -1 || c.ReplicationFactor > 0, "ReplicationFactor", "%d: must be positive, or -1 for the brokers' default", c.ReplicationFactor)
	check(c.CacheBytes >= 0, "CacheBytes", "%d: must not be negative", c.CacheBytes)
	check(c.RecordCacheBytes >= 0, "RecordCacheBytes", "%d: must not be negative", c.RecordCacheBytes)
	return errors.Join(errs...)
}
