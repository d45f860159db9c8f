import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState, type ReactNode } from "react";
import type { ActionVerb } from "../api/generated";
import { resource } from "../api/resource";
import type { ActionRequest } from "../components/action/request";
import { useCommands } from "../components/commands";
import { useKeys } from "../components/keys";
import { ErrorPanel, Skeleton } from "../components/Panels";
import { kubectlGet } from "../lib/kubectl";
import { formatRef, refOfParams } from "../lib/ref";
import { fitting, offered, verbs } from "../lib/verbs";
import { DiffTab } from "./resource/DiffTab";
import { EventsTab } from "./resource/EventsTab";
import { Gone } from "./resource/Gone";
import { HistoryTab } from "./resource/HistoryTab";
import { OverviewTab } from "./resource/OverviewTab";
import { RelationsTab } from "./resource/RelationsTab";
import { ResourceHeader } from "./resource/ResourceHeader";
import { TreeTab } from "./resource/TreeTab";
import { useLiveResource } from "./resource/useLiveResource";
import { YamlTab } from "./resource/YamlTab";

const ActionDialog = lazy(async () => ({ default: (await import("../components/action/ActionDialog")).ActionDialog }));

const route = getRouteApi("/frame/r/$cluster/$group/$resource/$namespace/$name");

const tabs = [
  { id: "overview", word: "Overview" },
  { id: "yaml", word: "YAML" },
  { id: "history", word: "History" },
  { id: "diff", word: "Diff" },
  { id: "events", word: "Events" },
  { id: "tree", word: "Tree" },
  { id: "relations", word: "Relations" },
] as const;

/** One object: how it is, what it is, what it was, what happened to it, what belongs to it. */
export function ResourcePage() {
  const params = route.useParams();
  const search = route.useSearch();
  const navigate = useNavigate();
  const ref = formatRef(refOfParams(params));
  const { data, error, refetch, isPending } = useQuery(resource(ref, search.at));
  const [request, setRequest] = useState<ActionRequest | null>(null);
  useLiveResource(search.at === undefined ? data?.uid : undefined);

  const tab = tabs.find((t) => t.id === search.tab)?.id ?? "overview";
  const show = (id: string): void =>
    void navigate({
      to: ".",
      search: (s: Record<string, unknown>) => ({
        ...s,
        tab: id === "overview" ? undefined : id,
        v: undefined,
        with: undefined,
        to: undefined,
        toAt: undefined,
        types: undefined,
        depth: undefined,
        as: undefined,
      }),
    });
  const offers = data && search.at === undefined ? fitting(offered([data]), data.object) : [];
  const act = (verb: ActionVerb, version?: ActionRequest["version"]): void => {
    if (data?.verbs.includes(verb) && search.at === undefined)
      setRequest({ verb, refs: [ref], leftOut: 0, ...(version ? { version } : {}) });
  };
  useKeys({
    ...Object.fromEntries(tabs.map((t, i) => [String(i + 1), () => show(t.id)])),
    e: () => {
      if (offers.length > 0) void navigate({ to: "/apply", search: { from: ref } });
    },
    r: () => act("RESTART"),
    s: () => act("SCALE"),
    Delete: () => act("DELETE"),
  });

  const command = kubectlGet(ref);
  useCommands([
    ...offers.map((verb) => {
      const words = verbs[verb];
      return {
        title: `${words.word} ${data?.kind ?? ""} ${params.name}`,
        ...(words.key === undefined ? {} : { key: words.key }),
        run: () => act(verb),
      };
    }),
    ...tabs.map((t, i) => ({ title: `${t.word} of ${params.name}`, key: String(i + 1), run: () => show(t.id) })),
    { title: "Copy its reference", run: () => void navigator.clipboard.writeText(ref) },
    ...(command === undefined || search.at !== undefined
      ? []
      : [{ title: "Copy the kubectl command for it", run: () => void navigator.clipboard.writeText(command) }]),
  ]);

  const view = (): ReactNode => {
    if (error && data === undefined)
      return (
        <>
          <h1 className="visually-hidden">{params.name}</h1>
          <ErrorPanel error={error} retry={() => void refetch()} />
        </>
      );
    if (isPending) return <Skeleton rows={10} label={`Asking for ${params.name}`} />;
    if (!data && tab !== "history") return <Gone objectRef={ref} name={params.name} at={search.at} />;

    return (
      <div className="flex h-full min-h-0 flex-col">
        <ResourceHeader objectRef={ref} resource={data ?? null} at={search.at} offers={offers} onAct={act} />
        <div
          role="tablist"
          aria-label="Views of the object"
          className="flex shrink-0 overflow-x-auto border-b border-line bg-surface px-2"
        >
          {tabs.map((t) => (
            <button
              key={t.id}
              type="button"
              role="tab"
              id={`tab-${t.id}`}
              aria-selected={tab === t.id}
              aria-controls="tab-panel"
              tabIndex={tab === t.id ? 0 : -1}
              className={`min-h-9 border-b-2 px-3 text-sm ${tab === t.id ? "border-accent font-semibold text-ink" : "border-transparent text-muted hover:text-ink"}`}
              onClick={() => show(t.id)}
              onKeyDown={(event) => {
                const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
                const next = tabs[(tabs.findIndex((x) => x.id === tab) + step + tabs.length) % tabs.length];
                if (step === 0 || !next) return;
                show(next.id);
                document.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
              }}
            >
              {t.word}
            </button>
          ))}
        </div>
        <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`} className="min-h-0 grow overflow-y-auto">
          {tab === "history" ? (
            <HistoryTab objectRef={ref} resource={data ?? null} chosen={search.v} against={search.with} onAct={act} />
          ) : !data ? null : tab === "yaml" ? (
            <YamlTab resource={data} />
          ) : tab === "events" ? (
            <EventsTab resource={data} />
          ) : tab === "diff" ? (
            <DiffTab resource={data} to={search.to} toAt={search.toAt} at={search.at} />
          ) : tab === "relations" ? (
            <RelationsTab objectRef={ref} types={search.types} depth={search.depth} as={search.as} />
          ) : tab === "tree" ? (
            <TreeTab objectRef={ref} />
          ) : (
            <OverviewTab resource={data} at={search.at} />
          )}
        </div>
      </div>
    );
  };
  return (
    <>
      {view()}
      {/* It outlasts the object that it deletes. */}
      {request && (
        <Suspense>
          <ActionDialog request={request} onClose={() => setRequest(null)} />
        </Suspense>
      )}
    </>
  );
}
