import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Row } from "../../api/search";
import { Health } from "../../components/Health";
import { Time } from "../../components/Time";
import { shortImage } from "../../lib/image";
import { paramsOf, parseRef, place } from "../../lib/ref";

export interface Column {
  id: string;
  title: string;
  width: string;
  /** What sort: takes, when the column orders. */
  sort?: string;
  /** at is the moment that the list is of; undefined for now. */
  cell: (row: Row, at: string | undefined) => ReactNode;
}

export type Layout = "wide" | "medium" | "narrow";

export function layoutOf(width: number): Layout {
  return width >= 1000 ? "wide" : width >= 680 ? "medium" : "narrow";
}

/** What of an object's page a row leads to: the object at the moment of the list; the history of what is gone. */
export function viewOf(row: Row, at: string | undefined): { at?: string; tab?: string } {
  if (at !== undefined) return { at };
  return row.deletedAt === null ? {} : { tab: "history" };
}

function NameLink({ row, at }: { row: Row; at: string | undefined }) {
  const ref = parseRef(row.ref);
  if (!ref) return <span>{row.name}</span>;
  return (
    <Link
      to="/r/$cluster/$group/$resource/$namespace/$name"
      params={paramsOf(ref)}
      search={viewOf(row, at)}
      tabIndex={-1}
      className="truncate font-medium text-accent hover:underline"
      title={row.name}
    >
      {row.name}
    </Link>
  );
}

const plain = (text: string): ReactNode => (
  <span className="truncate" title={text}>
    {text}
  </span>
);

const status: Column = {
  id: "status",
  title: "Status",
  width: "minmax(10.5rem,1.3fr)",
  sort: "status",
  cell: (r) => <Health health={r.health} status={r.status} />,
};
const kind: Column = {
  id: "kind",
  title: "Kind",
  width: "minmax(7rem,0.9fr)",
  sort: "kind",
  cell: (r) => plain(r.kind),
};
const name: Column = {
  id: "name",
  title: "Name",
  width: "minmax(10rem,2.4fr)",
  sort: "name",
  cell: (r, at) => <NameLink row={r} at={at} />,
};
const namespace: Column = {
  id: "ns",
  title: "Namespace",
  width: "minmax(6rem,1fr)",
  sort: "ns",
  cell: (r) => plain(r.namespace ?? ""),
};
const cluster: Column = {
  id: "cluster",
  title: "Cluster",
  width: "minmax(5rem,0.8fr)",
  sort: "cluster",
  cell: (r) => plain(r.cluster),
};
const ready: Column = {
  id: "ready",
  title: "Ready",
  width: "4.5rem",
  sort: "readyreplicas",
  cell: (r) =>
    r.replicas === null || r.readyReplicas === null ? (
      ""
    ) : (
      <span className={`tabular-nums ${r.readyReplicas < r.replicas ? "font-semibold text-warn" : ""}`}>
        {r.readyReplicas}/{r.replicas}
      </span>
    ),
};
const image: Column = {
  id: "image",
  title: "Image",
  width: "minmax(6rem,1.2fr)",
  cell: (r) => {
    const [first] = r.images;
    if (first === undefined) return "";
    return (
      <span className="truncate" title={r.images.join("\n")}>
        {shortImage(first)}
        {r.images.length > 1 && <span className="text-muted"> +{r.images.length - 1}</span>}
      </span>
    );
  },
};
const age: Column = {
  id: "age",
  title: "Age",
  width: "4.5rem",
  sort: "age",
  cell: (r) => <Time at={r.createdAt} as="age" />,
};
const changed: Column = {
  id: "changed",
  title: "Changed",
  width: "6.5rem",
  sort: "changed",
  cell: (r) => <Time at={r.changedAt} />,
};
const deleted: Column = {
  id: "deleted",
  title: "Deleted",
  width: "6.5rem",
  sort: "deleted",
  cell: (r) => (r.deletedAt === null ? "" : <Time at={r.deletedAt} />),
};
const summary: Column = {
  id: "name",
  title: "Name",
  width: "minmax(0,1fr)",
  sort: "name",
  cell: (r, at) => (
    <span className="flex min-w-0 flex-col leading-tight">
      <NameLink row={r} at={at} />
      <span className="truncate text-xs text-muted">
        {r.kind} · {place(r)}
      </span>
    </span>
  ),
};

const columns: Record<Layout, Column[]> = {
  wide: [status, kind, name, namespace, cluster, ready, image, age, changed],
  medium: [status, kind, name, namespace, cluster, ready, age],
  narrow: [summary, { ...status, width: "minmax(5rem,8rem)" }],
};

/** The columns of a list: where what is gone is looked for, when it went. */
export function columnsOf(layout: Layout, withDeleted: boolean): Column[] {
  return withDeleted ? columns[layout].map((c) => (c === age ? deleted : c)) : columns[layout];
}

export const rowHeight: Record<Layout, number> = { wide: 32, medium: 32, narrow: 48 };
