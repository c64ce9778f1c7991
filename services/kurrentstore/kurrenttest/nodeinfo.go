package kurrenttest

import (
	"context"
	"net"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
)

// features serves the list of supported methods.
type features struct {
	serverfeatures.UnimplementedServerFeaturesServer
	node *Node
}

// GetSupportedMethods implements serverfeatures.ServerFeaturesServer.
func (f *features) GetSupportedMethods(ctx context.Context,
	_ *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	if err := f.node.strike(ctx, f.node.fault(Features, "", "")); err != nil {
		return nil, err
	}
	out := &serverfeatures.SupportedMethods{EventStoreServerVersion: f.node.server.config.Version}
	for _, method := range []string{"read", "append", "delete", "tombstone", "batchappend"} {
		m := &serverfeatures.SupportedMethod{ServiceName: "event_store.client.streams.streams", MethodName: method}
		if method == "batchappend" {
			m.Features = []string{"deadline_duration"}
		}
		out.Methods = append(out.Methods, m)
	}
	for service, method := range map[string]string{
		"event_store.client.gossip.gossip":                  "read",
		"event_store.client.server_features.serverfeatures": "getsupportedmethods",
	} {
		out.Methods = append(out.Methods, &serverfeatures.SupportedMethod{ServiceName: service, MethodName: method})
	}
	return out, nil
}

// members serves the list of the nodes.
type members struct {
	gossip.UnimplementedGossipServer
	node *Node
}

// Read implements gossip.GossipServer.
func (m *members) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	if err := m.node.strike(ctx, m.node.fault(Gossip, "", "")); err != nil {
		return nil, err
	}
	s := m.node.server
	leader, out := s.leading(), &gossip.ClusterInfo{}
	for _, n := range s.nodes {
		host, port := split(n.Address())
		number, _ := strconv.ParseUint(port, 10, 16)
		state := gossip.MemberInfo_Follower
		if n == leader {
			state = gossip.MemberInfo_Leader
		}
		out.Members = append(out.Members, &gossip.MemberInfo{
			InstanceId:   writeID(uuid.NewSHA1(uuid.NameSpaceOID, []byte(n.Address())), false),
			TimeStamp:    s.config.Clock().UnixNano() / 100,
			State:        state,
			IsAlive:      n.alive(),
			HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(number)},
		})
	}
	return out, nil
}

// split splits the address of a listener into host and port.
func split(address string) (host, port string) {
	host, port, _ = net.SplitHostPort(address)
	return host, port
}
