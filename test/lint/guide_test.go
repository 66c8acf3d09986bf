package lint

import "testing"

const exampleFile = `package topology_test

func ExampleStream_Filter() {
	f(func() {
		g()
	})
}

func ExampleStream_Map() {
	h()
}
`

func TestGuides(t *testing.T) {
	doc := func(body string) string { return "# Guide\n\n<!-- ExampleStream_Filter -->\n```go\n" + body + "```\n" }
	tree := files(t, map[string]string{
		"topology/x_test.go": exampleFile,
		"docs/same.md":       doc("f(func() {\n\tg()\n})\n"),
		"docs/old.md":        doc("f()\n"),
		"docs/none.md":       "<!-- ExampleNone -->\n```go\n```\n",
	})
	wantFindings(t, guides(tree),
		"docs/none.md:1: there is no ExampleNone in package topology",
		"docs/old.md:3: ExampleStream_Filter isn't what the test has: run go test ./test/lint -rewrite",
		"topology/x_test.go:9: ExampleStream_Map is in no document: show it in docs/language.md")
	if got, want := string(tree.showExamples([]byte(doc("f()\n")))), doc("f(func() {\n\tg()\n})\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOperators(t *testing.T) {
	wantFindings(t, operators(files(t, map[string]string{
		"topology/x_test.go": exampleFile,
		"topology/x.go": `package topology

func (s *Stream[K, V]) Filter() {}

func (s *Stream[K, V]) Peek() {}

func (s *Stream[K, V]) valid() {}

func (s Other) Peek() {}

func Peek() {}
`,
	})), "topology/x.go:5: Stream.Peek has no example: write ExampleStream_Peek")
}
