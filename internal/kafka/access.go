package kafka

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// Resource is a kind of what access rights are about.
type Resource string

// The resources.
const (
	TopicResource           Resource = "topic"
	GroupResource           Resource = "group"
	TransactionalIDResource Resource = "transactional id"
	ClusterResource         Resource = "cluster"
)

// denied is the code that refuses access to the kind of resource.
func (r Resource) denied() sarama.KError {
	switch r {
	case TopicResource:
		return sarama.ErrTopicAuthorizationFailed
	case GroupResource:
		return sarama.ErrGroupAuthorizationFailed
	case TransactionalIDResource:
		return sarama.ErrTransactionalIDAuthorizationFailed
	}
	return sarama.ErrClusterAuthorizationFailed
}

// AccessError means that the principal of the connection lacks an access right.
type AccessError struct {
	Resource Resource
	// Name is the resource's, empty for the cluster.
	Name string
	// Operation is the one that an ACL has to allow, in Kafka's word.
	Operation string
	Err       error
}

// Error names the operation and the resource.
func (e *AccessError) Error() string {
	on := string(e.Resource)
	if e.Name != "" {
		on += " " + e.Name
	}
	return fmt.Sprintf("access denied: the principal needs an ACL that allows %s on %s: %v", e.Operation, on, e.Err)
}

// Unwrap returns the broker's answer.
func (e *AccessError) Unwrap() error { return e.Err }

// Needs turns an error with the code that refuses access to a kind of resource
// into an *AccessError, as the code alone names neither the resource nor the
// operation. Other errors come back as they are.
func Needs(err error, r Resource, name, operation string) error {
	if _, ok := errors.AsType[*AccessError](err); ok {
		return err
	}
	if code, ok := errors.AsType[sarama.KError](err); !ok || code != r.denied() {
		return err
	}
	return &AccessError{Resource: r, Name: name, Operation: operation, Err: err}
}
