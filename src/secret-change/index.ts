/** Changes of the cluster secret: what an operator signs, how the secret travels, and how far the nodes are. */
export {
  confirmedBy,
  finishedAt,
  isOver,
  missing,
  nextStage,
  type Receiver,
  type Rollout,
  receiversDue,
  type See,
  type Seen,
} from "./rollout.ts";
export { openSealedSecret, sealedSecretLength, sealSecret } from "./sealed.ts";
export {
  isWhole,
  openSecretStatement,
  type SecretStatement,
  secretDigest,
  secretStatementLength,
  signSecretChange,
} from "./statement.ts";
