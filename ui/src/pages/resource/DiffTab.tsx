import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ArrowLeftRight, Equal, Search } from "lucide-react";
import { useState, type ReactNode } from "react";
import { diff, type Diff, type Side } from "../../api/compare";
import { history, type Resource } from "../../api/resource";
import { firstRows, type Row } from "../../api/search";
import { EmptyPanel, ErrorPanel, Skeleton } from "../../components/Panels";
import { Time } from "../../components/Time";
import { UnifiedDiff } from "../../components/UnifiedDiff";
import { useDebounced } from "../../components/useDebounced";
import { many } from "../../lib/count";
import { withTerm, written } from "../../lib/filters";
import { parseRef, place } from "../../lib/ref";
import { wordsOf } from "../../lib/words";
import { exact, moment } from "../../lib/time";
import { changeWords } from "../../lib/versions";
import { useNow } from "../../components/clock";

interface Props {
  resource: Resource;
  /** What it is compared with: a reference, a moment, or both. */
  to: string | undefined;
  toAt: string | undefined;
  /** When the page shows the past. */
  at: string | undefined;
}

/** The object against itself in other clusters, at other times, or against any other object. */
export function DiffTab({ resource: r, to, toAt, at }: Props) {
  const navigate = useNavigate();
  const go = (side: { to?: string; toAt?: string }): void =>
    void navigate({
      to: ".",
      search: (s: Record<string, unknown>) => ({ ...s, tab: "diff", to: side.to, toAt: side.toAt }),
      replace: true,
    });
  const here: Side = { ref: r.ref, at: at ?? null };
  // Time runs from left to right: what was stands before what is.
  const sides: [Side, Side] | undefined =
    to !== undefined
      ? [here, { ref: to, at: toAt ?? null }]
      : toAt !== undefined
        ? [{ ref: r.ref, at: toAt }, here]
        : undefined;
  return (
    <div className="flex h-full min-h-0 flex-col md:flex-row">
      <div className="flex max-h-[45dvh] shrink-0 flex-col overflow-y-auto border-b border-line bg-surface md:max-h-none md:w-80 md:border-r md:border-b-0">
        <Elsewhere resource={r} chosen={to} onChoose={(ref) => go({ to: ref })} />
        <Earlier resource={r} chosen={to === undefined ? toAt : undefined} onChoose={(at) => go({ toAt: at })} />
        <Another resource={r} chosen={to} onChoose={(ref) => go({ to: ref })} />
      </div>
      <section aria-label="Difference" className="flex min-h-60 min-w-0 grow flex-col bg-surface">
        {sides ? (
          <Compared from={sides[0]} to={sides[1]} />
        ) : (
          <EmptyPanel title="Compare it with what?">
            <p>
              With itself in another cluster, with an earlier version, or with any other object. What servers and
              controllers write for themselves is left out.
            </p>
          </EmptyPanel>
        )}
      </section>
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-b border-line last:border-b-0">
      <h2 className="bg-raised px-3 py-1.5 text-xs font-semibold text-muted">{title}</h2>
      {children}
    </section>
  );
}

function Choice({ chosen, onChoose, children }: { chosen: boolean; onChoose: () => void; children: ReactNode }) {
  return (
    <li>
      <button
        type="button"
        aria-pressed={chosen}
        className={`flex min-h-8 w-full items-center gap-2 px-3 py-1 text-left text-sm ${chosen ? "bg-accent-soft font-semibold" : "hover:bg-hover"}`}
        onClick={onChoose}
      >
        {children}
      </button>
    </li>
  );
}

/** Above so many the differences are not counted for each; a click counts one. */
const countedAtOnce = 8;

/** The same object in other clusters. */
function Elsewhere({
  resource: r,
  chosen,
  onChoose,
}: {
  resource: Resource;
  chosen: string | undefined;
  onChoose: (ref: string) => void;
}) {
  const kind = r.group === "" ? r.resource : `${r.resource}.${r.group}`;
  const query = `kind:${kind} name="${r.name}"${r.namespace ? ` ns="${r.namespace}"` : ""} -cluster="${r.cluster}" sort:cluster`;
  const { data, error } = useQuery(firstRows(query, 100));
  return (
    <Group title="The same in other clusters">
      {error ? (
        <p className="px-3 py-2 text-sm text-bad">{error.message}</p>
      ) : !data ? (
        <Skeleton rows={2} label="Looking in other clusters" />
      ) : data.nodes.length === 0 ? (
        <p className="px-3 py-2 text-sm text-muted">No other cluster has it.</p>
      ) : (
        <ul className="max-h-60 overflow-y-auto">
          {data.nodes.map((n) => (
            <Choice key={n.ref} chosen={chosen === n.ref} onChoose={() => onChoose(n.ref)}>
              <span className="truncate">{n.cluster}</span>
              {data.nodes.length <= countedAtOnce && <Count from={r.ref} to={n.ref} />}
            </Choice>
          ))}
        </ul>
      )}
    </Group>
  );
}

