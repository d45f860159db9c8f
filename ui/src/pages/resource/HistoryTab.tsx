import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { GitCompareArrows, RotateCcw, ScanSearch, Undo2, X } from "lucide-react";
import { lazy, Suspense, useState, type ReactNode } from "react";
import type { ActionVerb } from "../../api/generated";
import { suspects, type Suspect } from "../../api/compare";
import { diffs, history, yamlAt, type Resource, type Version } from "../../api/resource";
import { Button } from "../../components/Button";
import { ChangedObject } from "../../components/ChangedObject";
import { useNow } from "../../components/clock";
import { Health } from "../../components/Health";
import { EmptyPanel, ErrorPanel, Skeleton } from "../../components/Panels";
import { Time } from "../../components/Time";
import { UnifiedDiff } from "../../components/UnifiedDiff";
import { many } from "../../lib/count";
import { troubled } from "../../lib/health";
import { withoutParts } from "../../lib/manifest";
import { exact } from "../../lib/time";
import { changeWords } from "../../lib/versions";

const DiffView = lazy(async () => ({ default: (await import("../../components/DiffView")).DiffView }));

interface Props {
  objectRef: string;
  /** As it is now; null when it is gone. */
  resource: Resource | null;
  chosen: string | undefined;
  against: string | undefined;
  onAct: (verb: ActionVerb, version: { id: string; words: string }) => void;
}

/** Every version that was observed; the chosen one against the one before it, or against any other. */
export function HistoryTab({ objectRef, resource, chosen, against, onAct }: Props) {
  const navigate = useNavigate();
  const pages = useInfiniteQuery(history(objectRef));
  const [noise, setNoise] = useState(false);
  const [suspicious, setSuspicious] = useState(() => resource !== null && troubled(resource));
  const suspected = useSuspects(suspicious && resource ? resource.uid : undefined);
  if (pages.error && !pages.data) return <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />;
  if (!pages.data) return <Skeleton rows={8} label="Asking for the history" />;

  const all = pages.data.pages.flatMap((p, i) =>
    p.nodes.map((version) => ({ version, after: cursorOf(pages.data.pageParams[i]) })),
  );
  if (all.length === 0)
    return (
      <EmptyPanel title="No version is known">
        <p>The hub has not observed this object, or its history has expired.</p>
      </EmptyPanel>
    );
  const shown = noise ? all : all.filter(({ version: v }) => v.meaningful || v.type !== "UPDATED");
  const list = shown.length > 0 ? shown : all;
  const current = all.find((v) => v.version.id === chosen) ?? list[0];
  const other = against === undefined ? undefined : all.find((v) => v.version.id === against)?.version;
  const go = (v: string | undefined, w: string | undefined): void =>
    void navigate({
      to: ".",
      search: (s: Record<string, unknown>) => ({ ...s, tab: "history", v, with: w }),
      replace: true,
    });
  const hidden = all.length - list.length;

  return (
    <div className="flex h-full min-h-0 flex-col md:flex-row">
      <section
        aria-label="Versions"
        className="flex max-h-[40dvh] shrink-0 flex-col border-b border-line bg-surface md:max-h-none md:w-80 md:border-r md:border-b-0"
      >
        <div className="flex items-center justify-between border-b border-line bg-raised px-3 py-1.5 text-xs text-muted">
          <span>{many(pages.data.pages[0]?.total ?? all.length, "version")}</span>
          {resource && (
            <label className="inline-flex min-h-6 items-center gap-1.5" title="What may have broken it, of all objects">
              <input
                type="checkbox"
                className="size-3.5 accent-(--accent)"
                checked={suspicious}
                onChange={(e) => setSuspicious(e.target.checked)}
              />
              suspects
            </label>
          )}
          <label className="inline-flex min-h-6 items-center gap-1.5">
            <input
              type="checkbox"
              className="size-3.5 accent-(--accent)"
              checked={noise}
              onChange={(e) => setNoise(e.target.checked)}
            />
            status too{!noise && hidden > 0 ? ` (${hidden})` : ""}
          </label>
        </div>
        <ol className="min-h-0 grow overflow-y-auto">
          {timeline(
            list.map((l) => l.version),
            suspected,
            objectRef,
          ).map((item) =>
            item.version ? (
              <VersionRow
                key={item.version.id}
                version={item.version}
                suspect={item.suspect}
                chosen={item.version.id === current?.version.id}
                other={item.version.id === other?.id}
                onChoose={() => go(item.version?.id, undefined)}
                onCompare={() => go(current?.version.id, item.version?.id)}
              />
            ) : (
              <SuspectRow
                key={`${item.suspect.change.version.ref} ${item.suspect.change.version.id}`}
                suspect={item.suspect}
              />
            ),
          )}
          {pages.hasNextPage && (
            <li className="p-2">
              <Button
                small
                className="w-full"
                busy={pages.isFetchingNextPage}
                onClick={() => void pages.fetchNextPage()}
              >
                Older versions
              </Button>
            </li>
          )}
        </ol>
      </section>
      <section aria-label="Difference" className="flex min-h-60 min-w-0 grow flex-col bg-surface">
        {current &&
          (other ? (
            <Pair
              objectRef={objectRef}
              a={older(current.version, other)}
              b={newer(current.version, other)}
              onClose={() => go(current.version.id, undefined)}
            />
          ) : (
            <Against
              objectRef={objectRef}
              version={current.version}
              after={current.after}
              newest={all[0]?.version.id ?? ""}
              tools={
                <WayBack
                  version={current.version}
                  newest={all.find(({ version: v }) => v.meaningful || v.type !== "UPDATED")?.version.id ?? ""}
                  verbs={resource?.verbs ?? []}
                  onAct={onAct}
                />
              }
            />
          ))}
      </section>
    </div>
  );
}

