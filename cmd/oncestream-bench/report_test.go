package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestReportPrint(t *testing.T) {
	var out bytes.Buffer
	r := report{Workload: "count", Records: 2000, WallS: 0.5, CPUS: 0.25, PeakRSSKB: 1024, RecordsPerSec: 4000}
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	want := `{"workload":"count","records":2000,"wall_s":0.5,"cpu_s":0.25,"peak_rss_kb":1024,"records_per_s":4000}` + "\n"
	if out.String() != want {
		t.Errorf("printed %s, want %s", out.String(), want)
	}
}

func TestVmHWM(t *testing.T) {
	for _, c := range []struct {
		name, status string
		want         int64
		fails        bool
	}{
		{name: "there", status: "VmPeak:\t  99 kB\nVmHWM:\t  1234 kB\nVmRSS:\t 1000 kB\n", want: 1234},
		{name: "missing", status: "VmRSS:\t 1000 kB\n", fails: true},
		{name: "no number", status: "VmHWM:\t x kB\n", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "status")
			if err := os.WriteFile(path, []byte(c.status), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := vmHWM(path)
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("%d, %v; want %d, failure %t", got, err, c.want, c.fails)
			}
		})
	}
	if _, err := vmHWM(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing file has a VmHWM")
	}
}

func TestResourceUsage(t *testing.T) {
	if err := measurable(); err != nil {
		t.Skip(err)
	}
	u, err := resourceUsage()
	if err != nil {
		t.Fatal(err)
	}
	if u.cpu <= 0 || u.peakRSS < 1<<20 {
		t.Errorf("usage %+v: this process has used more", u)
	}
}
