import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ClipboardCheck, ExternalLink, RotateCcw } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { action, plan as planAction, remember } from "../../api/actions";
import type { ActionInput } from "../../api/generated";
import { ActionView } from "../../components/action/ActionView";
import { box, label, tick } from "../../components/action/fields";
import { PaceFields } from "../../components/action/PaceFields";
import { Button } from "../../components/Button";
import { ErrorPanel, Skeleton } from "../../components/Panels";
import { many } from "../../lib/count";
import { redacted } from "../../lib/manifest";
import { overridesOf } from "../../lib/override";
import { usualPace, wavesOf } from "../../lib/wish";
import { ClusterPicker } from "./ClusterPicker";
import { keepDraft, loadDraft, type ApplyDraft } from "./draft";
import { OverrideFields } from "./OverrideFields";

const YamlEditor = lazy(async () => ({ default: (await import("../../components/YamlEditor")).YamlEditor }));

interface Props {
  draftKey: string;
  /** The manifest that it begins with, unless one was being written. */
  first: string;
  chosen: readonly string[];
  /** The last plan that was made. */
  plan: string | undefined;
  onChoose: (clusters: string[]) => void;
  onPlan: (id: string) => void;
}

export function ApplyForm({ draftKey, first, chosen, plan, onChoose, onPlan }: Props) {
  const client = useQueryClient();
  const begin = (): ApplyDraft => ({ key: draftKey, first, manifest: first, overrides: [] });
  const [draft, setDraft] = useState<ApplyDraft>(() => loadDraft(draftKey) ?? begin());
  const [pace, setPace] = useState(usualPace);
  const [reason, setReason] = useState("");
  const [force, setForce] = useState(false);
  const [direct, setDirect] = useState(false);
  const [missing, setMissing] = useState("");
  const result = useRef<HTMLElement>(null);
  const planned = useQuery({ ...action(plan ?? ""), enabled: plan !== undefined });
  const make = useMutation({
    mutationFn: planAction,
    onSuccess: (a) => {
      remember(client, a);
      onPlan(a.id);
      requestAnimationFrame(() => result.current?.scrollIntoView({ block: "start" }));
    },
  });
  useEffect(() => keepDraft(draft), [draft]);

  const submit = (): void => {
    const overrides = overridesOf(draft.overrides);
    const waves = wavesOf(pace);
    if (draft.manifest.trim() === "") return setMissing("The manifest is empty.");
    if (draft.manifest.includes(redacted))
      return setMissing(`${redacted} stands for a secret value that the hub does not have: take that field out.`);
    if (chosen.length === 0) return setMissing("Choose a cluster.");
    if ("missing" in overrides) return setMissing(overrides.missing);
    if (waves && "missing" in waves) return setMissing(waves.missing);
    setMissing("");
    const input: ActionInput = {
      verb: "APPLY",
      parameters: {
        manifest: draft.manifest,
        clusters: [...chosen],
        ...(overrides.length > 0 ? { overrides } : {}),
        ...(force ? { force } : {}),
        ...(direct ? { direct } : {}),
      },
      ...(waves ? { waves } : {}),
      reason: reason.trim(),
    };
    make.mutate(input);
  };

  return (
    <>
      <div className="grid gap-3 lg:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="h-[70dvh] min-h-80 overflow-hidden rounded-lg border border-line bg-surface">
          <Suspense fallback={<Skeleton rows={14} label="Loading the editor" />}>
            <YamlEditor
              text={draft.manifest}
              label="Manifest"
              onChange={(manifest) => setDraft((d) => ({ ...d, manifest }))}
              onDone={submit}
            />
          </Suspense>
        </div>
        <form
          aria-label="Where and how"
          className="panel flex flex-col gap-4 p-3"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <ClusterPicker chosen={chosen} onChoose={onChoose} />
          <OverrideFields
            overrides={draft.overrides}
            onChange={(overrides) => setDraft((d) => ({ ...d, overrides }))}
          />
          <label className={label}>
            Reason, for the record
            <input
              maxLength={500}
              placeholder="Why, or a ticket"
              className={`${box} min-w-0`}
              value={reason}
              onChange={(e) => setReason(e.target.value)}
            />
          </label>
          <label className={tick}>
            <input
              type="checkbox"
              className="mt-0.5 size-4 accent-(--accent)"
              checked={force}
              onChange={(e) => setForce(e.target.checked)}
            />
            Take over fields that others own
          </label>
          <details className="rounded-md border border-line">
            <summary className="cursor-pointer px-3 py-1.5 text-sm text-muted hover:bg-hover">
              How fast, and past whom
            </summary>
            <div className="flex flex-col gap-3 border-t border-line p-3">
              <PaceFields pace={pace} onChange={setPace} />
              <label className={tick}>
                <input
                  type="checkbox"
                  className="mt-0.5 size-4 accent-(--accent)"
                  checked={direct}
                  onChange={(e) => setDirect(e.target.checked)}
                />
                Also where an owner would take the change back
              </label>
            </div>
          </details>
          {missing !== "" && (
            <p role="alert" className="text-sm text-bad">
              {missing}
            </p>
          )}
          <div className="flex flex-wrap items-center gap-2">
            <Button type="submit" look="primary" icon={ClipboardCheck} busy={make.isPending} title="Ctrl+Enter">
              {make.isPending ? "Planning: dry run on the clusters" : `Plan for ${many(chosen.length, "cluster")}`}
            </Button>
            <span className="text-xs text-muted">a dry run; nothing is written</span>
            {draft.manifest !== first && (
              <Button look="quiet" icon={RotateCcw} className="ml-auto" onClick={() => setDraft(begin())}>
                Begin again
              </Button>
            )}
          </div>
        </form>
      </div>
      {make.error && <ErrorPanel error={make.error} />}
      {plan !== undefined && (
        <section ref={result} aria-label="Plan" className="flex flex-col gap-3">
          {planned.error && !planned.data ? (
            <ErrorPanel error={planned.error} retry={() => void planned.refetch()} />
          ) : planned.data ? (
            <>
              <div className="flex flex-wrap items-baseline gap-x-3">
                <h2 className="text-base font-semibold">{planned.data.title}</h2>
                <Link
                  to="/actions/$id"
                  params={{ id: planned.data.id }}
                  className="inline-flex items-center gap-1 text-sm text-accent hover:underline"
                >
                  <ExternalLink className="size-3.5" aria-hidden />
                  Open as a page that can be shared
                </Link>
              </div>
              <ActionView action={planned.data} onFollow={onPlan} />
            </>
          ) : planned.isPending ? (
            <Skeleton rows={5} label="Asking for the plan" />
          ) : null}
        </section>
      )}
    </>
  );
}