const day = 86_400;

function useSuspects(uid: string | undefined): Suspect[] {
  const now = useNow();
  // Asked as of the minute, so that the list stands still while it is read.
  const before = new Date(Math.ceil(now / 60_000) * 60_000).toISOString();
  const { data } = useQuery({
    ...suspects(`uid:${uid ?? ""}`, before, day, 6),
    enabled: uid !== undefined,
    placeholderData: keepPreviousData,
  });
  return uid === undefined ? none : (data ?? none);
}

const none: Suspect[] = [];

type TimelineItem = { version: Version; suspect: Suspect | undefined } | { version: undefined; suspect: Suspect };

/** Versions of the object, and between them the changes of others that may have broken it. */
function timeline(versions: Version[], suspected: Suspect[], self: string): TimelineItem[] {
  const own = new Map(suspected.filter((s) => s.change.version.ref === self).map((s) => [s.change.version.id, s]));
  const oldest = versions.at(-1)?.observedAt ?? "";
  const others = suspected.filter((s) => s.change.version.ref !== self && s.change.version.observedAt >= oldest);
  const items: TimelineItem[] = [
    ...versions.map((version) => ({ version, suspect: own.get(version.id) })),
    ...others.map((suspect) => ({ version: undefined, suspect })),
  ];
  const at = (i: TimelineItem): number => Date.parse((i.version ?? i.suspect.change.version).observedAt);
  return items.toSorted((a, b) => at(b) - at(a));
}

function cursorOf(param: unknown): string | null {
  return typeof param === "string" ? param : null;
}

function older(a: Version, b: Version): Version {
  return Date.parse(a.observedAt) <= Date.parse(b.observedAt) ? a : b;
}

function newer(a: Version, b: Version): Version {
  return older(a, b) === a ? b : a;
}

interface RowProps {
  version: Version;
  suspect: Suspect | undefined;
  chosen: boolean;
  other: boolean;
  onChoose: () => void;
  onCompare: () => void;
}

function VersionRow({ version: v, suspect, chosen, other, onChoose, onCompare }: RowProps) {
  return (
    <li
      className={`group flex items-stretch border-b border-line/60 ${chosen ? "bg-accent-soft" : other ? "bg-warn-soft" : "hover:bg-hover"}`}
    >
      <button
        type="button"
        aria-pressed={chosen}
        className="flex min-w-0 grow flex-col gap-0.5 px-3 py-2 text-left text-sm"
        onClick={onChoose}
      >
        <span className={`break-words ${v.meaningful || v.type !== "UPDATED" ? "font-medium" : "text-muted"}`}>
          {changeWords(v)}
        </span>
        {suspect && <Suspicion suspect={suspect} />}
        <span className="flex flex-wrap gap-x-2 text-xs text-muted">
          <Time at={v.observedAt} as="clock" />
          {v.changedBy && <span>{v.changedBy}</span>}
        </span>
        <span className="text-xs">
          <Health health={v.health} status={v.status} />
        </span>
      </button>
      {!chosen && (
        <button
          type="button"
          aria-label={`Compare with the version of ${exact(v.observedAt)}`}
          title="Compare with the chosen one"
          className="grid w-9 shrink-0 place-items-center text-muted opacity-60 group-hover:opacity-100 hover:text-accent focus-visible:opacity-100"
          onClick={onCompare}
        >
          <GitCompareArrows className="size-4" aria-hidden />
        </button>
      )}
    </li>
  );
}

