package kurrenttest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// admins is the group with all rights. everybody is the role of every account.
const (
	admins    = "$admins"
	everybody = "$all"
)

// right is a right of an account on a stream, named as its key in an $acl.
type right string

const (
	toRead      right = "$r"
	toWrite     right = "$w"
	toDelete    right = "$d"
	toReadMeta  right = "$mr"
	toWriteMeta right = "$mw"
)

// acl holds the roles that have each right. A right that it does not name has its default.
type acl map[right]roles

// UnmarshalJSON implements json.Unmarshaler. A text in place of an object is the name of an $acl, which changes
// nothing.
func (a *acl) UnmarshalJSON(b []byte) error {
	var name string
	if json.Unmarshal(b, &name) == nil {
		return nil
	}
	return json.Unmarshal(b, (*map[right]roles)(a))
}

// roles holds names of accounts and groups. In JSON it is one string or a list of strings.
type roles []string

// UnmarshalJSON implements json.Unmarshaler.
func (r *roles) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*r = roles{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(r))
}

// defaults is the last event of the stream $settings, with which an operator changes the default rights.
type defaults struct {
	User   acl `json:"$userStreamAcl"`
	System acl `json:"$systemStreamAcl"`
}

// allowed returns an error if a call lacks a right on the stream. As on a real server, by default accounts have all
// rights on streams of users, and no rights on streams whose names begin with $, such as $all. An $acl in the
// stream's metadata or in $settings changes this.
func (n *Node) allowed(ctx context.Context, r right, name string) error {
	if !n.server.config.TLS {
		return nil
	}
	u, err := n.caller(ctx)
	if err != nil {
		return err
	}
	if u == nil {
		return denied()
	}
	if slices.Contains(u.Groups, admins) {
		return nil
	}
	if target, ok := strings.CutPrefix(name, "$$"); ok {
		name = target
		switch r {
		case toRead:
			r = toReadMeta
		default:
			r = toWriteMeta
		}
	}
	for _, role := range n.server.journal.rolesOf(r, name) {
		if role == everybody || role == u.Login || slices.Contains(u.Groups, role) {
			return nil
		}
	}
	return denied()
}

func (j *journal) rolesOf(r right, name string) roles {
	j.mu.Lock()
	defer j.mu.Unlock()
	if m := j.hints(name); m.ACL != nil && (*m.ACL)[r] != nil {
		return (*m.ACL)[r]
	}
	var set defaults
	if last := j.stream("$settings").last(); last != nil && json.Unmarshal(last.data, &set) != nil {
		set = defaults{}
	}
	of, otherwise := set.User, roles{everybody}
	if strings.HasPrefix(name, "$") {
		of, otherwise = set.System, roles{admins}
	}
	if of[r] != nil {
		return of[r]
	}
	return otherwise
}

// caller returns the account of a call, or nil if the call has none.
func (n *Node) caller(ctx context.Context) (*ClusterAccount, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	values := md.Get("authorization")
	if len(values) == 0 {
		return nil, nil
	}
	if encoded, ok := strings.CutPrefix(values[0], "Basic "); ok {
		if text, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			login, password, _ := strings.Cut(string(text), ":")
			if u := n.server.user(login, password); u != nil {
				return u, nil
			}
		}
	}
	return nil, status.Error(codes.Unauthenticated, "Unauthenticated")
}

// unary sends the trailers of a failure to the client.
func unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	out, err := handle(ctx, req)
	if f, ok := err.(*failed); ok {
		grpc.SetTrailer(ctx, f.trailers)
	}
	return out, err
}

// streaming does the same as unary for streaming calls.
func streaming(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	err := handle(srv, ss)
	if f, ok := err.(*failed); ok {
		ss.SetTrailer(f.trailers)
	}
	return err
}
