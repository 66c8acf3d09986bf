package lint

import "regexp"

// parityDoc is the document that tells who knows Kafka Streams where things are.
const parityDoc = "docs/parity.md"

// code is what a document shows as code within a line.
var code = regexp.MustCompile("`[^`\n]+`")

// word is a name, or a method's with that of its type.
var word = regexp.MustCompile(`\w+(\.\w+)?`)

// parity checks that the table of Kafka Streams' names has all of ours: each method
// of the language's types, named with its type, and each function.
func parity(t *tree) []finding {
	named := map[string]bool{}
	for _, doc := range t.docs {
		if doc.name != parityDoc {
			continue
		}
		for _, span := range code.FindAll(doc.src, -1) {
			for _, w := range word.FindAll(span, -1) {
				named[string(w)] = true
			}
		}
	}
	var found []finding
	for f, fn := range t.exported() {
		name := fn.Name.Name
		if on := receiver(fn); language[on] || written[on] {
			name = on + "." + name
		} else if on != "" {
			continue
		}
		if !named[name] {
			found = append(found, t.at(f, fn.Pos(), "%s isn't in %s: say what Kafka Streams calls it", name, parityDoc))
		}
	}
	return found
}

// written are the types beside those of the language whose methods a user writes.
var written = map[string]bool{
	"Branches": true, "Context": true, "FixedKeyContext": true, "ProcessingContext": true,
	"Record": true, "FixedKeyRecord": true, "Schedule": true, "Timestamps": true,
	"TimeWindows": true, "SlidingWindows": true, "SessionWindows": true, "JoinWindows": true,
}
