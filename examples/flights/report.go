package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// worstDays is how many days of airports are printed.
const worstDays = 10

// carrier sums an airline up over all hours.
type carrier struct {
	code      string
	total     Delays
	cancelled int64
	worst     Delays
	worstHour time.Time
}

// print writes the tables.
func (s *summary) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nAirlines by mean departure delay\n")
	fmt.Fprintf(w, "code\tairline\tdeparted\tcancelled\tmean delay\tworst hour (UTC)\n")
	for _, c := range s.carriers() {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%.1f min\t%s: %.0f min, %d flights\n", c.code, c.total.Name, c.total.Flights, c.cancelled,
			c.total.Mean, c.worstHour.Format("Jan 02 15:04"), c.worst.Mean, c.worst.Flights)
	}
	fmt.Fprintf(w, "\nWorst days by airport\n")
	fmt.Fprintf(w, "day (UTC)\tcode\tairport\tdeparted\tcancelled\tmean delay\n")
	for _, at := range s.worstDays() {
		d := s.originDays.delays[at]
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%.1f min\n", at.start.Format(time.DateOnly), at.key, d.Name, d.Flights,
			s.originDays.cancelled[at], d.Mean)
	}
	return w.Flush()
}

// carriers sums up the airlines, the one with the highest mean delay first.
func (s *summary) carriers() []*carrier {
	byCode := map[string]*carrier{}
	get := func(code string) *carrier {
		if byCode[code] == nil {
			byCode[code] = &carrier{code: code}
		}
		return byCode[code]
	}
	for at, d := range s.carrierHours.delays {
		get(at.key).add(at.start, d)
	}
	for at, n := range s.carrierHours.cancelled {
		get(at.key).cancelled += n
	}
	out := make([]*carrier, 0, len(byCode))
	for _, c := range byCode {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *carrier) int {
		return cmp.Or(cmp.Compare(b.total.Mean, a.total.Mean), cmp.Compare(a.code, b.code))
	})
	return out
}

// add takes in the delays of one hour.
func (c *carrier) add(hour time.Time, d Delays) {
	c.total.Name = d.Name
	c.total.Flights += d.Flights
	c.total.Minutes += d.Minutes
	c.total.Mean = float64(c.total.Minutes) / float64(c.total.Flights)
	// The sum of the delays, since the highest mean is one late flight at night.
	if c.worst.Flights == 0 || d.Minutes > c.worst.Minutes || d.Minutes == c.worst.Minutes && hour.Before(c.worstHour) {
		c.worst, c.worstHour = d, hour
	}
}

// worstDays returns the days with the highest mean delay.
func (s *summary) worstDays() []slot {
	var days []slot
	for at := range s.originDays.delays {
		days = append(days, at)
	}
	mean := func(at slot) float64 { return s.originDays.delays[at].Mean }
	slices.SortFunc(days, func(a, b slot) int {
		return cmp.Or(cmp.Compare(mean(b), mean(a)), a.start.Compare(b.start), cmp.Compare(a.key, b.key))
	})
	return days[:min(worstDays, len(days))]
}
