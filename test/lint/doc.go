// Package lint holds the rules of the project's source that no common linter
// knows: who may import whom, what has to be documented, and what must not be
// written. The rules run as tests.
package lint
