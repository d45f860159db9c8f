/** Answers about a search beside its rows: facets, density, saved searches. */
import type {
  ChangeDensityQuery,
  FacetsQuery,
  SavedSearchesQuery,
  SearchCompleteQuery,
  SearchQuery,
} from "../api/generated";
import { before, now } from "./fixtures";

type Facet = FacetsQuery["search"]["facets"][number];

function facet(field: string, values: Record<string, number>, distinct?: number): Facet {
  const list = Object.entries(values).map(([value, count]) => ({ value, count }));
  return { field, distinct: distinct ?? list.length, values: list };
}

const known: Facet[] = [
  facet("cluster", { zone1: 412, zone2: 398, zone3: 391 }),
  facet("kind", { Pod: 640, Deployment: 120, Service: 98, ConfigMap: 77, Node: 15, Job: 9, Secret: 8, Lease: 7 }),
  facet("ns", { shop: 530, "kube-system": 210, pay: 64, default: 12 }),
  facet("status", { Running: 611, Healthy: 240, CrashLoopBackOff: 7, ImagePullBackOff: 3, Degraded: 2 }),
  facet("app", Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`app${i + 1}`, 210 - 2 * i])), 312),
  facet("image", { "registry.example/shop/app1:1.0": 200, "registry.example/shop/app2:2.0": 12 }),
  facet("zone", { "eu-west-1a": 500, "eu-west-1b": 480 }),
  facet("node", Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`node-${i}`, 40 - i]))),
  facet("label.team", { shop: 311, payments: 44 }),
];

export function facetsOf(fields: unknown): FacetsQuery {
  const asked = Array.isArray(fields) ? fields : [];
  return { search: { facets: asked.map((f) => known.find((k) => k.field === f) ?? facet(String(f), {})) } };
}

export function densityOf(variables: Record<string, unknown>): ChangeDensityQuery {
  const parts = Number(variables.parts);
  return {
    changeDensity: {
      counts: Array.from({ length: parts }, (_, i) => {
        const wave = Math.max(0, Math.round(6 * Math.sin(i / 7) + 3 * Math.sin(i / 2.3)));
        return i === parts - 9 ? 41 : wave;
      }),
      oldest: new Date(now - 5 * 3_600_000).toISOString(),
    },
  };
}

export const saved: SavedSearchesQuery = {
  savedSearches: [
    {
      id: "s1",
      name: "broken in shop",
      description: "What the shop's people look at first.",
      query: "ns:shop status:!Ready",
      page: "resources",
      owner: "admin",
      shared: true,
      mine: true,
      createdAt: before(86_400),
      updatedAt: before(3_600),
    },
    {
      id: "s2",
      name: "crash loops",
      description: "",
      query: "kind:pod status:CrashLoopBackOff group:cluster",
      page: "resources",
      owner: "admin",
      shared: false,
      mine: true,
      createdAt: before(86_400 * 3),
      updatedAt: before(86_400 * 2),
    },
    {
      id: "s3",
      name: "rollouts",
      description: "By the release team.",
      query: "kind:deploy changed.field:spec.template",
      page: "changes",
      owner: "mina",
      shared: true,
      mine: false,
      createdAt: before(86_400 * 9),
      updatedAt: before(86_400 * 9),
    },
  ],
};

type Suggestions = SearchCompleteQuery["searchComplete"];

function value(label: string, count: number | null, from: number, to: number): Suggestions[number] {
  return { text: label, label, type: "value", detail: "", count, from, to };
}

/** Fields and a value for what is typed; keys behind label.; values behind a field. */
export function suggestionsFor(variables: Record<string, unknown>): SearchCompleteQuery {
  const text = String(variables.query);
  const at = text.length;
  if (/label\.[^:]*$/.test(text))
    return { searchComplete: [value("team", 355, at, at), value("tier", 311, at, at), value("version", 98, at, at)] };
  if (/app:\S*$/.test(text)) return { searchComplete: [value("app250", 3, at, at), value("app251", 2, at, at)] };
  return {
    searchComplete: [
      {
        text: "status:",
        label: "status",
        type: "field",
        detail: "STATUS as kubectl prints it, health, or Ready",
        count: null,
        from: 0,
        to: 2,
      },
      { ...value("CrashLoopBackOff", 7, 0, 2), text: "status:CrashLoopBackOff" },
    ],
  };
}

/** By one field clusters, by two a namespace beside each. */
export function groupsOf(query: string): SearchQuery["search"]["groups"] {
  const two = /group:\S+,/.test(query);
  return Array.from({ length: two ? 140 : 3 }, (_, i) => {
    const size = two ? 160 - i : [412, 398, 391][i];
    const count = size ?? 1;
    return {
      values: two ? [`zone${(i % 3) + 1}`, i === 5 ? "" : `team-${i}`] : [`zone${i + 1}`],
      count,
      ready: Math.floor(count * 0.6),
      notReady: i === 0 ? 31 : i % 7 === 0 ? 3 : 0,
    };
  });
}
