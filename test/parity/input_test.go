package parity

import (
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// partitions is the number of partitions of every topic.
const partitions = 2

// event is one input record. Its time is in seconds after the start of the input.
type event struct {
	input      int // which of the shape's topics
	key, value string
	deleted    bool // the value is null
	at         int
	partition  int32 // where it was written to
	half       int   // of the input, where it matters
}

// startTime is the time of the first events: so near that brokers don't delete old
// windows, and a full hour, so that windows begin there.
func startTime() time.Time { return time.Now().Truncate(time.Hour).Add(-time.Hour) }

func (e event) record(start time.Time, topic string) *kgo.Record {
	r := &kgo.Record{Topic: topic, Key: []byte(e.key), Timestamp: start.Add(time.Duration(e.at) * time.Second)}
	if !e.deleted {
		r.Value = []byte(e.value)
	}
	return r
}

// linesOfWords are lines whose times go back and forth, also from the second
// half into the first.
func linesOfWords() (halves [2][]event) {
	for half := range halves {
		for i := range 30 {
			line := strings.Join([]string{word(i), word(i * 3), word(half), word(i + half)}, " ")
			halves[half] = append(halves[half], event{key: fmt.Sprint(i % 7), value: line, at: 300*half + 10*i - 45*(i%9)})
		}
	}
	return halves
}

func word(i int) string { return fmt.Sprintf("word%d", i%11) }

// lateRecords advance by 5 s each and are up to 4 min late. The second half
// begins with a record in time for each key: Kafka Streams knows stream time
// again only from then on.
func lateRecords() (halves [2][]event) {
	for half := range halves {
		now := 300 * half
		for i := range 60 {
			e := event{key: fmt.Sprint("key", i%6), value: "x", at: now + 5*i}
			if i >= 6 && i%4 != 0 {
				e.at -= 60 * (i % 5)
			}
			halves[half] = append(halves[half], e)
		}
	}
	return halves
}

// rowsAndRecords change and delete rows between the records that join them. Each
// time is there once, so that the order of both topics is certain.
func rowsAndRecords() (halves [2][]event) {
	for half := range halves {
		for i := range 60 {
			at, key := 100*half+i, fmt.Sprint("key", i*i%7)
			e := event{key: key, value: fmt.Sprintf("v%d", at), at: at}
			if i%3 == 1 {
				e.input, e.value, e.deleted = 1, fmt.Sprintf("row%d", at), i%5 == 0
			}
			halves[half] = append(halves[half], e)
		}
	}
	return halves
}

// lateFirst is lateRecords with a second half that begins with records that are
// late by what was known in the first half alone.
func lateFirst() (halves [2][]event) {
	halves[0] = lateRecords()[0]
	for i := range 12 {
		halves[1] = append(halves[1], event{key: fmt.Sprint("key", i%6), value: "x", at: i / 6 * 300})
	}
	return halves
}

// ordersAndCustomers moves orders between customers, renames these and deletes
// both, in the second half what the first one made. The customer that is deleted
// keeps an order, and gets no other in the same half: which of the two came first
// would be a race between tasks.
func ordersAndCustomers() (halves [2][]event) {
	for half := range halves {
		for i := range 12 {
			if half == 1 && i%3 == 2 {
				continue // stays with its customer
			}
			at := 100*half + i
			order := fmt.Sprintf("c%d:item%d", (i*5+half*3)%8, at)
			halves[half] = append(halves[half], event{key: fmt.Sprint("o", i), value: order, at: at, deleted: half == 1 && i%4 == 0})
		}
		for i := range 8 {
			if half == 1 && i%2 == 0 {
				continue // its name stays
			}
			at := 100*half + 50 + i
			halves[half] = append(halves[half],
				event{input: 1, key: fmt.Sprint("c", i), value: fmt.Sprint("name", at), at: at, deleted: half == 1 && i == 7})
		}
	}
	return halves
}

// boutsOfActivity are records that begin sessions, extend them, join two of them to
// one, and come too late. Each half begins with a record in time for each key, and
// the sessions of the first half's end are extended by the second.
func boutsOfActivity() (halves [2][]event) {
	for half := range halves {
		now := 300 * half
		for i := range 60 {
			e := event{key: fmt.Sprint("key", i%7), value: "x", at: now + 5*i}
			switch {
			case i < 7:
				e.at = now + i
			case i%5 == 0:
				e.at -= 17 * (i % 8)
			case i%3 == 0:
				e.at -= 90
			}
			halves[half] = append(halves[half], e)
		}
	}
	return halves
}

// ordersAndPayments have times that only go on, each of which is there once, so
// that the order of both topics is certain. Some orders are paid in time, some
// twice, some never. Each half ends with two orders of every key far apart: they
// close the windows of all before them, and the last ones wait when it's over.
func ordersAndPayments() (halves [2][]event) {
	const keys = 7
	for half := range halves {
		begin := 1000 * half
		for i := range 80 {
			e := event{key: fmt.Sprint("key", i*i%keys), value: fmt.Sprint("v", begin+i), at: begin + i}
			if i%3 == 1 {
				e.input = 1
			}
			halves[half] = append(halves[half], e)
		}
		for _, later := range []int{200, 400} {
			for i := range keys {
				at := begin + later + i
				halves[half] = append(halves[half], event{key: fmt.Sprint("key", i), value: fmt.Sprint("v", at), at: at})
			}
		}
	}
	return halves
}

// rowsOutOfOrder correct and delete rows of up to a minute ago, and come too late
// for it, between records that look up rows of any time. The second half reaches
// back into the history that the first one made, and begins with rows that are late
// by it. Records have even times and rows odd ones, so that the order of both topics
// is certain.
func rowsOutOfOrder() (halves [2][]event) {
	for half := range halves {
		now := 160 * half
		for i := range 120 {
			e := event{key: fmt.Sprint("key", i*i%7), value: fmt.Sprintf("v%d.%d", half, i), at: now + 2*i, half: half}
			if i%3 != 1 {
				e.at -= 22 * (i % 5)
				halves[half] = append(halves[half], e)
				continue
			}
			e.input, e.value, e.deleted = 1, fmt.Sprintf("row%d.%d", half, i), i%4 == 0
			e.at += 1 - 18*(i%7)
			if half == 1 && i < 16 {
				e.at = 2*i + 1
			}
			halves[half] = append(halves[half], e)
		}
	}
	return halves
}
