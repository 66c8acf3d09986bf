package main

import "bytes"

// layOutJSON breaks compact JSON into lines: the object itself, its fields, and
// the lists in those.
func layOutJSON(text []byte) []byte {
	l := layout{text: text}
	for l.at < len(text) {
		l.next()
	}
	return append(l.out, '\n')
}

// layout is JSON on its way into lines.
type layout struct {
	text, out []byte
	at        int
	open      []byte // the brackets around
}

// next lays out one string, bracket or other character.
func (l *layout) next() {
	c := l.text[l.at]
	if c == '"' {
		l.quoted()
		return
	}
	l.at++
	switch c {
	case '{', '[':
		l.out, l.open = append(l.out, c), append(l.open, c)
		if l.text[l.at] != closing(c) {
			l.line()
		}
	case '}', ']':
		broken, opening := l.broken(), l.open[len(l.open)-1]
		l.open = l.open[:len(l.open)-1]
		if broken && l.text[l.at-2] != opening {
			l.indent()
		}
		l.out = append(l.out, c)
	case ',':
		l.out = append(l.out, c)
		l.line()
	case ':':
		l.out = append(l.out, c)
		if l.broken() {
			l.out = append(l.out, ' ')
		}
	default:
		l.out = append(l.out, c)
	}
}

// quoted copies a string.
func (l *layout) quoted() {
	end := l.at + 1
	for ; l.text[end] != '"'; end++ {
		if l.text[end] == '\\' {
			end++
		}
	}
	l.out = append(l.out, l.text[l.at:end+1]...)
	l.at = end + 1
}

// broken returns whether what's directly in the innermost bracket has a line of
// its own.
func (l *layout) broken() bool { return len(l.open) <= 2 || string(l.open) == "{{[" }

func (l *layout) line() {
	if l.broken() {
		l.indent()
	}
}

func (l *layout) indent() {
	l.out = append(append(l.out, '\n'), bytes.Repeat([]byte("  "), len(l.open))...)
}

func closing(bracket byte) byte {
	if bracket == '{' {
		return '}'
	}
	return ']'
}
