package main

import (
	"errors"
	"strconv"
)

// errBoom is what failing functions fail with.
var errBoom = errors.New("boom")

// failIf fails as a user's function does, which has no error to return.
func failIf(yes bool) {
	if yes {
		panic(errBoom)
	}
}

// parse reads a number, and fails on anything else.
func parse(v string) int64 {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}
