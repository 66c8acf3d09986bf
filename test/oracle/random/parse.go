package random

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Parse reads a scenario file.
func Parse(text []byte) (*Scenario, error) {
	var raw map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&raw); err != nil {
		return nil, fmt.Errorf("parse a scenario: %w", err)
	}
	o, _ := plain(raw).(Object)
	s := &Scenario{Name: o.text("name"), About: o.text("about")}
	if c := o.object("config"); len(c) > 0 {
		s.Config = c
	}
	if p := o.object("partitions"); len(p) > 0 {
		s.Partitions = p
	}
	s.Steps, _ = o["steps"].([]Object)
	s.Input, _ = o["input"].([]Object)
	s.Queries, _ = o["queries"].([]Object)
	return s, nil
}

// plain returns a decoded value as scenarios have it: objects, ints, and lists of the
// type of their items.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		o := Object{}
		for key, of := range v {
			o[key] = plain(of)
		}
		return o
	case []any:
		return plainList(v)
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return v
		}
		return int(n)
	}
	return v
}

func plainList(list []any) any {
	var objects []Object
	var texts []string
	for i := range list {
		list[i] = plain(list[i])
		switch v := list[i].(type) {
		case Object:
			objects = append(objects, v)
		case string:
			texts = append(texts, v)
		}
	}
	switch len(list) {
	case len(objects):
		return objects
	case len(texts):
		return texts
	}
	return list
}
