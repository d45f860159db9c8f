import { parseRef } from "./ref";

/** The context of one cluster, or of the fleet, in a kubeconfig that "foretop kubeconfig" wrote. */
export function contextOf(cluster?: string): string {
  return cluster === undefined ? "foretop" : `foretop-${cluster}`;
}

/** The kubectl command that shows an object; undefined when the text is no reference. */
export function kubectlGet(objectRef: string): string | undefined {
  const ref = parseRef(objectRef);
  if (!ref) return undefined;
  const kind = ref.group ? `${ref.resource}.${ref.group}` : ref.resource;
  const namespace = ref.namespace ? ["-n", ref.namespace] : [];
  return ["kubectl", "--context", contextOf(ref.cluster), ...namespace, "get", kind, ref.name]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
