package topology_test

import (
	"fmt"
	"log"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
)

// start runs a topology on the test driver. In a test, driver.ForTest reports
// mistakes.
func start(b *topology.Builder, options ...driver.Option) *driver.Driver {
	t, err := b.Build()
	if err != nil {
		log.Fatal(err)
	}
	d, err := driver.New(t, options...)
	if err != nil {
		log.Fatal(err)
	}
	return d
}

// show prints the records of a topic as key=value@timestamp.
func show[K, V any](d *driver.Driver, out *driver.Output[K, V]) {
	for _, r := range out.ReadAll() {
		fmt.Println(r)
	}
	if err := d.Err(); err != nil {
		fmt.Println(err)
	}
}
