package random

import "slices"

// Rule is a difference on purpose: a row of docs/parity.md. Scenarios that show it
// say nothing else, so they aren't made.
type Rule struct {
	// Name says what the rule is about.
	Name string
	// Why is the reason why the difference is wanted.
	Why string
	// shows returns whether a scenario may show the difference.
	shows func(*graph) bool
}

// Rules returns all differences on purpose.
func Rules() []Rule {
	return slices.Concat(windowRules(), tableRules(), topicRules(), optimizationRules(), idleRules(), cacheRules())
}

// OnPurpose returns the rule that knows a difference of the scenario, or nil.
func OnPurpose(s *Scenario) *Rule {
	g := graphOf(s)
	for _, r := range Rules() {
		if r.shows(g) {
			return &r
		}
	}
	return nil
}
