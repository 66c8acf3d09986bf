package plan

import "encoding/binary"

// Partition returns the partition of a key among n (n > 0), as the default
// partitioner of the Java client computes it: murmur2 of the key's bytes with
// the sign bit off, modulo n.
func Partition(key []byte, n int32) int32 {
	return int32(murmur2(key)&0x7fffffff) % n
}

// murmur2 is the 32-bit MurmurHash2 with the seed that Kafka uses.
func murmur2(b []byte) uint32 {
	const (
		seed  = 0x9747b28c
		mix   = 0x5bd1e995
		shift = 24
	)
	h := seed ^ uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		k := binary.LittleEndian.Uint32(b) * mix
		k = (k ^ k>>shift) * mix
		h = h*mix ^ k
	}
	if len(b) > 0 {
		var tail [4]byte
		copy(tail[:], b)
		h = (h ^ binary.LittleEndian.Uint32(tail[:])) * mix
	}
	h = (h ^ h>>13) * mix
	return h ^ h>>15
}
