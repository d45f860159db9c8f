import type { Setting } from "./wish";

/** What is other in some clusters, as it is typed. */
export interface Override {
  clusters: string;
  registry: string;
  replicas: string;
  env: Setting[];
}

export function newOverride(): Override {
  return { clusters: "", registry: "", replicas: "", env: [] };
}

interface Asked {
  clusters: string[];
  registry?: string;
  replicas?: number;
  env?: { name: string; value: string }[];
}

/** Names and globs of clusters between commas or blanks. */
export function clusterNames(text: string): string[] {
  return text.split(/[\s,]+/).filter((n) => n !== "");
}

/** What is asked of the hub, or what an override still lacks in a sentence. Empty ones are left out. */
export function overridesOf(list: readonly Override[]): Asked[] | { missing: string } {
  const out: Asked[] = [];
  for (const [i, o] of list.entries()) {
    const clusters = clusterNames(o.clusters);
    const env = o.env.filter((e) => e.name.trim() !== "").map((e) => ({ name: e.name.trim(), value: e.value }));
    const registry = o.registry.trim();
    const replicas = o.replicas.trim();
    const says = env.length > 0 || registry !== "" || replicas !== "";
    if (!says && clusters.length === 0) continue;
    if (clusters.length === 0) return { missing: `Override ${i + 1} names no cluster.` };
    if (!says) return { missing: `Override ${i + 1} changes nothing.` };
    if (replicas !== "" && !/^\d+$/.test(replicas))
      return { missing: `Override ${i + 1}: replicas are a whole number.` };
    out.push({
      clusters,
      ...(registry === "" ? {} : { registry }),
      ...(replicas === "" ? {} : { replicas: Number(replicas) }),
      ...(env.length > 0 ? { env } : {}),
    });
  }
  return out;
}
