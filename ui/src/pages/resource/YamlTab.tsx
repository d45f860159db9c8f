import { lazy, Suspense, useState } from "react";
import type { Resource } from "../../api/resource";
import { CopyButton } from "../../components/CopyButton";
import { Skeleton } from "../../components/Panels";
import { withoutParts } from "../../lib/manifest";

const CodeView = lazy(async () => ({ default: (await import("../../components/CodeView")).CodeView }));

export function YamlTab({ resource: r }: { resource: Resource }) {
  const [status, setStatus] = useState(true);
  const [managed, setManaged] = useState(false);
  const text = withoutParts(r.yaml, { status: !status, managedFields: !managed });
  return (
    <div className="flex h-full min-h-80 flex-col">
      <div className="flex flex-wrap items-center gap-4 border-b border-line bg-raised px-3 py-1.5 text-sm">
        <label className="inline-flex min-h-6 items-center gap-1.5">
          <input
            type="checkbox"
            className="size-4 accent-(--accent)"
            checked={status}
            onChange={(e) => setStatus(e.target.checked)}
          />
          status
        </label>
        <label className="inline-flex min-h-6 items-center gap-1.5">
          <input
            type="checkbox"
            className="size-4 accent-(--accent)"
            checked={managed}
            onChange={(e) => setManaged(e.target.checked)}
          />
          managed fields
        </label>
        <span className="text-xs text-muted">resource version {r.resourceVersion}</span>
        <span className="ml-auto">
          <CopyButton small text={text} what="manifest" />
        </span>
      </div>
      <div className="min-h-0 grow">
        <Suspense fallback={<Skeleton rows={14} label="Loading the editor" />}>
          <CodeView text={text} label={`Manifest of ${r.name}`} />
        </Suspense>
      </div>
    </div>
  );
}
