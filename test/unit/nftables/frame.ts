/** A table as the daemon asks for it, without targets. */
export const frame = {
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  interfaceName: "kubespan",
  mtu: 1420,
  listenPort: 51820,
  isClosed: true,
};
