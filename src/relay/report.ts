/** What this node does for others, as the status says it. */
export interface RelayReport {
  /** Whether it offers to pass packets on. */
  readonly serves: boolean;
  /** Why it does not; absent where it does. */
  readonly reason?: string;
  /** The pairs for which it does at the moment, and the handshakes that it passed on and refused since it began. */
  readonly pairs: number;
  readonly passed: number;
  readonly refused: number;
  /** The bytes of data that it passed on since its tables were made. */
  readonly bytes: number;
}
