package random

import (
	"cmp"
	"regexp"
	"slices"
)

// Shrink returns a small scenario for which differs is still true, as it is for the
// one given. It takes out inputs, steps with what depends on them, and parameters,
// as long as anything can go. Scenarios that show a difference on purpose aren't
// tried, and differs must be false for those that make no sense.
func Shrink(s *Scenario, differs func(*Scenario) bool) *Scenario {
	try := func(c *Scenario) bool { return OnPurpose(c) == nil && differs(c) }
	for {
		smaller := false
		for _, pass := range []func(*Scenario, func(*Scenario) bool) *Scenario{dropQueries, dropInputs, dropSteps, skipSteps, dropParameters} {
			if c := pass(s, try); c != nil {
				s, smaller = c, true
			}
		}
		if !smaller {
			return s
		}
	}
}

// dropQueries takes out questions, all of them if that can be.
func dropQueries(s *Scenario, try func(*Scenario) bool) *Scenario {
	var smaller *Scenario
	if len(s.Queries) > 1 {
		c := s.clone()
		c.Queries = nil
		if try(c) {
			return c
		}
	}
	for i := len(s.Queries) - 1; i >= 0; i-- {
		c := s.clone()
		c.Queries = slices.Delete(c.Queries, i, i+1)
		if try(c) {
			s, smaller = c, c
		}
	}
	return smaller
}

// dropInputs takes out runs of inputs, long ones first. It returns nil if none can
// go.
func dropInputs(s *Scenario, try func(*Scenario) bool) *Scenario {
	var smaller *Scenario
	for length := (len(s.Input) + 1) / 2; length > 0; length /= 2 {
		for i := len(s.Input) - length; i >= 0; i -= length {
			c := s.clone()
			c.Input = append(c.Input[:i], c.Input[i+length:]...)
			if try(c) {
				s, smaller = c, c
			}
			i = min(i, len(s.Input))
		}
	}
	return smaller
}

// dropSteps takes out steps, later ones first, with all that depends on them.
func dropSteps(s *Scenario, try func(*Scenario) bool) *Scenario {
	var smaller *Scenario
	for i := len(s.Steps) - 1; i >= 0; i-- {
		if i >= len(s.Steps) {
			continue
		}
		c := s.clone()
		c.Steps = without(c.Steps, i)
		c.keepFed()
		if try(c) {
			s, smaller = c, c
		}
	}
	return smaller
}

// without returns the steps but one and its dependents.
func without(steps []Object, i int) []Object {
	gone := map[string]bool{}
	var rest []Object
	for j, step := range steps {
		if j != i && !dependsOn(step, gone) {
			rest = append(rest, step)
			continue
		}
		for _, id := range made(step) {
			gone[id] = true
		}
	}
	return rest
}

// made returns the ids and the store that a step makes.
func made(step Object) []string {
	ids := []string{step.text("id")}
	for _, b := range branchesOf(step) {
		ids = append(ids, b.text("id"))
	}
	if !isProcess(step) {
		ids = append(ids, cmp.Or(step.text("store"), step.object("store").text("name")))
	}
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" })
}

// isProcess returns whether a step has a processor, which uses a store that another one
// makes.
func isProcess(step Object) bool { return step["processor"] != nil }

func dependsOn(step Object, gone map[string]bool) bool {
	if isProcess(step) && gone[step.text("store")] {
		return true
	}
	groups, _ := step["groups"].([]Object)
	for _, m := range groups {
		if gone[m.text("from")] {
			return true
		}
	}
	return gone[step.text("from")] || gone[step.text("with")] || step["state"] != nil && gone[step.text("state")]
}

// keepFed drops inputs of topics that no source reads, and questions to stores that no
// step makes.
func (s *Scenario) keepFed() {
	read := map[string]bool{}
	var patterns []*regexp.Regexp
	for _, step := range s.Steps {
		if p := step.text("pattern"); p != "" {
			patterns = append(patterns, regexp.MustCompile(`\A(?:`+p+`)\z`))
		}
		read[step.text("topic")] = true
		topics, _ := step["topics"].([]string)
		for _, t := range topics {
			read[t] = true
		}
	}
	var rest []Object
	for _, in := range s.Input {
		topic := in.text("topic")
		if in["topic"] == nil || read[topic] || slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(topic) }) {
			rest = append(rest, in)
		}
	}
	s.Input = rest
	var stores []string
	for _, step := range s.Steps {
		stores = append(stores, made(step)...)
	}
	s.Queries = slices.DeleteFunc(s.Queries, func(q Object) bool { return !slices.Contains(stores, q.text("store")) })
}

// skipSteps takes out a step and lets its dependents read what it read.
func skipSteps(s *Scenario, try func(*Scenario) bool) *Scenario {
	var smaller *Scenario
	for i := 0; i < len(s.Steps); i++ {
		from := s.Steps[i]["from"]
		if from == nil {
			continue
		}
		c := s.clone()
		c.Steps = append(c.Steps[:i], c.Steps[i+1:]...)
		for _, id := range made(s.Steps[i]) {
			c.redirect(id, from)
		}
		if try(c) {
			s, smaller = c, c
			i--
		}
	}
	return smaller
}

// redirect lets who reads one step read another.
func (s *Scenario) redirect(id string, to any) {
	for i, step := range s.Steps {
		for _, key := range []string{"from", "with"} {
			if step[key] == id {
				s.Steps[i] = s.Steps[i].with(key, to)
			}
		}
	}
}

// with returns a copy with another value of a parameter, nil for none.
func (o Object) with(key string, value any) Object {
	c := Object{}
	for k, v := range o {
		c[k] = v
	}
	c[key] = value
	if value == nil {
		delete(c, key)
	}
	return c
}

// dropParameters takes out what is optional, or might be.
func dropParameters(s *Scenario, try func(*Scenario) bool) *Scenario {
	var smaller *Scenario
	keep := func(c *Scenario) {
		if try(c) {
			s, smaller = c, c
		}
	}
	for key := range s.Config {
		c := s.clone()
		delete(c.Config, key)
		keep(c)
	}
	if s.Partitions != nil {
		c := s.clone()
		c.Partitions = nil
		keep(c)
	}
	for i := range s.Steps {
		for _, key := range s.Steps[i].keys() {
			if key == "id" || key == "op" || key == "from" || key == "with" {
				continue
			}
			c := s.clone()
			c.Steps[i] = s.Steps[i].with(key, nil)
			keep(c)
		}
	}
	for i := range s.Input {
		if s.Input[i]["headers"] != nil {
			c := s.clone()
			c.Input[i] = s.Input[i].with("headers", nil)
			keep(c)
		}
	}
	return smaller
}
