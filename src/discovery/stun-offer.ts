/**
 * The header with which a discovery service says in its answer to Hello that it answers STUN as well. Clients that do
 * not know the header, such as Talos nodes, ignore it, and services that do not send it are not asked.
 */
export const stunHeader = "kubespan-stun";

/** The value of the header: STUN is answered over UDP at the host and the port at which the service was reached. */
export const sameHostAndPort = "same";

/** Whether the values of the header offer STUN. Any other value is of a version that this one does not know. */
export const offersStun = (values: readonly (string | Buffer)[]): boolean =>
  values.length === 1 && values[0] === sameHostAndPort;
