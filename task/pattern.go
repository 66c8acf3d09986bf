package task

import (
	"maps"
	"strings"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/internal/plan"
)

// NeedsAllTopics returns whether a layout of the plan depends on which topics there
// are, since a source reads those of a pattern. Otherwise LayoutTopics are enough.
func NeedsAllTopics(p *plan.Plan) bool { return p.HasPatterns() }

// LayoutTopics returns the real names of the topics whose partition counts a layout
// depends on, where no source has a pattern. Those of repartition topics may be missing.
func LayoutTopics(applicationID string, p *plan.Plan) []string {
	topics := UserTopics(p)
	for real, name := range internalNames(applicationID, p) {
		if name != "" {
			topics = append(topics, real)
		}
	}
	return topics
}

// matchPatterns replaces the patterns of a plan by the topics that they match. The
// application's own internal topics are never among them.
func matchPatterns(applicationID string, p *plan.Plan, counts map[string]int32) (*plan.Plan, error) {
	names := internalNames(applicationID, p)
	created := map[string]int32{}
	for real, name := range names {
		if n := counts[real]; n > 0 && name != "" {
			created[name] = n
		}
	}
	var topics []string
	for topic := range maps.Keys(counts) {
		if _, own := names[topic]; !own && !looksInternal(applicationID, topic) {
			topics = append(topics, topic)
		}
	}
	return p.Match(topics, created)
}

// internalNames returns the real names of the plan's internal topics, with those of
// repartition topics in the plan.
func internalNames(applicationID string, p *plan.Plan) map[string]string {
	names := map[string]string{}
	for _, sub := range p.SubTopologies {
		for _, s := range sub.Sinks {
			if s.Repartition != nil {
				names[applicationID+"-"+s.Topic] = s.Topic
			}
		}
		for _, s := range sub.Stores {
			names[changelog.Topic(applicationID, s.Name)] = ""
		}
	}
	return names
}

// looksInternal returns whether a topic is named like an internal one of the
// application: what another version of its topology has left is no input.
func looksInternal(applicationID, topic string) bool {
	return strings.HasPrefix(topic, applicationID+"-") && (strings.HasSuffix(topic, "-changelog") || strings.HasSuffix(topic, "-repartition"))
}
