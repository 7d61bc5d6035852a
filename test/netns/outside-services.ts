/** On a router: a load balancer that keeps clients' addresses, and a forwarded port. */
export const balancer = `table ip balancer {
  chain in { type nat hook prerouting priority dstnat
    ip daddr 203.0.113.200 tcp dport 6443 dnat to 203.0.113.1:7000
    ip daddr 203.0.113.200 tcp dport 30080-30081 dnat to 203.0.113.1
    ip daddr 198.51.100.9 tcp dport 2222 dnat to 203.0.113.1:7000
  }
}`;

/** As kube-proxy does it: a NodePort that stays on its node, one that does not, and an external address. */
export const services = `table ip service {
  chain in { type nat hook prerouting priority dstnat
    ip daddr 203.0.113.1 tcp dport 30080 dnat to 10.244.1.2:7000
    ip daddr 203.0.113.1 tcp dport 30081 dnat to 10.244.2.2:7000
    ip daddr 203.0.113.201 tcp dport 80 dnat to 10.244.1.2:7000
  }
  chain out { type nat hook postrouting priority srcnat
    ip daddr 10.244.2.2 tcp dport 7000 masquerade
  }
}`;
