import { Link } from "@tanstack/react-router";
import { ChevronRight, Clock, Pencil } from "lucide-react";
import type { ActionVerb } from "../../api/generated";
import type { Resource } from "../../api/resource";
import { icons, VerbMenu } from "../../components/action/VerbMenu";
import { Button } from "../../components/Button";
import { useNow } from "../../components/clock";
import { CopyButton } from "../../components/CopyButton";
import { Health } from "../../components/Health";
import { Notice } from "../../components/Panels";
import { written } from "../../lib/filters";
import { healthSentence } from "../../lib/health";
import { kubectlGet } from "../../lib/kubectl";
import { parseRef } from "../../lib/ref";
import { exact } from "../../lib/time";
import { prominent, verbs } from "../../lib/verbs";
import { OwnerLine } from "./OwnerLine";

interface Props {
  objectRef: string;
  resource: Resource | null;
  at: string | undefined;
  /** What can be done with it now. */
  offers: readonly ActionVerb[];
  onAct: (verb: ActionVerb) => void;
}

/** Which object this is, how it is in a sentence, and what can be done with it. */
export function ResourceHeader({ objectRef, resource: r, at, offers, onAct }: Props) {
  const now = useNow();
  const ref = parseRef(objectRef);
  const command = kubectlGet(objectRef);
  const steps: { text: string; q: string }[] = [];
  if (ref) {
    steps.push({ text: ref.cluster, q: `cluster:${written(ref.cluster)}` });
    if (ref.namespace)
      steps.push({ text: ref.namespace, q: `cluster:${written(ref.cluster)} ns:${written(ref.namespace)}` });
    const kind = ref.group ? `${ref.resource}.${ref.group}` : ref.resource;
    steps.push({
      text: r?.kind ?? ref.resource,
      q: `cluster:${written(ref.cluster)}${ref.namespace ? ` ns:${written(ref.namespace)}` : ""} kind:${written(kind)}`,
    });
  }
  return (
    <header className="flex shrink-0 flex-col gap-2 border-b border-line bg-surface px-4 py-3">
      <nav aria-label="Where it is" className="flex flex-wrap items-center gap-0.5 text-sm text-muted">
        {steps.map((s, i) => (
          <span key={s.q} className="inline-flex items-center gap-0.5">
            {i > 0 && <ChevronRight className="size-3.5" aria-hidden />}
            <Link to="/search" search={{ q: s.q }} className="rounded hover:text-accent hover:underline">
              {s.text}
            </Link>
          </span>
        ))}
      </nav>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="min-w-0 text-lg font-semibold break-all">{ref?.name ?? objectRef}</h1>
        {r && <Health health={r.health} status={r.status} />}
        <span className="ml-auto flex flex-wrap gap-2">
          <CopyButton text={objectRef} what="reference" />
          {r && at === undefined && command !== undefined && <CopyButton text={command} what="kubectl command" />}
          {prominent(offers, 2).map((verb) => {
            const words = verbs[verb];
            return (
              <Button
                key={verb}
                icon={icons[verb]}
                title={words.key === undefined ? undefined : `${words.word} (${words.key})`}
                onClick={() => onAct(verb)}
              >
                {words.word}
              </Button>
            );
          })}
          {r && at === undefined && offers.length > 0 && (
            <Link
              to="/apply"
              search={{ from: objectRef }}
              title="Change its manifest and apply it, here and elsewhere (e)"
              className="inline-flex min-h-8 items-center gap-1.5 rounded-md border border-edge/60 bg-surface px-3 text-sm hover:bg-hover"
            >
              <Pencil className="size-4" aria-hidden />
              Edit
            </Link>
          )}
          <VerbMenu verbs={offers} onAct={onAct} />
        </span>
      </div>
      {r && <p className="text-sm">{healthSentence(r, at === undefined ? now : Date.parse(at))}</p>}
      {r && at === undefined && <OwnerLine owners={r.managedBy} />}
      {at !== undefined && (
        <Notice icon={Clock} tone="info">
          As of <strong>{exact(at)}</strong>.{" "}
          <Link
            to="."
            search={(s: Record<string, unknown>) => ({ ...s, at: undefined })}
            className="text-accent underline"
          >
            Show it as it is now
          </Link>
        </Notice>
      )}
    </header>
  );
}
