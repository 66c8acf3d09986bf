package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oncestream/oncestream/test/chaos/audit"
)

// TestRunUntilEnd runs each workload to the end of its input on the embedded
// broker, and has the auditor judge the result.
func TestRunUntilEnd(t *testing.T) {
	for workload, w := range audit.Workloads() {
		t.Run(workload, func(t *testing.T) {
			c, _ := fakeBroker(t)
			addr := c.ListenAddrs()[0]
			loadTopic(t, addr, "in", "1700000000000", "2000")
			args := []string{"run", "-workload", workload, "-brokers", addr, "-application-id", "app", "-input", "in",
				"-output", "out", "-state-dir", t.TempDir(), "-until-end"}
			records := int64(2000)
			if w.Table {
				loadTopic(t, addr, "table", "1600000000000", "30")
				args = append(args, "-input2", "table")
				records += 30
			}
			var out, errs bytes.Buffer
			if err := command(t.Context(), args, &out, &errs); err != nil {
				t.Fatalf("%v\n%s", err, errs.String())
			}
			var r report
			if err := json.Unmarshal(out.Bytes(), &r); err != nil {
				t.Fatalf("%v in %q", err, out.String())
			}
			if r.Workload != workload || r.Records != records || r.CPUS <= 0 || r.PeakRSSKB <= 0 || r.WallS < 0 || (r.WallS > 0) != (r.RecordsPerSec > 0) {
				t.Errorf("report %+v", r)
			}
			judge(t, addr, w)
		})
	}
}

func loadTopic(t *testing.T, addr, topic, from, records string) {
	t.Helper()
	args := []string{"load", "-brokers", addr, "-topic", topic, "-keys", "50", "-from", from, "-records", records}
	if err := command(t.Context(), args, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
}

// judge fails the test unless the output is what the input leads to.
func judge(t *testing.T, addr string, w audit.Workload) {
	t.Helper()
	m := w.New()
	read := func(topic string, each func(audit.Record) error) {
		t.Helper()
		if err := audit.Read(t.Context(), []string{addr}, topic, each); err != nil {
			t.Fatal(err)
		}
	}
	if w.Table {
		read("table", m.Table)
	}
	read("in", m.Input)
	read("out", func(r audit.Record) error { m.Output(r); return nil })
	if w.Store != "" {
		read(fmt.Sprintf("app-%s-changelog", w.Store), func(r audit.Record) error { m.Changelog(r); return nil })
	}
	if rep := m.Report(); rep.Total() > 0 || rep.Expected == 0 {
		t.Error(rep)
	}
}

func TestServeMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "answer"}, func() float64 { return 42 }))
	var said bytes.Buffer
	stop, err := serveMetrics(t.Context(), "127.0.0.1:0", reg, &said)
	if err != nil {
		t.Fatal(err)
	}
	url := regexp.MustCompile(`http://\S+`).FindString(said.String())
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(body), "answer 42") {
		t.Errorf("%s: %v", body, err)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
}