function Count({ from, to }: { from: string; to: string }) {
  const { data } = useQuery(diff({ ref: from, at: null }, { ref: to, at: null }, false));
  if (!data) return null;
  return (
    <span className={`ml-auto text-xs font-normal ${data.same ? "text-muted" : "text-warn"}`}>
      {data.same ? "same" : many(data.changes.length, "difference")}
    </span>
  );
}

function Earlier({
  resource: r,
  chosen,
  onChoose,
}: {
  resource: Resource;
  chosen: string | undefined;
  onChoose: (at: string) => void;
}) {
  const { data, error } = useInfiniteQuery(history(r.ref));
  const now = useNow();
  const all = data?.pages.flatMap((p) => p.nodes) ?? [];
  const list = all.filter((v) => v.type !== "DELETED" && (v.meaningful || v.type !== "UPDATED")).slice(0, 30);
  return (
    <Group title="Its earlier versions">
      {error ? (
        <p className="px-3 py-2 text-sm text-bad">{error.message}</p>
      ) : !data ? (
        <Skeleton rows={3} label="Asking for versions" />
      ) : list.length === 0 ? (
        <p className="px-3 py-2 text-sm text-muted">No other version is remembered.</p>
      ) : (
        <ul className="max-h-72 overflow-y-auto">
          {list.map((v) => (
            <Choice key={v.id} chosen={chosen === v.observedAt} onChoose={() => onChoose(v.observedAt)}>
              <span className="min-w-0 grow truncate">{changeWords(v)}</span>
              <span className="shrink-0 text-xs font-normal text-muted">{moment(v.observedAt, now)}</span>
            </Choice>
          ))}
        </ul>
      )}
    </Group>
  );
}

function Another({
  resource: r,
  chosen,
  onChoose,
}: {
  resource: Resource;
  chosen: string | undefined;
  onChoose: (ref: string) => void;
}) {
  const [typed, setTyped] = useState("");
  const settled = useDebounced(typed.trim(), 150);
  const query = withTerm(`kind:${written(r.kind)}`, wordsOf(settled) || "*");
  const { data, error } = useQuery({ ...firstRows(query, 12), enabled: settled !== "" });
  const other = chosen === undefined ? undefined : parseRef(chosen);
  const rows: Row[] = settled === "" ? [] : (data?.nodes ?? []).filter((n) => n.ref !== r.ref);
  return (
    <Group title={`Another ${r.kind}`}>
      <label className="m-2 flex h-8 items-center gap-1.5 rounded-md border border-edge/60 px-2 focus-within:border-accent">
        <Search className="size-4 shrink-0 text-muted" aria-hidden />
        <input
          type="search"
          value={typed}
          onChange={(e) => setTyped(e.target.value)}
          placeholder="Name, label or image"
          aria-label={`Find another ${r.kind}`}
          className="min-w-0 grow bg-transparent text-sm outline-none"
        />
      </label>
      {error && <p className="px-3 pb-2 text-sm text-bad">{error.message}</p>}
      {settled !== "" && data && rows.length === 0 && (
        <p className="px-3 pb-2 text-sm text-muted">None is like that.</p>
      )}
      <ul>
        {rows.map((n) => (
          <Choice key={n.ref} chosen={chosen === n.ref} onChoose={() => onChoose(n.ref)}>
            <span className="min-w-0">
              <span className="block truncate">{n.name}</span>
              <span className="block truncate text-xs font-normal text-muted">{place(n)}</span>
            </span>
          </Choice>
        ))}
        {rows.length === 0 && other && other.name !== r.name && (
          <Choice chosen onChoose={() => onChoose(chosen ?? "")}>
            <span className="min-w-0 truncate">
              {other.name} in {other.cluster}
            </span>
          </Choice>
        )}
      </ul>
    </Group>
  );
}

/** Many paths are hard to read as a list: then the YAML is shown first. */
const readable = 40;

