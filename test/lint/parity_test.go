package lint

import "testing"

func TestParity(t *testing.T) {
	wantFindings(t, parity(files(t, map[string]string{
		"docs/parity.md": "`filter` is `Stream.Filter`, `Tumbling(d).Grace(g)`; Stream.Peek isn't code\n",
		"docs/other.md":  "`Stream.Merge`\n",
		"topology/x.go": `package topology

func (s *Stream[K, V]) Filter() {}

func (s *Stream[K, V]) Peek() {}

func (s *Stream[K, V]) Merge() {}

func (s *Stream[K, V]) valid() {}

func (t *Table[K, V]) Filter() {}

func (s Other) Peek() {}

func Tumbling() {}

func Within() {}
`,
	})),
		"topology/x.go:5: Stream.Peek isn't in docs/parity.md: say what Kafka Streams calls it",
		"topology/x.go:7: Stream.Merge isn't in docs/parity.md: say what Kafka Streams calls it",
		"topology/x.go:11: Table.Filter isn't in docs/parity.md: say what Kafka Streams calls it",
		"topology/x.go:17: Within isn't in docs/parity.md: say what Kafka Streams calls it",
	)
}
