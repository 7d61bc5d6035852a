import { createHmac } from "node:crypto";
import type { ClusterIdentity } from "../config/index.ts";

/**
 * The room in which the members of a cluster reach each other at a service that carries packets. Whoever names it knows
 * the cluster secret, of which the name tells nothing.
 */
export const roomOf = ({ id, secret }: ClusterIdentity): Buffer =>
  createHmac("sha256", secret.reveal()).update(`kubespan relay room\0${id}`).digest();
