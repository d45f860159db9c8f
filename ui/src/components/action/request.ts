import { useQueries } from "@tanstack/react-query";
import type { ActionVerb } from "../../api/generated";
import { resource } from "../../api/resource";
import type { Sample } from "../../lib/wish";

/** What somebody wants done: to objects, or to every result of a query. */
export interface ActionRequest {
  verb: ActionVerb;
  refs?: string[];
  query?: string;
  /** Results of the query, to say how many. */
  total?: number;
  /** Selected objects that do not know the verb. */
  leftOut: number;
  /** Objects of which the form shows what is now; the refs when not given. */
  samples?: string[];
  /** The version of history that it is about. */
  version?: { id: string; words: string };
}

/** So many objects are read for a form: more would not tell more. */
const most = 6;

/** The objects that a form begins with, once they are there; those that cannot be read are left out. */
export function useSamples(request: ActionRequest): { samples: Sample[]; ready: boolean; first: string | undefined } {
  const refs = (request.samples ?? request.refs ?? []).slice(0, most);
  const wanted = prefilled.has(request.verb) ? refs : [];
  const results = useQueries({ queries: wanted.map((ref) => resource(ref)) });
  return {
    samples: results.flatMap((r) => (r.data ? [r.data] : [])),
    ready: results.every((r) => !r.isPending),
    first: refs[0],
  };
}

const prefilled = new Set<ActionVerb>([
  "SCALE",
  "AUTOSCALE",
  "SET_IMAGE",
  "SET_ENV",
  "SET_RESOURCES",
  "LABEL",
  "ANNOTATE",
]);
