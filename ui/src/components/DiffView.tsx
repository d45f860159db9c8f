import { yaml } from "@codemirror/lang-yaml";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { editorTheme } from "./editorTheme";

interface Props {
  before: string;
  after: string;
  /** Side by side, or one under the other where there is no room. */
  split: boolean;
}

/** Two manifests, what differs marked, what does not folded away. */
export function DiffView({ before, after, split }: Props) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current) return undefined;
    const base = (label: string): Extension => [
      lineNumbers(),
      drawSelection(),
      yaml(),
      EditorState.readOnly.of(true),
      EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", tabindex: "0" }),
      editorTheme,
    ];
    const collapse = { margin: 3, minSize: 6 };
    const diffConfig = { scanLimit: 2_000, timeout: 300 };
    if (split) {
      const merge = new MergeView({
        parent: host.current,
        a: { doc: before, extensions: base("Before") },
        b: { doc: after, extensions: base("After") },
        collapseUnchanged: collapse,
        diffConfig,
        gutter: true,
      });
      return () => merge.destroy();
    }
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: after,
        extensions: [
          base("Difference"),
          unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: collapse, diffConfig }),
        ],
      }),
    });
    return () => view.destroy();
  }, [before, after, split]);
  return <div ref={host} className="h-full min-h-0 overflow-auto" />;
}
