import { lazy, Suspense } from "react";
import type { Action } from "../../api/actions";
import { askedWords, paceWords } from "../../lib/again";
import { at } from "../../lib/containers";
import { Skeleton } from "../Panels";

const CodeView = lazy(async () => ({ default: (await import("../CodeView")).CodeView }));

/** What was asked of the hub, and how fast it goes: what a colleague reviews beside the changes. */
export function Asked({ action: a }: { action: Action }) {
  const words = askedWords(a.parameters);
  const pace = paceWords(a.waves);
  const manifest = at(a.parameters, "manifest");
  if (words.length === 0 && pace === "" && typeof manifest !== "string") return null;
  return (
    <div className="flex flex-col gap-2 text-sm">
      <dl className="flex flex-wrap gap-x-4 gap-y-1">
        {words.map(([name, value]) => (
          <div key={`${name} ${value}`} className="flex min-w-0 gap-1.5">
            <dt className="text-muted">{name}</dt>
            <dd className="min-w-0 font-mono text-xs leading-5 break-all">{value}</dd>
          </div>
        ))}
        {pace !== "" && (
          <div className="flex gap-1.5">
            <dt className="text-muted">pace</dt>
            <dd>{pace}</dd>
          </div>
        )}
      </dl>
      {typeof manifest === "string" && (
        <details className="rounded-lg border border-line">
          <summary className="cursor-pointer px-3 py-1.5 text-muted hover:bg-hover">The manifest</summary>
          <div className="h-80 border-t border-line">
            <Suspense fallback={<Skeleton rows={8} label="Loading the editor" />}>
              <CodeView text={manifest} label="Manifest that is applied" />
            </Suspense>
          </div>
        </details>
      )}
    </div>
  );
}
