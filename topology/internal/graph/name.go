package graph

import (
	"errors"
	"fmt"
	"strings"
)

// Next returns a transient name: the prefix and the next number.
func (g *Graph) Next(prefix string) string {
	name := fmt.Sprintf("%s%010d", prefix, g.counter)
	g.counter++
	return name
}

// Skip takes n numbers that no name is made of.
func (g *Graph) Skip(n int) { g.counter += n }

// maxNameLength is how long a topic's name may be.
const maxNameLength = 249

// CheckName returns what's wrong with a name that is a topic's, or becomes a part
// of one.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("it's empty")
	case name == "." || name == "..":
		return fmt.Errorf("%q isn't allowed", name)
	case len(name) > maxNameLength:
		return fmt.Errorf("%q has more than %d characters", name, maxNameLength)
	}
	if i := strings.IndexFunc(name, illegal); i >= 0 {
		return fmt.Errorf("%q may have letters and digits of ASCII and . _ - only", name)
	}
	return nil
}

func illegal(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return r != '.' && r != '_' && r != '-'
}
