package serde

// Serde writes and reads values of one type. It must be safe for use by
// several goroutines at once: all tasks of an application share it.
//
// Null isn't a serde's business: the framework never calls Append for a null
// nor Decode for one.
type Serde[T any] interface {
	// Append appends the encoding of v to dst and returns the extended slice.
	Append(dst []byte, v T) ([]byte, error)
	// Decode reads a value. The result must not share memory with b, which is
	// reused after Decode returns.
	Decode(b []byte) (T, error)
}

// PartitionKeyer is implemented by key serdes whose records are placed by a part
// of the key alone. A sink to a topic then chooses the partition by the default
// partitioner's hash of that part.
type PartitionKeyer interface {
	// PartitionKey returns the part of an encoded key that chooses the partition.
	// The result may share memory with key.
	PartitionKey(key []byte) []byte
}
