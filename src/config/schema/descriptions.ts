import type { KindName } from "../kinds.ts";

/**
 * What each setting means, by its path in a document of its kind. Editors show it (`kubespan config schema`), and so does
 * docs/configuration.md, to whose folder the links lead.
 */
export const descriptions: Readonly<Record<KindName, Readonly<Record<string, string>>>> = {
  KubeSpanConfig: {
    enabled: "without `true` there is no mesh; switching it off takes the mesh down and keeps the identity",
    allowDownPeerBypass:
      "`true`: traffic to a peer that is down leaves outside the mesh, in clear; otherwise it is refused, also while the link is gone",
    harvestExtraEndpoints:
      "publish the addresses at which this node sees its peers, unless they announce them themselves (one or two nodes do this for each peer)",
    mtu: "MTU of the link, 1280 to 65455 (another is brought within that); `auto`: 80 less than that of the node's own links (1420 over Ethernet), even when that changes",
    "filters.endpoints":
      "which own addresses are announced as endpoints: a list of prefixes or addresses, `!` excludes, the last match decides; a list of exclusions alone keeps all else (Talos keeps nothing)",
    "filters.peerEndpoints": "which endpoints of peers are dialled, in the same form",
    "filters.excludeAdvertisedNetworks": "networks that are never sent to this node through the mesh",
    advertiseKubernetesNetworks:
      "announce the pod networks that Kubernetes gave this node (`spec.podCIDRs`); needs `kubernetes` below",
  },
  KubeSpanEndpointsConfig: {
    extraAnnouncedEndpoints:
      "further endpoints at which this node can be reached (a forwarded port, say), not filtered; those that nobody can dial are named and left out. Instead of an address a host name may stand, such as that of a DynDNS service: it is asked for every minute, and what it leads to is announced as addresses (Talos takes addresses only)",
  },
  DiscoveryIdentityConfig: {
    clusterID:
      "32 bytes in base64, or any other text of at most 256 bytes; names the cluster to the discovery service",
    clusterSecret:
      "32 bytes in base64; never sent anywhere; seals what nodes say, and is the preshared key of all tunnels",
  },
  DiscoveryServiceConfig: {
    name: "a name of its own",
    endpoint: "`https://host[:port]/` or `grpc://`, or `http://` for plaintext",
  },
  KubeSpanDaemonConfig: {
    portMapping:
      "have the router of the default route lead a port to this node, by PCP, NAT-PMP or UPnP-IGD, where the node has a private address there; the endpoint is announced, and `status` shows it. `down` ends it ([ADR 0060](adr/0060-routers-that-know-upnp-alone.md))",
    matrix:
      "ask other members whom they reach, and answer when they ask, over the tunnels: `kubespan matrix` and `kubespan connectivity test` need that on both sides ([ADR 0043](adr/0043-members-ask-each-other.md))",
    pathMTU:
      "find the largest packet that passes to each peer, by datagrams that it sends back over the tunnel: one when a peer comes up or takes another way, and a few more where that gets lost. Networks of a peer to which less than the link's MTU passes get routes with an MTU of their own ([ADR 0053](adr/0053-path-mtu-by-peer.md))",
    portGuessing:
      "find a direct path to a peer that is reached by a relay by trying ports of its NAT, where one of the two NATs has another port for each destination and the other one keeps its port: at most 1,024 small packets, or 256 mappings, and once an hour where it fails ([ADR 0035](adr/0035-guessed-ports.md))",
    "podNetworks.mainTable":
      "whether the peers' pod networks are also routes of the main table, for programs that look there and pass rules and marks by: Cilium instead of kube-proxy ([docs/cni.md](cni.md))",
    "podNetworks.source":
      "the pod networks that `advertiseKubernetesNetworks` advertises: the podCIDRs of the Node, or with `node` those from which the CNI gives addresses here, as they are found on the node (else the podCIDRs)",
    "relay.serve":
      "whether this node passes on the packets of pairs of nodes that no direct path joins, unread, through its own WireGuard port: `true`, `false`, or `auto`: once others were seen to reach it from outside",
    "relay.use": "whether another node may pass on this node's packets where no direct path works",
    "relay.service":
      "whether a discovery service that offers it (`--relay`) may carry this node's packets, encrypted as they are, over the connection to it: the last resort where no UDP passes",
    "relay.maxPairs": "the most pairs at a time for which this node does so",
    "relay.maxBytesPerSecond": "the most bytes a second that it passes on, for all pairs together",
    "metrics.listen":
      "the address and port at which metrics are served over HTTP, such as `127.0.0.1:9586`; without it there are none ([metrics.md](metrics.md)). Whoever can connect to it can read them",
    "metrics.peers":
      "whether there are series for each peer; `false` leaves those for all peers together, where the mesh is large",
    "metrics.page":
      "whether a page for browsers is served beside the metrics, at `/`: the mesh as this node sees it, live ([page.md](page.md))",
    "metrics.names":
      "names by which this node may be asked for the metrics and the page, besides its host name, its addresses and `localhost`. A request for another name is refused, as it may come from a page elsewhere",
    "metrics.anyAddress":
      "`true` allows `metrics.listen` to be `0.0.0.0` or `[::]`, which is every address of this node",
    interfaceName: "the WireGuard link",
    listenPort: "the UDP port of the link; nodes may have different ones",
    wireguard: "`kernel`, `userspace` (`wireguard-go`), or whichever works",
    keepalive:
      "the longest pause, in seconds (5 to 25), between two packets to a peer, so that NATs on the way do not forget the path; where one was seen to forget sooner, the pause becomes shorter by itself, down to 5",
    connect:
      "`race`: try all endpoints of a peer at once, and use the one that answers first; `serial`: try one after the other; `auto`: race, and fall back to one after the other",
    "dial.pin": "networks of peers' endpoints: if a peer has endpoints in these, only those are dialled",
    "dial.prefer":
      "networks of peers' endpoints that are dialled before others, those in the first network first",
    "dial.forbid": "networks of peers' endpoints that are never dialled",
    advertisedPrefixes: "networks behind this node, such as its pod network",
    nonPodNetworks:
      "those advertised networks, of this node or others, that are not pod networks: TCP and pings from there that arrive outside the mesh are answered outside. All networks of a peer that does not tell (Talos) count as pod networks",
    localNetworks:
      "networks and addresses of machines around that are no members, such as a file server: no peer gets them, and what is sent there leaves outside the mesh, in clear",
    allowLocalMachineBypass:
      "`true`: a private address in a network of this node's own links, at which a peer was never reached while it is connected elsewhere, is left to another machine on the link that answers for it, and what is sent there leaves outside the mesh, in clear. Anybody on the link can answer, and gets what was meant for the peer; `localNetworks` gives up only what it names ([ADR 0033](adr/0033-an-answer-on-the-link-gives-nothing-away.md))",
    answerOutside:
      "answer TCP and pings that arrive outside the mesh, from the address of a node or of another machine in the mesh that is not a pod, outside the mesh: load balancers and forwarded ports need this",
    strictIngress:
      "the connections to drop that arrive outside the mesh, from a network of a peer that is up, for a network of this node: `pods`, those from or to pods; `all`, those between nodes as well; `off`, none",
    stateDirectory:
      "keeps the identity, the sysctl values to restore, the networks steered last, the members (sealed), and the program as V8 compiled it; a folder of root's, or of the user that the service runs as, in which nobody else may write, and no link",
    runDirectory: "holds the socket of `status` and `down`",
    socketGroup:
      "a group of `/etc/group` whose members may use that socket as root does, so also take the mesh down; by default root alone ([api.md](api.md))",
    registriesOutside:
      "the registries to which connections leave outside the mesh while the node on which they run is not connected: `tls`, those asked over TLS with a certificate that is checked; `all`, plaintext as well; `off`, none ([ADR 0020](adr/0020-a-registry-that-lives-on-a-member.md))",
    "routing.table": "the routing table that leads into the mesh; no one of the system's own (253 to 255)",
    "routing.priority": "the priority of the rule that leads to the table",
    "marks.fromWireGuard": "the bits of the packet mark on WireGuard's own packets; no other bit is touched",
    "marks.toWireGuard": "the bits of the packet mark on packets for the mesh; no other bit is touched",
    "widestPrefix.ipv4":
      "wider IPv4 networks are not accepted from any peer, nor more addresses from one peer than two networks of this size have",
    "widestPrefix.ipv6": "the same for IPv6",
    acceptSecrets:
      "up to two secrets that members may have beside `clusterSecret`, the old or the new one, while it is changed on all nodes ([rotation.md](rotation.md)); also the preshared key of tunnels with them",
    operatorKeys:
      "the public keys of the operators who may evict nodes, as `kubespan gen operator-key` prints them; the same on every node",
    "members.forgetAfterMinutes":
      "the time after which a member that no registry names and that is not connected is let go; until then traffic to it is refused",
    "members.nodeDeletion":
      "whether a Node that Kubernetes deletes is let go at once, unless it is connected: `believe`, `ignore`, or `auto`: where Kubernetes is the only registry",
    "node.name": "the node's name in Kubernetes; by default the host name",
    "node.machineType": "`controlplane` or `worker`",
    "node.apiServerPort": "the port of the Kubernetes API, on a control plane",
    stunServer:
      "a STUN server (`host[:port]`, 3478) that tells at which port `listenPort` is seen from outside, beside the discovery services of kubespan's own, which tell that without a setting. Needs racing",
    "kubernetes.enabled":
      "the Nodes of Kubernetes are a registry, too: see [docs/kubernetes.md](kubernetes.md)",
    "kubernetes.kubeconfig": "path of the kubeconfig; by default the account of the pod",
    "kubernetes.apiServers":
      "URLs of API servers that kubelet and others on this node use, besides the one that the daemon uses: they are registries on nodes, too",
    "proxy.url":
      "the HTTP proxy to discovery services and the Kubernetes API, `http://[user:password@]host[:port]`; `none`: no proxy, whatever the environment says; by default that of the environment",
    "proxy.except":
      "the servers that are reached without the proxy: names, addresses, networks, or `*`, as in NO_PROXY",
    "log.level": "the severity from which on messages are logged",
    "log.format": "the format of the messages",
    "log.destinations":
      "places that get each line as JSON, too, as Talos sends them: `tcp://ADDRESS:PORT` or `udp://ADDRESS:PORT`, outside the mesh in clear. Over TCP up to 1 MiB waits while nobody takes it; after that a line may come twice",
    "discovery.announce":
      "the URL of the discovery service on this node (`https://`), of which it tells the other nodes",
    "discovery.authority":
      "a PEM file with the cluster's authority. Without it, no discovery service is asked of which only other nodes tell",
    serviceCAFiles:
      "by name of a service: a PEM file with the authorities to trust for it; by default the system's",
  },
};
