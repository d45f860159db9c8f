import type { ErrorComponentProps } from "@tanstack/react-router";
import { Bug, RotateCw } from "lucide-react";
import { Button } from "../components/Button";

/** A mistake of ours, or a chunk of an older build that is gone: loading the page anew mends the latter. */
export function Crash({ error }: ErrorComponentProps) {
  return (
    <div role="alert" className="panel m-3 flex gap-3 border-bad/50 p-4">
      <Bug className="mt-0.5 size-5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0">
        <h1 className="font-medium">This page broke.</h1>
        <p className="mt-1 text-muted">
          Load it anew; the hub may have been updated meanwhile. If it breaks again, report this line:
        </p>
        <p className="mt-1 font-mono text-xs break-words">{error instanceof Error ? error.message : String(error)}</p>
        <Button className="mt-3" icon={RotateCw} onClick={() => location.reload()}>
          Load the page anew
        </Button>
      </div>
    </div>
  );
}
