/** The link of the mesh that a node has if it has only one. */
export const mainLink = "kubespan";

/**
 * The name of something in the kernel that the mesh with this link has for itself. The main mesh has the plain names,
 * by which operators know them. Two meshes on one node have nothing in common, so that neither repairs or removes what
 * is the other's.
 */
export const nameFor = <Plain extends string>(
  plain: Plain,
  interfaceName: string,
): Plain | `${Plain}_${string}` => (interfaceName === mainLink ? plain : `${plain}_${interfaceName}`);
