import { Link } from "@tanstack/react-router";
import { ChevronRight, Clock, RotateCw, Scaling } from "lucide-react";
import type { Resource } from "../../api/resource";
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

interface Props {
  objectRef: string;
  resource: Resource | null;
  at: string | undefined;
  onAct: (verb: "RESTART" | "SCALE") => void;
}

/** Which object this is, how it is in a sentence, and what can be done with it. */
export function ResourceHeader({ objectRef, resource: r, at, onAct }: Props) {
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
          {r && at === undefined && r.verbs.includes("RESTART") && (
            <Button icon={RotateCw} title="Restart (r)" onClick={() => onAct("RESTART")}>
              Restart
            </Button>
          )}
          {r && at === undefined && r.verbs.includes("SCALE") && (
            <Button icon={Scaling} title="Scale (s)" onClick={() => onAct("SCALE")}>
              Scale
            </Button>
          )}
        </span>
      </div>
      {r && <p className="text-sm">{healthSentence(r, at === undefined ? now : Date.parse(at))}</p>}
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
