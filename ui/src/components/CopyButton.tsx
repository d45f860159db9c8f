import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "./Button";

export function CopyButton({ text, what, small = false }: { text: string; what: string; small?: boolean }) {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setState("done");
    } catch {
      setState("failed"); // No permission, or a page without TLS that is not on loopback.
    }
    setTimeout(() => setState("idle"), 2_000);
  };
  return (
    <Button
      small={small}
      icon={state === "done" ? Check : Copy}

      onClick={() => void copy()}
    >
      <span aria-live="polite">
        {state === "done" ? "Copied" : state === "failed" ? "The browser refused" : `Copy ${what}`}
      </span>
    </Button>
  );
}
