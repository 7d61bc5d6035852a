package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	serverpb "github.com/siderolabs/discovery-api/api/v1alpha1/server/pb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// request is what a client was seen to ask; times to live in seconds.
type request struct {
	Method    string  `json:"method"`
	ClusterID string  `json:"clusterId"`
	ID        string  `json:"id,omitempty"`
	Version   string  `json:"version,omitempty"`
	TTL       float64 `json:"ttl,omitempty"`
	Data      bool    `json:"data,omitempty"`
	Endpoints int     `json:"endpoints,omitempty"`
}

// service holds the affiliates of one cluster for as long as it runs: enough to answer a client.
type service struct {
	serverpb.UnimplementedClusterServer
	mutex      sync.Mutex
	affiliates map[string]*serverpb.Affiliate
	watchers   map[chan *serverpb.WatchResponse]struct{}
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	serverpb.RegisterClusterServer(server, &service{
		affiliates: map[string]*serverpb.Affiliate{},
		watchers:   map[chan *serverpb.WatchResponse]struct{}{},
	})
	say(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port})
	return server.Serve(listener)
}

func (s *service) Hello(ctx context.Context, asked *serverpb.HelloRequest) (*serverpb.HelloResponse, error) {
	say(request{Method: "Hello", ClusterID: asked.ClusterId, Version: asked.ClientVersion})
	from, ok := peer.FromContext(ctx)
	if !ok {
		return nil, status.Error(codes.Internal, "a call from nowhere")
	}
	address, err := netip.ParseAddrPort(from.Addr.String())
	if err != nil {
		return nil, status.Error(codes.Internal, fmt.Sprint(err))
	}
	return &serverpb.HelloResponse{ClientIp: address.Addr().Unmap().AsSlice()}, nil
}

func (s *service) AffiliateUpdate(_ context.Context, asked *serverpb.AffiliateUpdateRequest) (*serverpb.AffiliateUpdateResponse, error) {
	say(request{
		Method: "AffiliateUpdate", ClusterID: asked.ClusterId, ID: asked.AffiliateId, TTL: asked.Ttl.AsDuration().Seconds(),
		Data: asked.AffiliateData != nil, Endpoints: len(asked.AffiliateEndpoints),
	})
	s.mutex.Lock()
	defer s.mutex.Unlock()
	next := &serverpb.Affiliate{Id: asked.AffiliateId, Data: asked.AffiliateData}
	if known := s.affiliates[asked.AffiliateId]; known != nil {
		next.Endpoints = slices.Clone(known.Endpoints)
		if asked.AffiliateData == nil {
			next.Data = known.Data
		}
	}
	for _, endpoint := range asked.AffiliateEndpoints {
		if !slices.ContainsFunc(next.Endpoints, func(known []byte) bool { return slices.Equal(known, endpoint) }) {
			next.Endpoints = append(next.Endpoints, endpoint)
		}
	}
	s.affiliates[asked.AffiliateId] = next
	s.tell(&serverpb.WatchResponse{Affiliates: []*serverpb.Affiliate{next}})
	return &serverpb.AffiliateUpdateResponse{}, nil
}

func (s *service) AffiliateDelete(_ context.Context, asked *serverpb.AffiliateDeleteRequest) (*serverpb.AffiliateDeleteResponse, error) {
	say(request{Method: "AffiliateDelete", ClusterID: asked.ClusterId, ID: asked.AffiliateId})
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.affiliates, asked.AffiliateId)
	gone := []*serverpb.Affiliate{{Id: asked.AffiliateId}}
	s.tell(&serverpb.WatchResponse{Affiliates: gone, Deleted: true})
	return &serverpb.AffiliateDeleteResponse{}, nil
}

func (s *service) Watch(asked *serverpb.WatchRequest, stream serverpb.Cluster_WatchServer) error {
	say(request{Method: "Watch", ClusterID: asked.ClusterId})
	news := make(chan *serverpb.WatchResponse, 1024)
	s.mutex.Lock()
	first := &serverpb.WatchResponse{}
	for _, affiliate := range s.affiliates {
		first.Affiliates = append(first.Affiliates, affiliate)
	}
	news <- first
	s.watchers[news] = struct{}{}
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		delete(s.watchers, news)
		s.mutex.Unlock()
	}()
	for {
		select {
		case <-stream.Context().Done():
			return nil
		case response := <-news:
			if err := stream.Send(response); err != nil {
				return err
			}
		}
	}
}

// tell is called with the mutex held.
func (s *service) tell(response *serverpb.WatchResponse) {
	for watcher := range s.watchers {
		watcher <- response
	}
}
