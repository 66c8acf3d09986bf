// Package changelog writes the changes of state stores to their changelog
// topics and restores stores from them.
//
// The records are those of Kafka Streams, byte for byte: the key of the store's
// kind, the raw value without its timestamp, and the value's timestamp as the
// record's timestamp. A null value deletes the key.
//
// A Restorer runs beside its worker, on one goroutine with connections of its
// own: running tasks never wait for a restoring one. It reads read_committed up
// to the high watermark that stood when the task was assigned, and stores every
// chunk together with its offset in one batch, so that a restore which is
// interrupted at any point resumes where it stopped.
package changelog