/** A change of another object that may have broken this one. */
function SuspectRow({ suspect: s }: { suspect: Suspect }) {
  const { change: c } = s;
  return (
    <li className="flex flex-col gap-0.5 border-b border-l-2 border-line/60 border-l-warn bg-raised px-3 py-2 text-sm">
      <ChangedObject change={c} />
      <span className="break-words">{c.summary}</span>
      <Suspicion suspect={s} />
      <span className="text-xs text-muted">
        <Time at={c.version.observedAt} as="clock" />
        {c.version.changedBy && ` ${c.version.changedBy}`}
      </span>
    </li>
  );
}

/** How suspect a change is, and why. */
function Suspicion({ suspect: s }: { suspect: Suspect }) {
  return (
    <span className="flex items-start gap-1.5 text-xs text-warn">
      <ScanSearch className="mt-0.5 size-3.5 shrink-0" aria-hidden />
      <span>
        Suspect, {Math.round(s.score * 100)} of 100: {s.reasons.map((r) => r.text).join("; ")}
      </span>
    </span>
  );
}

interface AgainstProps {
  objectRef: string;
  version: Version;
  after: string | null;
  newest: string;
  tools: ReactNode;
}

/** Takes a change back, or everything since. */
function WayBack({
  version: v,
  newest,
  verbs,
  onAct,
}: {
  version: Version;
  newest: string;
  verbs: readonly string[];
  onAct: Props["onAct"];
}) {
  const chosen = { id: v.id, words: changeWords(v) };
  return (
    <span className="ml-auto flex flex-wrap gap-1.5">
      {verbs.includes("REVERT") && v.type === "UPDATED" && v.meaningful && (
        <Button
          small
          icon={Undo2}
          title="Takes this change back and leaves what was changed since"
          onClick={() => onAct("REVERT", chosen)}
        >
          Revert this change
        </Button>
      )}
      {verbs.includes("ROLL_BACK") && v.type !== "DELETED" && v.id !== newest && (
        <Button
          small
          icon={RotateCcw}
          title="Brings the pod template of this version back"
          onClick={() => onAct("ROLL_BACK", chosen)}
        >
          Back to this version
        </Button>
      )}
    </span>
  );
}

/** A version against the one before it. */
function Against({ objectRef, version: v, after, newest, tools }: AgainstProps) {
  const { data, error, refetch } = useQuery(diffs(objectRef, after, newest, false));
  const diff = data?.get(v.id);
  return (
    <>
      <DiffHeader>
        <strong>{changeWords(v)}</strong> <Time at={v.observedAt} />
        {v.changedBy && ` by ${v.changedBy}`}, against the version before it
        {tools}
      </DiffHeader>
      {error ? (
        <ErrorPanel error={error} retry={() => void refetch()} />
      ) : diff === undefined ? (
        <Skeleton rows={6} label="Asking for the difference" />
      ) : diff === "" ? (
        <p className="p-4 text-muted">
          {v.type === "UPDATED" ? "Nothing that is shown differs." : "There is no version before it to compare with."}
        </p>
      ) : (
        <div className="min-h-0 grow overflow-auto">
          <UnifiedDiff diff={diff} label="Difference against the version before" />
        </div>
      )}
    </>
  );
}

/** Any two versions, side by side. */
function Pair({ objectRef, a, b, onClose }: { objectRef: string; a: Version; b: Version; onClose: () => void }) {
  const before = useQuery(yamlAt(objectRef, a.observedAt));
  const after = useQuery(yamlAt(objectRef, b.observedAt));
  const [status, setStatus] = useState(false);
  const error = before.error ?? after.error;
  const cut = (text: string): string => withoutParts(text, { status: !status, managedFields: true });
  return (
    <>
      <DiffHeader>
        <span>
          <Time at={a.observedAt} as="clock" /> against <Time at={b.observedAt} as="clock" />
        </span>
        <label className="inline-flex min-h-6 items-center gap-1.5">
          <input
            type="checkbox"
            className="size-3.5 accent-(--accent)"
            checked={status}
            onChange={(e) => setStatus(e.target.checked)}
          />
          status
        </label>
        <Button small icon={X} onClick={onClose}>
          Against the one before
        </Button>
      </DiffHeader>
      {error ? (
        <ErrorPanel error={error} />
      ) : before.data === undefined || after.data === undefined ? (
        <Skeleton rows={10} label="Asking for both versions" />
      ) : before.data === null || after.data === null ? (
        <p className="p-4 text-muted">One of them is a deletion: there is nothing to compare.</p>
      ) : (
        <div className="min-h-0 grow">
          <Suspense fallback={<Skeleton rows={10} label="Loading the editor" />}>
            <DiffView
              before={cut(before.data)}
              after={cut(after.data)}
              split={matchMedia("(min-width: 1100px)").matches}
            />
          </Suspense>
        </div>
      )}
    </>
  );
}

function DiffHeader({ children }: { children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b border-line bg-raised px-3 py-1.5 text-sm">
      {children}
    </div>
  );
}
