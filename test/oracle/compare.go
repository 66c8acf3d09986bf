package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// golden is a result file as it's compared. Values that need no understanding stay
// as they are in the file.
type golden struct {
	Name           string                   `json:"name"`
	Error          *failure                 `json:"error"`
	Output         []any                    `json:"output"`
	Effects        []any                    `json:"effects"`
	Dropped        any                      `json:"dropped"`
	Stores         map[string]any           `json:"stores"`
	Queries        []any                    `json:"queries"`
	Internal       map[string][]logged      `json:"internal"`
	InternalTopics map[string]internalTopic `json:"internalTopics"`
	Describe       []string                 `json:"describe"`
}

// logged is a record of an internal topic.
type logged struct {
	Key     any `json:"key"`
	Value   any `json:"value"`
	TS      any `json:"ts"`
	Headers any `json:"headers"`
}

func parseGolden(text []byte) (*golden, error) {
	g := &golden{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	d.UseNumber()
	return g, d.Decode(g)
}

// compare returns the differences between what Kafka Streams did and what
// oncestream did.
func compare(want, got *golden) []string {
	var found []string
	differ := func(what string, w, g any) {
		if !alike(w, g) {
			found = append(found, fmt.Sprintf("%s\nwant %s\n got %s", what, lines(w), lines(g)))
		}
	}
	switch {
	case (want.Error == nil) != (got.Error == nil):
		found = append(found, fmt.Sprintf("error: want %+v, got %+v", want.Error, got.Error))
	case want.Error != nil && (want.Error.Phase == "run") != (got.Error.Phase == "run"):
		found = append(found, fmt.Sprintf("error: want one of phase %s, got %+v", want.Error.Phase, got.Error))
	case want.Error != nil:
		differ("input of the error", want.Error.At, got.Error.At)
	}
	differ("output", want.Output, got.Output)
	differ("effects", want.Effects, got.Effects)
	differ("stores", want.Stores, got.Stores)
	differ("queries", want.Queries, got.Queries)
	if want.Error == nil || want.Error.Phase == "run" {
		differ("dropped", want.Dropped, got.Dropped)
	}
	if want.Error == nil {
		found = append(found, compareTopics(want, got)...)
	}
	return found
}

// generated matches the names that Kafka Streams makes of a node's number.
var generated = regexp.MustCompile(`(KSTREAM|KTABLE|STATE-STORE)-.*[0-9]{10}`)

// compareTopic compares an internal topic with one of ours.
func compareTopic(want, got *golden, name, ours string) string {
	w, g := want.InternalTopics[name], got.InternalTopics[ours]
	if !alike(w, g) {
		return fmt.Sprintf("topic %s: want %+v, got %s %+v", name, w, ours, g)
	}
	records, mine := want.Internal[name], clockless(want.Internal[name], got.Internal[ours])
	if w.Kind == "repartition" {
		if !alike(records, mine) {
			return fmt.Sprintf("topic %s\nwant %s\n got %s", name, lines(records), lines(mine))
		}
		return ""
	}
	if slices.ContainsFunc(records, func(r logged) bool { return generated.MatchString(origin(r)) }) {
		records, mine = placeless(records), placeless(mine)
	}
	if records, mine = byKey(records), byKey(mine); !alike(last(records), last(mine)) || !within(mine, records) {
		return fmt.Sprintf("changelog %s\nwant %s\n got %s", name, lines(records), lines(mine))
	}
	return ""
}

// byKey returns the records of a changelog, those of each key together: within a
// transaction no reader could tell the order of keys. Of the headers it leaves the
// version of the value's format, which readers need.
func byKey(records []logged) []logged {
	records = slices.Clone(records)
	for i := range records {
		if headers, _ := json.Marshal(records[i].Headers); !bytes.HasPrefix(headers, []byte(`[["v",`)) {
			records[i].Headers = nil
		}
	}
	slices.SortStableFunc(records, func(a, b logged) int { return cmp.Compare(fmt.Sprint(a.Key), fmt.Sprint(b.Key)) })
	return records
}

// last returns the last record of each key.
func last(records []logged) map[string]logged {
	all := map[string]logged{}
	for _, r := range records {
		all[fmt.Sprint(r.Key)] = r
	}
	return all
}

// clockless returns our records without timestamps where Kafka Streams leaves them to
// the producer's clock.
func clockless(theirs, ours []logged) []logged {
	if slices.ContainsFunc(theirs, func(r logged) bool { return r.TS != nil }) {
		return ours
	}
	ours = slices.Clone(ours)
	for i := range ours {
		ours[i].TS = nil
	}
	return ours
}

// origin returns the topic in which the change of a suppress buffer was read, or the
// record of a join's buffer, or nothing for other records.
func origin(r logged) string {
	topic, _, _ := cutOrigin(r)
	return topic
}

// cutOrigin returns the topic of a change of a suppress buffer and the bytes around
// it: behind a time and an offset stands its length, then the topic itself.
func cutOrigin(r logged) (topic string, before, behind []byte) {
	const at = 8 + 8
	b, isHex := shownBytes(r.Value)
	if !isHex || len(b) < at+4 {
		return "", nil, nil
	}
	n := binary.BigEndian.Uint32(b[at:])
	if uint64(n) > uint64(len(b)-at-4) {
		return "", nil, nil
	}
	// A join's buffer has no headers.
	headers, _ := json.Marshal(r.Headers)
	if !bytes.HasPrefix(headers, []byte(`[["v",`)) && !bytes.HasPrefix(b[at+4:at+4+n], []byte(applicationID+"-")) {
		return "", nil, nil
	}
	return string(b[at+4 : at+4+n]), b[:at], b[at+4+n:]
}

// shownBytes returns the bytes that a result shows in hexadecimal digits.
func shownBytes(v any) ([]byte, bool) {
	object, _ := v.(map[string]any)
	digits, _ := object["hex"].(string)
	b, err := hex.DecodeString(digits)
	return b, err == nil && digits != ""
}

// placeless returns the changes of a suppress buffer without the topics in which
// they were read, for topics that have another name here.
func placeless(records []logged) []logged {
	records = slices.Clone(records)
	for i, r := range records {
		if topic, before, behind := cutOrigin(r); topic != "" {
			records[i].Value = hex.EncodeToString(before) + "..." + hex.EncodeToString(behind)
		}
	}
	return records
}

// within returns whether the records are some of the others, those of each key in
// their order: a transaction logs a key once, and its keys in any order.
func within(some, all []logged) bool {
	rest := map[string][]logged{}
	for _, r := range all {
		rest[fmt.Sprint(r.Key)] = append(rest[fmt.Sprint(r.Key)], r)
	}
	for _, r := range some {
		key := fmt.Sprint(r.Key)
		i := slices.IndexFunc(rest[key], func(o logged) bool { return alike(r, o) })
		if i < 0 {
			return false
		}
		rest[key] = rest[key][i+1:]
	}
	return true
}

// alike returns whether two values have the same JSON.
func alike(a, b any) bool { return lines(a) == lines(b) }

// lines prints a value as JSON, a list with one item a line.
func lines(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	s := string(text)
	if s == "null" || s == "{}" {
		return "[]" // nothing to say
	}
	return strings.ReplaceAll(s, "},{", "},\n     {")
}
