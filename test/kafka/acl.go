package kafkatest

import (
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// ACL allows a user some operations on resources. Names that end in '*' are
// prefixes.
type ACL struct {
	// Resource is the kind of the resource, and Name its name.
	Resource kmsg.ACLResourceType
	Name     string
	// Operations are what is allowed.
	Operations []kadm.ACLOperation
}

// Grant gives a user access rights, from any host. Without operations an ACL
// gives nothing.
func (s *SecureBroker) Grant(user string, acls ...ACL) {
	s.tb.Helper()
	adm := Admin(s.tb, s.Addr)
	for _, a := range acls {
		if len(a.Operations) == 0 {
			continue
		}
		got, err := adm.CreateACLs(s.tb.Context(), a.builder().Allow("User:"+user).AllowHosts())
		for _, r := range got {
			if err == nil {
				err = r.Err
			}
		}
		if err != nil {
			s.tb.Fatalf("kafkatest: grant %s %v: %v", user, a, err)
		}
	}
}

// Revoke takes access rights from a user that were granted in the same words.
func (s *SecureBroker) Revoke(user string, acls ...ACL) {
	s.tb.Helper()
	adm := Admin(s.tb, s.Addr)
	for _, a := range acls {
		got, err := adm.DeleteACLs(s.tb.Context(), a.builder().Allow("User:"+user).AllowHosts())
		deleted := 0
		for _, r := range got {
			if err == nil {
				err = r.Err
			}
			deleted += len(r.Deleted)
		}
		if err != nil || deleted != len(a.Operations) {
			s.tb.Fatalf("kafkatest: revoke %s %v: %d deleted: %v", user, a, deleted, err)
		}
	}
}

func (a ACL) builder() *kadm.ACLBuilder {
	name, pattern := a.Name, kadm.ACLPatternLiteral
	if n := len(name); n > 1 && name[n-1] == '*' {
		name, pattern = name[:n-1], kadm.ACLPatternPrefixed
	}
	b := kadm.NewACLs().ResourcePatternType(pattern).Operations(a.Operations...)
	switch a.Resource {
	case kmsg.ACLResourceTypeTopic:
		b.Topics(name)
	case kmsg.ACLResourceTypeGroup:
		b.Groups(name)
	case kmsg.ACLResourceTypeTransactionalId:
		b.TransactionalIDs(name)
	case kmsg.ACLResourceTypeCluster:
		b.Clusters()
	}
	return b
}
