package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/test/oracle/random"
)

// fuzzing is a run of random scenarios.
type fuzzing struct {
	seed, first, count uint64
	// way is how scenarios are made, by the name of their kind.
	way string
	// most is how many scenarios may differ before the run ends.
	most int
	// whole says that scenarios that differ are printed as they were made.
	whole bool
	ks    *kafkaStreams
	// lacking are the steps that the language doesn't have, with their numbers.
	lacking map[string]int
}

// run compares scenario after scenario.
func (f *fuzzing) run(ctx context.Context, out io.Writer) (err error) {
	next, err := maker(f.way)
	if err != nil {
		return err
	}
	if f.ks, err = startKafkaStreams(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.ks.close()) }()
	f.lacking = map[string]int{}
	differ, stopped := 0, 0
	for i := f.first; i < f.first+f.count && differ < f.most; i++ {
		s := next(f.seed, i)
		c, err := f.compare(s)
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", s.Name, err, s.Text())
		}
		if c.want != nil && c.want.Error != nil {
			stopped++
		}
		if len(c.differences) > 0 {
			differ++
			if err := f.report(out, s, c.kind()); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(out, "seed %d: %d scenarios, %d of them end with an error, %d differ\n", f.seed, f.count, stopped, differ)
	for _, kind := range slices.Sorted(maps.Keys(f.lacking)) {
		fmt.Fprintf(out, "%4d lack %s\n", f.lacking[kind], kind)
	}
	if differ > 0 {
		return errors.New("oncestream and Kafka Streams differ")
	}
	return nil
}

// maker returns what makes the scenario of a seed and a number, of a kind.
func maker(kind string) (func(seed, number uint64) *random.Scenario, error) {
	switch kind {
	case "fuzz":
		return random.Generate, nil
	case "chain":
		return random.Chain, nil
	case "vary":
		of, err := variable()
		return func(seed, number uint64) *random.Scenario { return random.Vary(of, seed, number) }, err
	}
	return nil, fmt.Errorf("no kind of random scenarios is called %q", kind)
}

// variable returns the scenarios of testdata that others can be made of: all but those
// that end with an error or differ on purpose.
func variable() ([]*random.Scenario, error) {
	const root = "test/oracle/testdata"
	var all []*random.Scenario
	for _, pattern := range []string{"scenarios/*.json", "found/scenarios/*.json"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			s, err := random.Parse(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if kind, _, _ := strings.Cut(s.Name, "-"); kind != "error" && kind != "quirk" {
				all = append(all, s)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no scenarios in %s: is this the root of the repository?", root)
	}
	return all, nil
}

// comparison is what became of one scenario.
type comparison struct {
	want        *golden
	text        []byte
	differences []string
}

// compare runs a scenario on both sides.
func (f *fuzzing) compare(s *random.Scenario) (*comparison, error) {
	text := s.Text()
	if err := f.ks.start(s.Name, text); err != nil {
		return nil, err
	}
	got, err := runText(text)
	c := &comparison{}
	var wantErr error
	if c.text, wantErr = f.ks.result(s.Name); wantErr != nil {
		return nil, wantErr
	}
	if c.want, wantErr = parseGolden(c.text); wantErr != nil {
		return nil, wantErr
	}
	if lacks, ok := errors.AsType[unsupported](err); ok {
		f.lacking[lacks.kind]++
		return c, nil
	}
	if err != nil {
		c.differences = []string{err.Error()}
		return c, nil
	}
	c.differences = compare(c.want, got)
	return c, nil
}

// runText runs the scenario of a text on oncestream. A panic is an error.
func runText(text []byte) (g *golden, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	sc := &scenario{}
	if err := strict(text, sc); err != nil {
		return nil, err
	}
	r, err := run(sc, func(*driver.Driver) {})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := r.write(&b); err != nil {
		return nil, err
	}
	return parseGolden(b.Bytes())
}

// particular are the parts of an error's text that others of its kind don't have.
var particular = regexp.MustCompile(`0x[0-9a-f]+|[0-9]+|"[^"]*"`)

// kind returns what differs first, for instance the output, or the error without what's
// particular to it.
func (c *comparison) kind() string {
	if len(c.differences) == 0 {
		return ""
	}
	kind, _, _ := strings.Cut(c.differences[0], "\n")
	if strings.HasPrefix(kind, "error") {
		return particular.ReplaceAllString(kind, "")
	}
	kind, what, _ := strings.Cut(kind, " ")
	if _, none, ok := strings.Cut(what, ": none of ours"); ok {
		return kind + " that we lack" + none
	}
	return kind
}

// report shrinks a scenario in which a kind of thing differs and prints it with the
// differences.
func (f *fuzzing) report(out io.Writer, s *random.Scenario, kind string) error {
	var failed error
	small := random.Shrink(s, func(s *random.Scenario) bool {
		if f.whole || len(s.Steps) == 0 {
			return false
		}
		c, err := f.compare(s)
		if _, ok := errors.AsType[senseless](err); err != nil && !ok {
			failed = err
		}
		return err == nil && c.kind() == kind
	})
	if failed != nil {
		return failed
	}
	c, err := f.compare(small)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s", small.Text())
	for _, d := range c.differences {
		fmt.Fprintln(out, d)
	}
	fmt.Fprintln(out)
	return f.keep(small, c.text)
}

// keep writes the scenario and the result of Kafka Streams to files, for
// testdata/found.
func (f *fuzzing) keep(s *random.Scenario, result []byte) error {
	for name, text := range map[string][]byte{"scenario": s.Text(), "result": result} {
		file := filepath.Join("bin", s.Name+"."+name+".json")
		if err := errors.Join(os.MkdirAll("bin", 0o755), os.WriteFile(file, text, 0o600)); err != nil {
			return err
		}
	}
	return nil
}
