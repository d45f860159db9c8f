import { Download } from "lucide-react";
import { Popover } from "radix-ui";
import { exportAddress } from "../lib/export";
import { count } from "../lib/count";

const formats = [
  { format: "csv", word: "CSV", says: "a table for spreadsheets" },
  { format: "ndjson", word: "NDJSON", says: "a line of JSON each" },
  { format: "yaml", word: "YAML", says: "the whole manifests" },
  { format: "json", word: "JSON", says: "one list of whole objects" },
] as const;

/** Files of everything that a query finds, written by the hub as they are read. */
export function ExportMenu({
  query,
  total,
  page,
  span,
}: {
  query: string;
  total: number | undefined;
  page?: "changes";
  span?: { from: string; to: string | null };
}) {
  return (
    <Popover.Root>
      <Popover.Trigger
        title="Export the results"
        className="inline-flex min-h-6 items-center gap-1 rounded-md border border-edge/60 bg-surface px-2 text-xs hover:bg-hover"
      >
        <Download className="size-3.5" aria-hidden />
        Export
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label="Export"
          className="z-50 min-w-60 rounded-lg border border-line bg-surface p-1.5 shadow-xl"
        >
          <p className="px-2 py-1 text-xs text-muted">
            {total === undefined ? "Everything that is found" : `${count(total)} ${total === 1 ? "result" : "results"}`}{" "}
            as a file
          </p>
          <ul>
            {formats.map(({ format, word, says }) => (
              <li key={format}>
                <Popover.Close asChild>
                  <a
                    href={exportAddress({ query, format, page, ...span })}
                    download
                    className="flex w-full items-center gap-2 rounded px-2 py-1.5 text-sm hover:bg-hover"
                  >
                    <span className="w-16 font-medium">{word}</span>
                    <span className="text-xs text-muted">{says}</span>
                  </a>
                </Popover.Close>
              </li>
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
