import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import type { ReactNode } from "react";
import { history, type Resource } from "../../api/resource";
import { useNow } from "../../components/clock";
import { ErrorPanel, Skeleton } from "../../components/Panels";
import { SuspectList } from "../../components/SuspectList";
import { Time } from "../../components/Time";
import { conditionsOf } from "../../lib/conditions";
import { written } from "../../lib/filters";
import { troubled } from "../../lib/health";
import { paramsOf, parseRef } from "../../lib/ref";
import { changeWords } from "../../lib/versions";
import { OwnerChain } from "./OwnerChain";

export function OverviewTab({ resource: r, at }: { resource: Resource; at: string | undefined }) {
  return (
    <div className="grid gap-3 p-3 lg:grid-cols-2">
      <OwnerChain owners={r.managedBy} />
      {at === undefined && troubled(r) && (
        <section aria-label="What may have broken it" className="panel min-w-0 lg:col-span-2">
          <h2 className="border-b border-line px-3 py-1.5 text-sm font-semibold">What may have broken it</h2>
          <Suspicion resource={r} />
        </section>
      )}
      <Panel title="State">
        <Facts resource={r} />
      </Panel>
      <Conditions resource={r} />
      {at === undefined && <LastChanges objectRef={r.ref} />}
      <Panel title="Labels">
        <Pairs pairs={r.labels} field="label" empty="It has no labels." />
      </Panel>
      <Panel title="Annotations">
        <Pairs pairs={r.annotations} empty="It has no annotations." />
      </Panel>
    </div>
  );
}

const day = 86_400;

function Suspicion({ resource: r }: { resource: Resource }) {
  // Asked as of the minute, so that what is shown does not flicker with the clock.
  const now = useNow();
  const before = new Date(Math.ceil(now / 60_000) * 60_000).toISOString();
  return (
    <SuspectList
      query={`uid:${r.uid}`}
      before={before}
      window={day}
      first={3}
      none="No change of the last day, to it or to what it depends on, looks like the cause."
    />
  );
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="panel min-w-0">
      <h2 className="border-b border-line px-3 py-1.5 text-sm font-semibold">{title}</h2>
      <div className="p-3 text-sm">{children}</div>
    </section>
  );
}

function Facts({ resource: r }: { resource: Resource }) {
  const owner = r.owner ? parseRef(r.owner.ref) : undefined;
  const facts: [string, ReactNode][] = [];
  if (r.replicas !== null) facts.push(["Replicas", `${r.readyReplicas ?? 0} of ${r.replicas} ready`]);
  if (r.reasons.length > 0) facts.push(["Reasons", r.reasons.join(", ")]);
  if (r.restarts !== null) facts.push(["Restarts", r.restarts]);
  if (r.images.length > 0)
    facts.push([
      "Images",
      <ul key="images" className="font-mono text-xs break-all">
        {r.images.map((i) => (
          <li key={i}>
            <Link
              to="/search"
              search={{ q: `image:${written(i)}` }}
              className="inline-flex min-h-6 items-center text-accent hover:underline"
              title="Where else does it run?"
            >
              {i}
            </Link>
          </li>
        ))}
      </ul>,
    ]);
  if (r.app)
    facts.push([
      "Application",
      <Link key="app" to="/search" search={{ q: `app:${written(r.app)}` }} className="text-accent hover:underline">
        {r.app}
      </Link>,
    ]);
  if (r.node) facts.push(["Node", r.node]);
  if (r.owner && owner)
    facts.push([
      "Owner",
      <Link
        key="owner"
        to="/r/$cluster/$group/$resource/$namespace/$name"
        params={paramsOf(owner)}
        className="text-accent hover:underline"
      >
        {r.owner.kind} {r.owner.name}
      </Link>,
    ]);
  facts.push(["Created", <Time key="created" at={r.createdAt} />]);
  facts.push([
    "Changed",
    <span key="changed">
      <Time at={r.changedAt} />
      {r.changedBy && ` by ${r.changedBy}`}
    </span>,
  ]);
  facts.push([
    "UID",
    <span key="uid" className="font-mono text-xs break-all">
      {r.uid}
    </span>,
  ]);
  return (
    <dl className="grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-1.5">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Conditions({ resource: r }: { resource: Resource }) {
  const conditions = conditionsOf(r.object);
  if (conditions.length === 0) return null;
  return (
    <Panel title="Conditions">
      <ul className="flex flex-col gap-2">
        {conditions.map((c) => {
          const Icon = c.good === undefined ? CircleDashed : c.good ? CircleCheck : CircleX;
          const color = c.good === undefined ? "text-quiet" : c.good ? "text-good" : "text-warn";
          return (
            <li key={c.type} className="flex gap-2">
              <Icon className={`mt-0.5 size-4 shrink-0 ${color}`} aria-hidden />
              <div className="min-w-0">
                <p>
                  <span className="font-medium">{c.type}</span> is {c.status}
                  {c.reason && <span className="text-muted"> · {c.reason}</span>}
                  {c.since && (
                    <span className="text-muted">
                      {" "}
                      · <Time at={c.since} />
                    </span>
                  )}
                </p>
                {c.message && <p className="text-xs break-words text-muted">{c.message}</p>}
              </div>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function LastChanges({ objectRef }: { objectRef: string }) {
  const { data, error, isPending } = useInfiniteQuery(history(objectRef));
  const ref = parseRef(objectRef);
  const last = (data?.pages[0]?.nodes ?? []).filter((v) => v.meaningful || v.type !== "UPDATED").slice(0, 5);
  return (
    <Panel title="Last changes">
      {error ? (
        <ErrorPanel error={error} />
      ) : isPending ? (
        <Skeleton rows={3} label="Asking for the history" />
      ) : last.length === 0 || !ref ? (
        <p className="text-muted">No change was observed since the hub knows it.</p>
      ) : (
        <ul className="flex flex-col gap-1.5">
          {last.map((v) => (
            <li key={v.id} className="flex gap-3">
              <span className="w-24 shrink-0 text-muted">
                <Time at={v.observedAt} />
              </span>
              <Link
                to="/r/$cluster/$group/$resource/$namespace/$name"
                params={paramsOf(ref)}
                search={{ tab: "history", v: v.id }}
                className="min-w-0 break-words text-accent hover:underline"
              >
                {changeWords(v)}
              </Link>
              {v.changedBy && <span className="ml-auto shrink-0 text-xs text-muted">{v.changedBy}</span>}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Pairs({ pairs, field, empty }: { pairs: unknown; field?: string; empty: string }) {
  const list = Object.entries((pairs ?? {}) as Record<string, unknown>).toSorted(([a], [b]) => a.localeCompare(b));
  if (list.length === 0) return <p className="text-muted">{empty}</p>;
  return (
    <dl className="flex max-h-64 flex-col overflow-y-auto font-mono text-xs">
      {list.map(([k, v]) => (
        <div key={k} className="flex min-h-6 flex-wrap items-center gap-x-2">
          <dt className="break-all text-muted">{k}</dt>
          <dd className="min-w-0 break-all">
            {field ? (
              <Link
                to="/search"
                search={{ q: `${field}.${k}=${written(String(v))}` }}
                className="inline-flex min-h-6 min-w-6 items-center text-accent hover:underline"
              >
                {String(v) || '""'}
              </Link>
            ) : (
              String(v).slice(0, 400)
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
