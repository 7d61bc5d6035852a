/** How large packets may be on the way to each peer: the search, by datagrams that a peer sends back through the tunnel. */
export { advance, foundIn, isSameFor, type PathMtu, type PathPeer, type Paths } from "./paths.ts";
export { fitting, small } from "./search.ts";
