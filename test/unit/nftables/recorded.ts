/** nft 1.0.6, recorded. */
export const recorded = `table inet talos_kubespan {
	counter kubespan_dropped_outside {
		packets 0 bytes 0
	}

	counter kubespan_dropped_tunnel {
		packets 0 bytes 0
	}

	counter kubespan_dropped_entering {
		packets 0 bytes 0
	}

	counter kubespan_dropped_leaving {
		packets 0 bytes 0
	}

	counter kubespan_dropped_unaccepted {
		packets 0 bytes 0
	}

	counter kubespan_masqueraded {
		packets 0 bytes 0
	}

	set kubespan_hosts_ipv4 {
		type ipv4_addr
		size 16384
		elements = { 192.168.1.7, 192.168.1.9 }
	}

	set kubespan_blocks_ipv4 {
		type ipv4_addr
		size 16384
		elements = { 10.0.1.0 }
	}

	set kubespan_targets_ipv4 {
		type ipv4_addr
		flags interval
		elements = { 10.4.0.0/16, 172.16.0.3-172.16.0.9,
			     192.168.128.0/17 }
	}

	set kubespan_hosts_ipv6 {
		type ipv6_addr
		size 16384
	}

	set kubespan_blocks_ipv6 {
		type ipv6_addr
		size 16384
	}

	set kubespan_targets_ipv6 {
		type ipv6_addr
		flags interval
	}

	set kubespan_pods_ipv4 {
		type ipv4_addr
		flags interval
	}

	set kubespan_tolerated_ipv4 {
		type ipv4_addr
		flags interval
	}

	set kubespan_own_ipv4 {
		type ipv4_addr
		flags interval
	}

	set kubespan_own_pods_ipv4 {
		type ipv4_addr
		flags interval
	}

	set kubespan_pods_ipv6 {
		type ipv6_addr
		flags interval
	}

	set kubespan_tolerated_ipv6 {
		type ipv6_addr
		flags interval
	}

	set kubespan_own_ipv6 {
		type ipv6_addr
		flags interval
	}

	set kubespan_own_pods_ipv6 {
		type ipv6_addr
		flags interval
	}

	chain kubespan_answering {
		ip saddr @kubespan_pods_ipv4 return
		ip6 saddr @kubespan_pods_ipv6 return
		meta l4proto tcp ct mark set ct mark & 0xffffffbf | 0x00000020
		icmp type echo-request ct mark set ct mark & 0xffffffbf | 0x00000020
		icmpv6 type echo-request ct mark set ct mark & 0xffffffbf | 0x00000020
	}

	chain kubespan_untracked {
		ip daddr @kubespan_own_pods_ipv4 counter name "kubespan_dropped_outside" drop
		ip6 daddr @kubespan_own_pods_ipv6 counter name "kubespan_dropped_outside" drop
		tcp dport 3000 goto kubespan_answering
		ip saddr @kubespan_pods_ipv4 ip daddr @kubespan_own_ipv4 counter name "kubespan_dropped_outside" drop
		ip6 saddr @kubespan_pods_ipv6 ip6 daddr @kubespan_own_ipv6 counter name "kubespan_dropped_outside" drop
	}

	chain kubespan_ingress {
		icmp type { destination-unreachable, source-quench, redirect, time-exceeded, parameter-problem } return
		icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } return
		udp dport 51820 return
		fib daddr type { broadcast, multicast } return
		ip saddr @kubespan_tolerated_ipv4 goto kubespan_answering
		ip6 saddr @kubespan_tolerated_ipv6 goto kubespan_answering
		ct state invalid,untracked goto kubespan_untracked
		ct original ip daddr @kubespan_own_pods_ipv4 counter name "kubespan_dropped_outside" drop
		ct original ip6 daddr @kubespan_own_pods_ipv6 counter name "kubespan_dropped_outside" drop
		tcp dport 3000 goto kubespan_answering
		ip saddr @kubespan_pods_ipv4 ct original ip daddr @kubespan_own_ipv4 counter name "kubespan_dropped_outside" drop
		ip6 saddr @kubespan_pods_ipv6 ct original ip6 daddr @kubespan_own_ipv6 counter name "kubespan_dropped_outside" drop
		goto kubespan_answering
	}

	chain kubespan_translated {
		ct original ip daddr @kubespan_own_ipv4 return
		ct original ip6 daddr @kubespan_own_ipv6 return
		counter name "kubespan_dropped_tunnel" drop
	}

	chain kubespan_tunnelled {
		ct status dnat goto kubespan_translated
		fib daddr type local return
		ip daddr @kubespan_own_ipv4 return
		ip6 daddr @kubespan_own_ipv6 return
		counter name "kubespan_dropped_tunnel" drop
	}

	chain kubespan_entering {
		iifname { "cali*", "cilium*", "lxc*", "veth*" } return
		fib saddr . iif oif exists return
		ip daddr @kubespan_hosts_ipv4 counter name "kubespan_dropped_entering" drop
		ip daddr & 255.255.255.0 == @kubespan_blocks_ipv4 counter name "kubespan_dropped_entering" drop
		ip daddr @kubespan_targets_ipv4 counter name "kubespan_dropped_entering" drop
	}

	chain kubespan_passing {
		iifname { "cali*", "cilium*", "lxc*", "veth*" } ct mark set ct mark | 0x00000060 return
		fib saddr type local counter name "kubespan_dropped_unaccepted" drop
		ip daddr @kubespan_pods_ipv4 return
		ip6 daddr @kubespan_pods_ipv6 return
		fib saddr . iif oif missing return
		fib daddr . iif oif exists return
		ct mark set ct mark | 0x00000060
	}

	chain kubespan_arriving {
		iifname "kubespan" goto kubespan_tunnelled
		iif "lo" return
		ip saddr @kubespan_hosts_ipv4 goto kubespan_ingress
		ip saddr & 255.255.255.0 == @kubespan_blocks_ipv4 goto kubespan_ingress
		ip saddr @kubespan_targets_ipv4 goto kubespan_ingress
		ip saddr @kubespan_own_ipv4 goto kubespan_entering
		ip6 saddr @kubespan_own_ipv6 goto kubespan_entering
		ip daddr @kubespan_hosts_ipv4 goto kubespan_passing
		ip daddr & 255.255.255.0 == @kubespan_blocks_ipv4 goto kubespan_passing
		ip daddr @kubespan_targets_ipv4 goto kubespan_passing
	}

	chain kubespan_answers {
		ip daddr @kubespan_pods_ipv4 return
		ip6 daddr @kubespan_pods_ipv6 return
		tcp flags ack ct direction reply accept
		tcp flags ! syn ct direction reply accept
		meta l4proto { icmp, ipv6-icmp } ct direction reply accept
	}

	chain kubespan_outside {
		iifname "kubespan" ct direction original ct mark set ct mark & 0xffffff9f
		goto kubespan_answers
	}

	chain kubespan_clamp {
		meta nfproto ipv4 tcp flags syn tcp option maxseg size set 1368
		meta nfproto ipv6 tcp flags syn tcp option maxseg size set 1348
	}

	chain kubespan_from_port {
		meta mark & 0x00000060 == 0x00000020 accept
		ct mark & 0x00000060 == 0x00000020 meta mark set meta mark & 0xffffffbf | 0x00000020 accept
		meta mark set meta mark & 0xffffff9f
	}

	chain kubespan_forwarded {
		tcp flags syn jump kubespan_clamp
		meta mark set meta mark & 0xffffffdf | 0x00000040 accept
	}

	chain kubespan_own {
		oif "lo" accept
		udp sport 51820 counter name "kubespan_dropped_leaving" drop
		ct mark & 0x00000060 == 0x00000020 jump kubespan_answers
		tcp flags syn jump kubespan_clamp
		meta mark set meta mark & 0xffffffdf | 0x00000040 accept
	}

	chain kubespan_known {
		ct mark & 0x00000060 == 0x00000020 jump kubespan_outside
		ip daddr { 100.100.100.200, 127.0.0.0/8, 168.63.129.16, 169.254.0.0/16, 224.0.0.0/4 } accept
		ip daddr 10.0.0.0/16 ip daddr & 255.255.255.0 == @kubespan_blocks_ipv4 goto kubespan_forwarded
		ip daddr 192.168.0.0/16 ip daddr @kubespan_hosts_ipv4 goto kubespan_forwarded
		ip daddr @kubespan_targets_ipv4 goto kubespan_forwarded
	}

	chain kubespan_answerable {
		type filter hook prerouting priority -315; policy accept;
		iifname "kubespan" meta mark set meta mark & 0xffffffdf | 0x00000040
	}

	chain kubespan_prerouting {
		type filter hook prerouting priority 20; policy accept;
		meta mark & 0x00000060 != 0x00000000 meta mark set meta mark & 0xffffff9f
		ct status confirmed goto kubespan_known
		jump kubespan_arriving
		goto kubespan_known
		meta mark & 0x00000060 == 0x00000020 accept
		ip daddr @kubespan_targets_ipv4 meta mark set meta mark & 0xffffffdf | 0x00000040 accept
		ip6 daddr @kubespan_targets_ipv6 meta mark set meta mark & 0xffffffdf | 0x00000040 accept
	}

	chain kubespan_noting {
		type filter hook output priority -165; policy accept;
		meta mark & 0x00000060 == 0x00000020 udp sport 51820 ct mark set ct mark & 0xffffffbf | 0x00000020
	}

	chain kubespan_outgoing {
		type route hook output priority filter; policy accept;
		udp sport 51820 jump kubespan_from_port
		ip daddr { 100.100.100.200, 127.0.0.0/8, 168.63.129.16, 169.254.0.0/16, 224.0.0.0/4 } accept
		ip daddr 192.168.0.0/16 ip daddr @kubespan_hosts_ipv4 goto kubespan_own
		ip daddr 10.0.0.0/16 ip daddr & 255.255.255.0 == @kubespan_blocks_ipv4 goto kubespan_own
		ip daddr @kubespan_targets_ipv4 goto kubespan_own
		accept
		meta mark & 0x00000060 == 0x00000020 accept
		ip daddr @kubespan_targets_ipv4 meta mark set meta mark & 0xffffffdf | 0x00000040 accept
		ip6 daddr @kubespan_targets_ipv6 meta mark set meta mark & 0xffffffdf | 0x00000040 accept
	}

	chain kubespan_given {
		ct mark set ct mark & 0xffffff9f
		meta nfproto ipv4 counter name "kubespan_masqueraded" masquerade
		meta nfproto ipv6 counter name "kubespan_masqueraded" masquerade
		counter name "kubespan_dropped_unaccepted" drop
	}

	chain kubespan_sources {
		type nat hook postrouting priority 120; policy accept;
		oifname != "kubespan" accept
		ip saddr @kubespan_own_ipv4 accept
		ip6 saddr @kubespan_own_ipv6 accept
		fib daddr type multicast accept
		fib saddr type local goto kubespan_given
		ct mark & 0x00000060 == 0x00000060 goto kubespan_given
		counter name "kubespan_dropped_unaccepted" drop
	}

	chain kubespan_astray {
		ip daddr 224.0.0.0/4 accept
		ip6 daddr ff00::/8 accept
		iif 0 @ll,48,48 != 0x0 accept
		counter name "kubespan_dropped_leaving" drop
	}

	chain kubespan_answered {
		ip daddr @kubespan_pods_ipv4 return
		ip6 daddr @kubespan_pods_ipv6 return
		tcp flags ack ct direction reply meta mark set meta mark | 0x00000060 accept
		tcp flags ! syn ct direction reply meta mark set meta mark | 0x00000060 accept
		meta l4proto { icmp, ipv6-icmp } ct direction reply meta mark set meta mark | 0x00000060 accept
	}

	chain kubespan_unmarked {
		meta mark & 0x00000060 == 0x00000020 udp sport 51820 accept
		meta mark & 0x00000060 == 0x00000020 meta l4proto udp ct original proto-src 51820 meta mark set meta mark | 0x00000060 accept
		ct mark & 0x00000060 == 0x00000020 meta l4proto udp ct original proto-src 51820 meta mark set meta mark | 0x00000060 accept
		ct mark & 0x00000060 == 0x00000020 meta l4proto udp ct reply proto-src 51820 meta mark set meta mark | 0x00000060 accept
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		ct mark & 0x00000060 == 0x00000020 jump kubespan_answered
		iif 0 @ll,48,48 != 0x0 accept
		counter name "kubespan_dropped_leaving" drop
	}

	chain kubespan_leaving {
		type filter hook postrouting priority 200; policy accept;
		oifname "kubespan" accept
		oif "lo" accept
		meta mark & 0x00000060 == 0x00000040 goto kubespan_astray
		ip daddr { 100.100.100.200, 127.0.0.0/8, 168.63.129.16, 169.254.0.0/16, 224.0.0.0/4 } accept
		ip daddr 192.168.0.0/16 ip daddr @kubespan_hosts_ipv4 goto kubespan_unmarked
		ip daddr 10.0.0.0/16 ip daddr & 255.255.255.0 == @kubespan_blocks_ipv4 goto kubespan_unmarked
		ip daddr @kubespan_targets_ipv4 goto kubespan_unmarked
	}
}
`;
