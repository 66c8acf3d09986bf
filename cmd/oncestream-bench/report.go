package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// report is the line that a run with -until-end prints.
type report struct {
	Workload      string  `json:"workload"`
	Records       int64   `json:"records"`
	WallS         float64 `json:"wall_s"`
	CPUS          float64 `json:"cpu_s"`
	PeakRSSKB     int64   `json:"peak_rss_kb"`
	RecordsPerSec float64 `json:"records_per_s"`
}

// measure reports what the process has used so far. The rate of a process that
// found nothing to do is 0.
func measure(workload string, records int64, wall time.Duration) (report, error) {
	u, err := resourceUsage()
	if err != nil {
		return report{}, err
	}
	r := report{
		Workload:  workload,
		Records:   records,
		WallS:     wall.Seconds(),
		CPUS:      u.cpu.Seconds(),
		PeakRSSKB: u.peakRSS / 1024,
	}
	if wall > 0 {
		r.RecordsPerSec = float64(records) / wall.Seconds()
	}
	return r, nil
}

func (r report) print(w io.Writer) error {
	if err := json.NewEncoder(w).Encode(r); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}

// usage is what a process has taken from the machine.
type usage struct {
	// cpu is user and system time.
	cpu time.Duration
	// peakRSS is the highest resident set size in bytes.
	peakRSS int64
}
