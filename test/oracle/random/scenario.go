package random

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// Scenario is a scenario file.
type Scenario struct {
	Name, About string
	Config      map[string]any
	// Partitions are the partition counts of source topics, if they're asked for.
	Partitions map[string]any
	Steps      []Object
	Input      []Object
	Queries    []Object
}

// Object is a step or an input: its parameters by name. Numbers are ints.
type Object map[string]any

// text returns a parameter that is text, or nothing.
func (o Object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

// object returns a parameter that is an object, or an empty one.
func (o Object) object(key string) Object {
	v, _ := o[key].(Object)
	return v
}

// stored returns whether a step's store has a name, without which it's left out.
func (o Object) stored() bool { return o.text("store") != "" || o.object("store").text("name") != "" }

// number returns a parameter that is a number, or 0.
func (o Object) number(key string) int {
	n, _ := o[key].(int)
	return n
}

// order is how the parameters that say most come first.
var order = [...]string{"id", "op", "from", "with", "topic", "key", "value", "ts"}

// keys returns the names of the parameters, those that say most first.
func (o Object) keys() []string {
	return slices.SortedFunc(maps.Keys(o), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
}

func rank(key string) int {
	if i := slices.Index(order[:], key); i >= 0 {
		return i
	}
	return len(order)
}

// compact returns the JSON of a value, on one line with blanks between its parts.
func compact(v any) []byte {
	switch v := v.(type) {
	case Object:
		b := []byte("{")
		for i, key := range v.keys() {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(append(append(b, compact(key)...), ": "...), compact(v[key])...)
		}
		return append(b, '}')
	case []Object:
		b := []byte("[")
		for i, o := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(b, compact(o)...)
		}
		return append(b, ']')
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte(err.Error()) // no value that this package makes
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Text returns the file of the scenario, with one step and one input to a line.
func (s *Scenario) Text() []byte {
	var b bytes.Buffer
	field := func(key string, value []byte) {
		b.WriteString("  ")
		b.Write(compact(key))
		b.WriteString(": ")
		b.Write(value)
		b.WriteString(",\n")
	}
	b.WriteString("{\n")
	field("name", compact(s.Name))
	field("about", compact(s.About))
	if len(s.Config) > 0 {
		field("config", compact(Object(s.Config)))
	}
	if len(s.Partitions) > 0 {
		field("partitions", compact(Object(s.Partitions)))
	}
	field("steps", list(s.Steps))
	b.WriteString(`  "input": `)
	b.Write(list(s.Input))
	if len(s.Queries) > 0 {
		b.WriteString(",\n  \"queries\": ")
		b.Write(list(s.Queries))
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

// list lays out objects, one a line.
func list(objects []Object) []byte {
	if len(objects) == 0 {
		return []byte("[]")
	}
	b := []byte("[")
	for i, o := range objects {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, "\n    "...), compact(o)...)
	}
	return append(b, "\n  ]"...)
}

// clone returns a copy whose steps and inputs can be taken out. The objects are
// shared: who changes one puts a new one in its place.
func (s *Scenario) clone() *Scenario {
	c := *s
	c.Config, c.Partitions = maps.Clone(s.Config), maps.Clone(s.Partitions)
	c.Steps, c.Input, c.Queries = slices.Clone(s.Steps), slices.Clone(s.Input), slices.Clone(s.Queries)
	return &c
}
