/** A reference CLUSTER:NAMESPACE/RESOURCE[.GROUP]/NAME, and the path of its page. */
export interface Ref {
  cluster: string;
  namespace: string;
  resource: string;
  group: string;
  name: string;
}

export function parseRef(text: string): Ref | undefined {
  const colon = text.indexOf(":");
  const [namespace, kind, ...rest] = text.slice(colon + 1).split("/");
  if (colon < 1 || !namespace || !kind || rest.length === 0) return undefined;
  const dot = kind.indexOf(".");
  return {
    cluster: text.slice(0, colon),
    namespace: namespace === "-" ? "" : namespace,
    resource: dot < 0 ? kind : kind.slice(0, dot),
    group: dot < 0 ? "" : kind.slice(dot + 1),
    name: rest.join("/"),
  };
}

export function formatRef(r: Ref): string {
  return `${r.cluster}:${r.namespace || "-"}/${r.resource}${r.group ? `.${r.group}` : ""}/${r.name}`;
}

/** Parameters of the route /r/{cluster}/{group|core}/{resource}/{ns|-}/{name}. */
export interface RefParams {
  cluster: string;
  group: string;
  resource: string;
  namespace: string;
  name: string;
}

export function paramsOf(r: Ref): RefParams {
  return { ...r, group: r.group || "core", namespace: r.namespace || "-" };
}

export function refOfParams(p: RefParams): Ref {
  return { ...p, group: p.group === "core" ? "" : p.group, namespace: p.namespace === "-" ? "" : p.namespace };
}

/** Where an object is, without its name: shop in zone1. */
export function place(r: { cluster: string; namespace: string | null }): string {
  return r.namespace ? `${r.namespace} in ${r.cluster}` : r.cluster;
}
