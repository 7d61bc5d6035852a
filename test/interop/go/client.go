package main

import (
	"bufio"
	"context"
	"crypto/aes"
	"encoding/json"
	"net/netip"
	"os"
	"time"

	clientpb "github.com/siderolabs/discovery-api/api/v1alpha1/client/pb"
	"github.com/siderolabs/discovery-client/pkg/client"
	"go.uber.org/zap"
)

// node is an affiliate as both sides of a test write it.
type node struct {
	NodeID          string   `json:"nodeId"`
	Addresses       []string `json:"addresses"`
	Hostname        string   `json:"hostname"`
	NodeName        string   `json:"nodeName"`
	MachineType     string   `json:"machineType"`
	OperatingSystem string   `json:"operatingSystem"`
	APIServerPort   uint32   `json:"apiServerPort"`
	PublicKey       string   `json:"publicKey"`
	Address         string   `json:"address"`
	Additional      []string `json:"additional"`
	Excluded        []string `json:"excluded"`
	Endpoints       []string `json:"endpoints"`
}

type options struct {
	Endpoint  string `json:"endpoint"`
	ClusterID string `json:"clusterId"`
	Key       []byte `json:"key"`
	Own       node   `json:"own"`
	// Observed are endpoints of other nodes, by id.
	Observed map[string][]string `json:"observed"`
}

type seen struct {
	PublicIP string `json:"publicIp"`
	Nodes    []node `json:"nodes"`
}

// runClient tells a service of one node and prints what it learns, until its input ends; then it leaves.
func runClient(text string) error {
	var given options
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return err
	}
	block, err := aes.NewCipher(given.Key)
	if err != nil {
		return err
	}
	discovery, err := client.NewClient(client.Options{
		Cipher: block, Endpoint: given.Endpoint, ClusterID: given.ClusterID, AffiliateID: given.Own.NodeID,
		ClientVersion: "interop", TTL: time.Minute, Insecure: true,
	})
	if err != nil {
		return err
	}
	var others []client.Endpoint
	for id, endpoints := range given.Observed {
		others = append(others, client.Endpoint{AffiliateID: id, Endpoints: endpointMessages(endpoints)})
	}
	own := &client.Affiliate{Affiliate: message(given.Own), Endpoints: endpointMessages(given.Own.Endpoints)}
	if err := discovery.SetLocalData(own, others); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	news := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() { ended <- discovery.Run(ctx, zap.NewNop(), news) }()
	inputEnds := make(chan struct{})
	go func() {
		for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
		}
		close(inputEnds)
	}()
	for {
		select {
		case <-news:
			say(report(discovery))
		case err := <-ended:
			return err
		case <-inputEnds:
			inputEnds = nil
			discovery.DeleteLocalAffiliate()
			time.AfterFunc(2*time.Second, cancel) // the library does not say when it has been told
		}
	}
}

func report(discovery *client.Client) seen {
	result := seen{Nodes: []node{}}
	if ip, ok := netip.AddrFromSlice(discovery.GetPublicIP()); ok {
		result.PublicIP = ip.Unmap().String()
	}
	for _, affiliate := range discovery.GetAffiliates() {
		result.Nodes = append(result.Nodes, nodeOf(affiliate))
	}
	return result
}

func nodeOf(affiliate *client.Affiliate) node {
	from := affiliate.Affiliate
	result := node{
		NodeID: from.NodeId, Hostname: from.Hostname, NodeName: from.Nodename, MachineType: from.MachineType,
		OperatingSystem: from.OperatingSystem, APIServerPort: from.GetControlPlane().GetApiServerPort(),
		PublicKey: from.GetKubespan().GetPublicKey(), Address: addressText(from.GetKubespan().GetAddress()),
	}
	for _, address := range from.Addresses {
		result.Addresses = append(result.Addresses, addressText(address))
	}
	for _, prefix := range from.GetKubespan().GetAdditionalAddresses() {
		result.Additional = append(result.Additional, prefixText(prefix))
	}
	for _, prefix := range from.GetKubespan().GetExcludeAdvertisedAddresses() {
		result.Excluded = append(result.Excluded, prefixText(prefix))
	}
	for _, endpoint := range affiliate.Endpoints {
		address, _ := netip.AddrFromSlice(endpoint.Ip)
		result.Endpoints = append(result.Endpoints, netip.AddrPortFrom(address, uint16(endpoint.Port)).String())
	}
	return result
}

func message(from node) *clientpb.Affiliate {
	result := &clientpb.Affiliate{
		NodeId: from.NodeID, Hostname: from.Hostname, Nodename: from.NodeName, MachineType: from.MachineType,
		OperatingSystem: from.OperatingSystem,
		Kubespan:        &clientpb.KubeSpan{PublicKey: from.PublicKey, Address: addressBytes(from.Address)},
		ControlPlane:    &clientpb.ControlPlane{ApiServerPort: from.APIServerPort},
	}
	for _, address := range from.Addresses {
		result.Addresses = append(result.Addresses, addressBytes(address))
	}
	for _, prefix := range from.Additional {
		result.Kubespan.AdditionalAddresses = append(result.Kubespan.AdditionalAddresses, prefixMessage(prefix))
	}
	for _, prefix := range from.Excluded {
		result.Kubespan.ExcludeAdvertisedAddresses = append(result.Kubespan.ExcludeAdvertisedAddresses, prefixMessage(prefix))
	}
	return result
}

func endpointMessages(texts []string) []*clientpb.Endpoint {
	var result []*clientpb.Endpoint
	for _, text := range texts {
		endpoint := netip.MustParseAddrPort(text)
		result = append(result, &clientpb.Endpoint{Ip: endpoint.Addr().AsSlice(), Port: uint32(endpoint.Port())})
	}
	return result
}

func prefixMessage(text string) *clientpb.IPPrefix {
	prefix := netip.MustParsePrefix(text)
	return &clientpb.IPPrefix{Ip: prefix.Addr().AsSlice(), Bits: uint32(prefix.Bits())}
}

func prefixText(prefix *clientpb.IPPrefix) string {
	address, _ := netip.AddrFromSlice(prefix.Ip)
	return netip.PrefixFrom(address, int(prefix.Bits)).String()
}

func addressBytes(text string) []byte { return netip.MustParseAddr(text).AsSlice() }

func addressText(bytes []byte) string {
	address, _ := netip.AddrFromSlice(bytes)
	return address.String()
}
