package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// scenario is a scenario file.
type scenario struct {
	Name       string            `json:"name"`
	About      string            `json:"about"`
	Config     map[string]any    `json:"config"`
	Partitions map[string]int32  `json:"partitions"`
	Steps      []json.RawMessage `json:"steps"`
	Input      []item            `json:"input"`
	Queries    []json.RawMessage `json:"queries"`
}

// item is a record that is fed, or an advance of the wall clock.
type item struct {
	Topic   string    `json:"topic"`
	Key     blob      `json:"key"`
	Value   blob      `json:"value"`
	TS      int64     `json:"ts"`
	Headers [][2]blob `json:"headers"`
	Advance *int64    `json:"advanceWallClockMs"`
}

// blob is bytes as scenarios write them: text, null, or {"hex": "..."}.
type blob []byte

// UnmarshalJSON implements json.Unmarshaler.
func (b *blob) UnmarshalJSON(text []byte) error {
	*b = nil
	if string(text) == "null" {
		return nil
	}
	var s string
	if text[0] == '"' {
		err := json.Unmarshal(text, &s)
		*b = append([]byte{}, s...)
		return err
	}
	var h struct {
		Hex string `json:"hex"`
	}
	if err := strict(text, &h); err != nil {
		return err
	}
	raw, err := hex.DecodeString(h.Hex)
	*b = append([]byte{}, raw...)
	return err
}

// strict decodes JSON and refuses keys that the target doesn't have.
func strict(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

func readScenario(file string) (*scenario, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &scenario{}
	if err := strict(text, s); err != nil {
		return nil, err
	}
	if s.Name == "" || strings.ContainsAny(s.Name, `/\`) {
		return nil, fmt.Errorf("a scenario can't be called %q", s.Name)
	}
	return s, nil
}

// params are the parameters of a step, a window, or a query. What is read is
// noted, so that a parameter nobody knows is found.
type params struct {
	raw  map[string]json.RawMessage
	read []string
	err  error
}

func newParams(text json.RawMessage) (*params, error) {
	p := &params{}
	return p, json.Unmarshal(text, &p.raw)
}

// has returns whether a parameter is given.
func (p *params) has(key string) bool {
	p.read = append(p.read, key)
	_, ok := p.raw[key]
	return ok
}

// get returns a parameter, or the default.
func get[T any](p *params, key string, or T) T {
	if !p.has(key) {
		return or
	}
	v := or
	if err := strict(p.raw[key], &v); err != nil && p.err == nil {
		p.err = fmt.Errorf("parameter %q: %w", key, err)
	}
	return v
}

func (p *params) text(key string) string { return get(p, key, "") }

// done returns the first mistake in the parameters.
func (p *params) done() error {
	if p.err != nil {
		return p.err
	}
	for key := range p.raw {
		if !slices.Contains(p.read, key) {
			return fmt.Errorf("unknown parameter %q", key)
		}
	}
	return nil
}

// unsupported says what the language doesn't have yet.
type unsupported struct{ kind string }

// Error names the kind of step.
func (u unsupported) Error() string { return "unsupported step " + u.kind }

// refused says why a step can't be written in a language with types, where Kafka
// Streams refuses it when it's built.
type refused struct{ why string }

// Error implements error.
func (r refused) Error() string { return r.why }

func missing(format string, args ...any) error { return unsupported{fmt.Sprintf(format, args...)} }
