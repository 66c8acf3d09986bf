// Command oracle runs scenarios of Kafka Streams' behaviour on oncestream's test
// driver and writes what happened, in the format of the results that Kafka Streams
// itself gave.
//
//	go run ./test/oracle [-out DIR] FILE...
//
// A scenario is a topology in steps, the records that are fed to it, and questions
// to its stores. With -out, the result of each goes to DIR/<name>.json, else all
// go to standard output. A scenario with a step that the language doesn't have yet
// is reported, and the others run; the exit status is then 1.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/oncestream/oncestream/test/driver"
)

func main() {
	out := flag.String("out", "", "directory for the results; default: standard output")
	flag.Parse()
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
	f, err := os.Create(filepath.Join(dir, s.Name+".json"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return r.write(f)
}
