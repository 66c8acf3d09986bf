package main

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/oncestream/oncestream/test/driver"
)

// result is a result file. Its fields are in the order of the file.
type result struct {
	Name           string                   `json:"name"`
	Error          *failure                 `json:"error,omitempty"`
	Output         []output                 `json:"output"`
	Effects        []row                    `json:"effects,omitempty"`
	Dropped        *int64                   `json:"dropped,omitempty"`
	Stores         map[string][]row         `json:"stores,omitzero"`
	Queries        []any                    `json:"queries,omitempty"`
	Internal       map[string][]internal    `json:"internal,omitempty"`
	InternalTopics map[string]internalTopic `json:"internalTopics,omitempty"`
	Describe       []string                 `json:"describe,omitempty"`
}

// failure says that the scenario was refused or stopped.
type failure struct {
	Phase   string `json:"phase"`
	At      *int   `json:"at,omitempty"`
	Class   string `json:"class"`
	Cause   string `json:"cause"`
	Message string `json:"message"`
}

// output is a record of an output topic.
type output struct {
	Topic   string     `json:"topic"`
	Key     shown      `json:"key"`
	Value   shown      `json:"value"`
	TS      *int64     `json:"ts"`
	Headers [][2]shown `json:"headers,omitempty"`
	At      int        `json:"at"`
}

// internal is a record of an internal topic.
type internal struct {
	Key     shown      `json:"key"`
	Value   shown      `json:"value"`
	TS      *int64     `json:"ts"`
	Headers [][2]shown `json:"headers,omitempty"`
}

// internalTopic is an internal topic that would be created.
type internalTopic struct {
	Kind       string            `json:"kind"`
	Partitions int32             `json:"partitions,omitempty"`
	Config     map[string]string `json:"config"`
}

// shown is bytes as results show them.
type shown []byte

// MarshalJSON implements json.Marshaler.
func (s shown) MarshalJSON() ([]byte, error) {
	switch {
	case s == nil:
		return []byte("null"), nil
	case !utf8.Valid(s) || bytes.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return json.Marshal(map[string]string{"hex": hex.EncodeToString(s)})
	}
	return plain(string(s))
}

// plain encodes JSON without escapes for HTML.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// fail notes a failure.
func (r *result) fail(phase string, at *int, err error) {
	cause := err
	for next := errors.Unwrap(cause); next != nil; next = errors.Unwrap(cause) {
		cause = next
	}
	message, _, _ := strings.Cut(err.Error(), "\n")
	r.Error = &failure{Phase: phase, At: at, Class: fmt.Sprintf("%T", err), Cause: fmt.Sprintf("%T", cause), Message: message}
}

// add files a record.
func (r *result) add(topic string, rec driver.Record[[]byte, []byte], at int, deadLetter bool) {
	in := internal{Key: bytesOf(rec.Key, rec.NullKey), Value: bytesOf(rec.Value, rec.NullValue), TS: &rec.Timestamp}
	for _, h := range rec.Headers {
		value := shown(h.Value)
		if deadLetter && slices.Contains([]string{exception, message, stackTrace}, h.Key) {
			value = shown("*")
		}
		in.Headers = append(in.Headers, [2]shown{shown(h.Key), value})
	}
	if !strings.HasPrefix(topic, applicationID+"-") {
		r.Output = append(r.Output, output{Topic: topic, Key: in.Key, Value: in.Value, TS: in.TS, Headers: in.Headers, At: at})
		return
	}
	if r.Internal == nil {
		r.Internal = map[string][]internal{}
	}
	r.Internal[topic] = append(r.Internal[topic], in)
}

// The headers of a dead letter whose values are a language's own.
const (
	exception  = "__streams.errors.exception"
	message    = "__streams.errors.message"
	stackTrace = "__streams.errors.stacktrace"
)

func bytesOf(b []byte, null bool) shown {
	if null {
		return nil
	}
	return b
}

// sort orders the output by topic, each in the order of sending.
func (r *result) sort() {
	slices.SortStableFunc(r.Output, func(a, b output) int { return cmp.Compare(a.Topic, b.Topic) })
}

// write writes the result in the layout of the expected ones: one record a line.
func (r *result) write(to io.Writer) error {
	if r.Output == nil {
		r.Output = []output{}
	}
	text, err := plain(r)
	if err != nil {
		return err
	}
	_, err = to.Write(layOutJSON(text))
	return err
}
