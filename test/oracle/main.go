// Command oracle runs scenarios of Kafka Streams' behaviour on oncestream's test
// driver and writes what happened, in the format of the results that Kafka Streams
// itself gave.
//
//	go run ./test/oracle [-out DIR] FILE...
//	go run ./test/oracle -fuzz N [-seed S] [-kind fuzz|chain|vary]
//
// A scenario is a topology in steps, the records that are fed to it, and questions
// to its stores. With -out, the result of each goes to DIR/<name>.json, else all
// go to standard output. A scenario with a step that the language doesn't have yet
// is reported, and the others run; the exit status is then 1.
//
// With -fuzz, N random scenarios of a seed run on Kafka Streams and on oncestream.
// The first one with another result is made as small as can be and printed with the
// differences. This needs a JDK and Maven, and the working directory is the root of
// the repository. The kinds are small graphs of operators (fuzz), one long chain with
// many inputs (chain), and what is made of the steps of one to three of the scenarios
// in testdata, with many inputs like theirs (vary).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/oncestream/oncestream/test/driver"
)

func main() {
	out := flag.String("out", "", "directory for the results, made where it doesn't exist; default: standard output")
	var f fuzzing
	flag.Uint64Var(&f.count, "fuzz", 0, "compare so many random scenarios with Kafka Streams")
	flag.StringVar(&f.way, "kind", "fuzz", "the kind of the random scenarios: fuzz, chain or vary")
	flag.Uint64Var(&f.seed, "seed", 1, "the seed of the random scenarios")
	flag.Uint64Var(&f.first, "first", 0, "the number of the first random scenario")
	flag.IntVar(&f.most, "differences", 1, "how many random scenarios may differ before the run ends")
	flag.BoolVar(&f.whole, "whole", false, "print random scenarios that differ as they were made")
	flag.Parse()
	if f.count > 0 {
		if err := f.run(context.Background(), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	failed := false
	for _, file := range flag.Args() {
		if err := runFile(file, *out, os.Stdout); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// runFile runs the scenario of a file and writes its result.
func runFile(file, dir string, stdout io.Writer) (err error) {
	s, err := readScenario(file)
	if err != nil {
		return err
	}
	r, err := run(s, func(*driver.Driver) {})
	if err != nil {
		return err
	}
	if dir == "" {
		return r.write(stdout)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, s.Name+".json"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return r.write(f)
}
