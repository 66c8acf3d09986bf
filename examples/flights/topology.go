package main

import (
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// grace is how late a flight may come. A backlog is read at a different speed
// from each partition, so on a repartition topic the flights of one partition
// can be a year ahead of those of another; none of them may be dropped.
const grace = 366 * 24 * time.Hour

// topics are the names of the topics, which begin with the application id.
type topics struct {
	flights, airlines, airports string
	carrierHours, originDays    results
}

// results are the topics with the results of one grouping.
type results struct{ delays, cancelled string }

func newTopics(prefix string) topics {
	return topics{
		flights:      prefix + "-flights",
		airlines:     prefix + "-airlines",
		airports:     prefix + "-airports",
		carrierHours: results{prefix + "-carrier-hour-delays", prefix + "-carrier-hour-cancelled"},
		originDays:   results{prefix + "-origin-day-delays", prefix + "-origin-day-cancelled"},
	}
}

// inputs returns the topics that are fed, outputs those with the results.
func (t topics) inputs() []string { return []string{t.flights, t.airlines, t.airports} }
func (t topics) outputs() []string {
	return []string{t.carrierHours.delays, t.carrierHours.cancelled, t.originDays.delays, t.originDays.cancelled}
}

// Departure is a flight under the name of what it's grouped by.
type Departure struct {
	Name  string `json:"name"`
	Delay *int64 `json:"delay"`
}

// Delays sums up the departures of one window.
type Delays struct {
	Name    string `json:"name"`
	Flights int64  `json:"flights"`
	// Minutes is the sum of the delays, Mean their mean.
	Minutes int64   `json:"minutes"`
	Mean    float64 `json:"mean"`
}

// newTopology connects the topics.
func newTopology(t topics) (*topology.Topology, error) {
	b := topology.NewBuilder()
	flights := b.Stream(t.flights, serde.String, serde.JSON[Flight]())
	airlines := b.Table(t.airlines, serde.String, topology.StoreAs("airlines", serde.JSON[Airline]()))
	airports := b.Table(t.airports, serde.String, topology.StoreAs("airports", serde.JSON[Airport]()))

	byCarrier := flights.
		SelectKey(func(_ string, f Flight) string { return f.Carrier }).
		Repartition("by-carrier", serde.String, serde.JSON[Flight]()).
		LeftJoinTable(airlines, func(f Flight, a *Airline) Departure {
			if a == nil {
				return Departure{Name: f.Carrier, Delay: f.Delay}
			}
			return Departure{Name: a.Name, Delay: f.Delay}
		})
	sumUp(byCarrier, "carrier-hours", time.Hour, t.carrierHours)

	byOrigin := flights.
		SelectKey(func(_ string, f Flight) string { return f.Origin }).
		Repartition("by-origin", serde.String, serde.JSON[Flight]()).
		LeftJoinTable(airports, func(f Flight, a *Airport) Departure {
			if a == nil {
				return Departure{Name: f.Origin, Delay: f.Delay}
			}
			return Departure{Name: a.Name, Delay: f.Delay}
		})
	sumUp(byOrigin, "origin-days", 24*time.Hour, t.originDays)
	return b.Build()
}

// sumUp writes the delays of the flights that departed and the number of those
// that were cancelled, by key and window. A day is one in UTC.
func sumUp(s *topology.Stream[string, Departure], store string, window time.Duration, to results) {
	windows := topology.Tumbling(window).Grace(grace)
	s.Filter(departed).
		GroupByKey(serde.String, serde.JSON[Departure]()).
		WindowedBy(windows).
		Aggregate(func() Delays { return Delays{} }, addDelay, topology.StoreAs(store, serde.JSON[Delays](), kept())).
		ToStream(atStart).
		To(to.delays, serde.String, serde.JSON[Delays]())
	s.FilterNot(departed).
		GroupByKey(serde.String, serde.JSON[Departure]()).
		WindowedBy(windows).
		Count(topology.StoreAs(store+"-cancelled", serde.Int64, kept())).
		ToStream(atStart).
		To(to.cancelled, serde.String, serde.Int64)
}

// kept makes the changelog of a window store keep windows of 2013: brokers
// delete what's older than the retention by the clock of today.
func kept() topology.StoreOption {
	return topology.TopicConfig(map[string]string{"retention.ms": "-1"})
}

func departed(_ string, d Departure) bool { return d.Delay != nil }

// addDelay adds a departure to the sum of its window.
func addDelay(_ string, d Departure, sum Delays) Delays {
	sum.Name = d.Name
	sum.Flights++
	sum.Minutes += *d.Delay
	sum.Mean = float64(sum.Minutes) / float64(sum.Flights)
	return sum
}

// atStart makes the key of a result: UA@2013-01-01T10:00:00Z.
func atStart(w topology.Windowed[string]) string {
	return w.Key + "@" + time.UnixMilli(w.Start).UTC().Format(time.RFC3339)
}
