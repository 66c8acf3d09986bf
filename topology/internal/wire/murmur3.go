package wire

import (
	"encoding/binary"
	"math/bits"
)

// Hash is a 128-bit hash in the order in which it's written.
type Hash [16]byte

// The constants of Murmur3 x64, 128 bits, and the seed that Kafka Streams uses.
const (
	murmurSeed = 104729
	murmurC1   = 0x87c37b91114253d5
	murmurC2   = 0x4cf5ad432745937f
)

// HashOf returns the Murmur3 hash of a value's bytes. A foreign-key join
// recognizes answers to a row that has changed meanwhile by it.
func HashOf(b []byte) (h Hash) {
	h1, h2 := uint64(murmurSeed), uint64(murmurSeed)
	length := uint64(len(b))
	for ; len(b) >= 16; b = b[16:] {
		h1 ^= mixK1(binary.LittleEndian.Uint64(b))
		h1 = (bits.RotateLeft64(h1, 27)+h2)*5 + 0x52dce729
		h2 ^= mixK2(binary.LittleEndian.Uint64(b[8:]))
		h2 = (bits.RotateLeft64(h2, 31)+h1)*5 + 0x38495ab5
	}
	var tail [16]byte
	copy(tail[:], b)
	h2 ^= mixK2(binary.LittleEndian.Uint64(tail[8:]))
	h1 ^= mixK1(binary.LittleEndian.Uint64(tail[:]))
	h1 ^= length
	h2 ^= length
	h1 += h2
	h2 += h1
	h1, h2 = finish(h1), finish(h2)
	h1 += h2
	h2 += h1
	binary.BigEndian.PutUint64(h[:], h1)
	binary.BigEndian.PutUint64(h[8:], h2)
	return h
}

func mixK1(k uint64) uint64 { return bits.RotateLeft64(k*murmurC1, 31) * murmurC2 }

func mixK2(k uint64) uint64 { return bits.RotateLeft64(k*murmurC2, 33) * murmurC1 }

func finish(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
