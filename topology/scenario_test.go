package topology_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/topology"
)

// A scenario is a file of testdata/windows: records, each followed by the results
// that Kafka Streams 4.3.1 has for it, indented, by topic and in their order.
// "error" means that the record stops the application; the last line says how many
// records were dropped.
type scenario struct {
	steps   []scenarioStep
	dropped int
}

type scenarioStep struct {
	in   input
	want map[string][]string
	err  bool
}

// runScenario runs what the builder has through a scenario.
func runScenario(t *testing.T, name string, b *topology.Builder) *harness {
	t.Helper()
	h := newHarness(t, b)
	sc := readScenario(t, name)
	for i, step := range sc.steps {
		clear(h.outputs)
		err := h.send(step.in)
		if (err != nil) != step.err {
			t.Fatalf("record %d, %v: error %v", i, step.in, err)
		}
		for topic := range h.outputs {
			if _, read := h.inputs[topic]; read {
				delete(h.outputs, topic) // a repartition topic
			}
		}
		if len(h.outputs) != len(step.want) {
			t.Errorf("record %d, %v: results in %d topics, want %d", i, step.in, len(h.outputs), len(step.want))
		}
		for topic, want := range step.want {
			if got := h.outputs[topic]; !slices.Equal(got, want) {
				t.Errorf("record %d, %v: topic %s\n got %q\nwant %q", i, step.in, topic, got, want)
			}
		}
	}
	dropped := len(h.dropped)
	for _, s := range h.stores {
		dropped += int(s.Expired())
	}
	if dropped != sc.dropped {
		t.Errorf("dropped %d, want %d: %q", dropped, sc.dropped, h.dropped)
	}
	return h
}

func readScenario(t *testing.T, name string) scenario {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "windows", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	sc := scenario{dropped: -1}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch n := len(sc.steps); {
		case strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "dropped "):
			_, err = fmt.Sscanf(line, "dropped %d", &sc.dropped)
		case line == "  error":
			sc.steps[n-1].err = true
		case strings.HasPrefix(line, "  "):
			topic, record, _ := strings.Cut(line[2:], " ")
			sc.steps[n-1].want[topic] = append(sc.steps[n-1].want[topic], unescaped(t, record))
		default:
			sc.steps = append(sc.steps, scenarioStep{in: scenarioInput(t, line), want: map[string][]string{}})
		}
		if err != nil {
			t.Fatalf("%s: %q: %v", name, line, err)
		}
	}
	if len(sc.steps) == 0 || sc.dropped < 0 {
		t.Fatalf("%s is incomplete", name)
	}
	return sc
}

// scenarioInput reads "topic key=value@timestamp".
func scenarioInput(t *testing.T, line string) input {
	t.Helper()
	topic, record, _ := strings.Cut(line, " ")
	key, record, _ := strings.Cut(record, "=")
	at := strings.LastIndexByte(record, '@')
	ts, err := strconv.ParseInt(record[at+1:], 10, 64)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return input{topic: topic, key: key, value: record[:at], ts: ts}
}

func unescaped(t *testing.T, text string) string {
	t.Helper()
	s, err := strconv.Unquote(`"` + text + `"`)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return s
}