function Compared({ from, to }: { from: Side; to: Side }) {
  const [noise, setNoise] = useState(false);
  const [as, setAs] = useState<"fields" | "yaml" | null>(null);
  const { data, error, refetch, isFetching } = useQuery({
    ...diff(from, to, noise),
    // Of the same two objects something is shown meanwhile, dimmed.
    placeholderData: (was) => (was?.from?.ref === from.ref && was.to?.ref === to.ref ? was : undefined),
  });
  if (error && !data) return <ErrorPanel error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={8} label="Comparing" />;
  const gone = data.from === null ? from : data.to === null ? to : undefined;
  const shown = as ?? (data.changes.length > readable ? "yaml" : "fields");
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-raised px-3 py-1.5 text-sm">
        <span className="min-w-0">
          <Named side={from} /> <ArrowLeftRight className="inline size-3.5 text-muted" aria-label="against" />{" "}
          <Named side={to} />
        </span>
        <strong>{data.same ? "Same" : many(data.changes.length, "difference")}</strong>
        <label className="inline-flex min-h-6 items-center gap-1.5 text-xs">
          <input
            type="checkbox"
            className="size-3.5 accent-(--accent)"
            checked={noise}
            onChange={(e) => setNoise(e.target.checked)}
          />
          noise too{!noise && data.hidden > 0 ? ` (${data.hidden})` : ""}
        </label>
        <div
          role="group"
          aria-label="Shown as"
          className="ml-auto flex overflow-hidden rounded-md border border-edge/60"
        >
          {(["fields", "yaml"] as const).map((v) => (
            <button
              key={v}
              type="button"
              aria-pressed={shown === v}
              className={`min-h-6 px-2 text-xs ${shown === v ? "bg-accent text-on-accent" : "hover:bg-hover"}`}
              onClick={() => setAs(v)}
            >
              {v === "fields" ? "Fields" : "YAML"}
            </button>
          ))}
        </div>
      </div>
      {gone ? (
        <EmptyPanel title="One of them is not there">
          <p>
            <Named side={gone} /> does not exist{gone.at === null ? " now" : " at that moment"}.
          </p>
        </EmptyPanel>
      ) : data.same ? (
        <div className="flex items-center gap-2 p-4 text-muted">
          <Equal className="size-5" aria-hidden />
          They are the same{data.hidden > 0 ? `, but for ${many(data.hidden, "difference")} of noise` : ""}.
        </div>
      ) : shown === "fields" ? (
        <Fields diff={data} from={from} to={to} busy={isFetching} />
      ) : (
        <div className="min-h-0 grow overflow-auto">
          <UnifiedDiff diff={data.unified} label="Difference as YAML" />
        </div>
      )}
    </>
  );
}

function Named({ side }: { side: Side }) {
  const ref = parseRef(side.ref);
  return (
    <span className="font-medium break-all">
      {ref ? `${ref.name} in ${ref.cluster}` : side.ref}
      {side.at !== null && (
        <>
          {" "}
          of <Time at={side.at} as="clock" />
        </>
      )}
    </span>
  );
}

function Fields({ diff: d, from, to, busy }: { diff: Diff; from: Side; to: Side; busy: boolean }) {
  const head = (side: Side, other: Side): string => {
    const a = parseRef(side.ref);
    const b = parseRef(other.ref);
    if (side.ref === other.ref) return side.at === null ? "now" : other.at === null ? "then" : exact(side.at);
    return a && b && a.cluster !== b.cluster ? a.cluster : (a?.name ?? side.ref);
  };
  return (
    // It takes the focus, so that it can be scrolled by keyboard.
    <div
      role="region"
      aria-label="Fields that differ"
      tabIndex={0}
      className={`min-h-0 grow overflow-auto ${busy ? "opacity-60" : ""}`}
    >
      <table className="w-full min-w-xl table-fixed border-collapse text-sm">
        <thead className="sticky top-0 bg-raised text-left text-xs text-muted">
          <tr>
            <th scope="col" className="w-2/5 px-3 py-1.5 font-semibold">
              Field
            </th>
            <th scope="col" className="px-3 py-1.5 font-semibold">
              {head(from, to)}
            </th>
            <th scope="col" className="px-3 py-1.5 font-semibold">
              {head(to, from)}
            </th>
          </tr>
        </thead>
        <tbody>
          {d.changes.map((c) => (
            <tr key={c.path} className="border-t border-line/60 align-top">
              <th scope="row" className="px-3 py-1.5 text-left font-mono text-xs font-normal break-words">
                {c.path}
              </th>
              <Value text={c.from} tone="bg-removed" />
              <Value text={c.to} tone="bg-added" />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Value({ text, tone }: { text: string; tone: string }) {
  return (
    <td className="px-3 py-1.5 font-mono text-xs break-words">
      {text === "" ? (
        <span className="font-sans text-muted">not there</span>
      ) : (
        <span className={`rounded px-1 whitespace-pre-wrap ${tone}`}>{text}</span>
      )}
    </td>
  );
}
