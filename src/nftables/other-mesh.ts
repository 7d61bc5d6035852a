/** Another mesh on this node, which another daemon keeps. */
export interface OtherMesh {
  /** The name of its link. */
  readonly interfaceName: string;
  /** The mark that its WireGuard sets on its own packets. */
  readonly mark: number;
  /** The UDP port of its WireGuard. */
  readonly listenPort: number;
}
