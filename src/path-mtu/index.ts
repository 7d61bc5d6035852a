/** The largest packets that pass to each peer: the search for them, by datagrams that the peer sends back through the tunnel. */
export { advance, foundIn, isSameFor, type PathMtu, type PathPeer, type Paths } from "./paths.ts";
export { small } from "./search.ts";
