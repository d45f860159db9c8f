import { CloudOff, CircleAlert, Inbox, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { asApiError } from "../api/error";
import { Button } from "./Button";

/** What a page shows instead of its content when a request failed. */
export function ErrorPanel({ error, retry, children }: { error: unknown; retry?: () => void; children?: ReactNode }) {
  const e = asApiError(error);
  const Icon = e.offline ? CloudOff : CircleAlert;
  return (
    <div role="alert" data-offline={e.offline || undefined} className="panel m-3 flex gap-3 border-bad/50 p-4">
      <Icon className="mt-0.5 size-5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0">
        <p className="font-medium break-words">{e.message}</p>
        {e.fix && <p className="mt-1 break-words text-muted">{e.fix}</p>}
        <div className="mt-3 flex flex-wrap items-center gap-2">
          {children}
          {retry && (
            <Button icon={RotateCw} onClick={retry}>
              Try again
            </Button>
          )}
          <span className="font-mono text-xs text-muted">{e.code}</span>
        </div>
      </div>
    </div>
  );
}

/** What a page shows when there is nothing to show: why, and what to do about it. */
export function EmptyPanel({
  title,
  first = false,
  children,
}: {
  title: string;
  first?: boolean;
  children?: ReactNode;
}) {
  const Heading = first ? "h1" : "h2"; // h1 where the page has no other heading
  return (
    <div className="mx-auto flex max-w-xl flex-col items-center gap-2 px-4 py-14 text-center">
      <Inbox className="size-8 text-muted" aria-hidden />
      <Heading className="text-base font-semibold">{title}</Heading>
      <div className="text-muted">{children}</div>
    </div>
  );
}

/** Grey bars while the first answer is on its way. */
export function Skeleton({ rows = 8, label }: { rows?: number; label: string }) {
  return (
    <div role="status" aria-label={label} className="pulse flex flex-col gap-3 p-4">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="flex gap-4">
          <div className="h-3.5 w-24 rounded bg-line" />
          <div className="h-3.5 rounded bg-line" style={{ width: `${30 + ((i * 17) % 35)}%` }} />
          <div className="hidden h-3.5 w-20 rounded bg-line sm:block" />
        </div>
      ))}
      <span className="visually-hidden">{label}</span>
    </div>
  );
}

/** A sentence that is more than a remark and less than a failure. */
export function Notice({
  icon: Icon,
  tone = "warn",
  children,
}: {
  icon: typeof CircleAlert;
  tone?: "warn" | "info" | "bad";
  children: ReactNode;
}) {
  const tones = {
    warn: "bg-warn-soft border-warn/40 text-warn",
    info: "bg-accent-soft border-accent/40 text-accent",
    bad: "bg-bad-soft border-bad/40 text-bad",
  };
  return (
    <div className={`flex items-start gap-2 rounded-md border px-3 py-2 ${tones[tone]}`}>
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="min-w-0 text-ink">{children}</div>
    </div>
  );
}
