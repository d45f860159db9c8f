import type { AuditQuery, AuditStateQuery, AuditVerificationQuery } from "../api/generated";
import { before } from "./fixtures";

type Row = AuditQuery["audit"]["nodes"][number];

function row(seq: number, change: Partial<Row>): Row {
  return {
    seq: String(seq),
    at: before(300 - seq),
    action: "a2",
    actor: "admin",
    source: "ui",
    verb: "scale",
    phase: "intent",
    cluster: "zone1",
    namespace: "shop",
    resource: "deployments.apps",
    name: "app2",
    uid: "0b8f7c1e-7c1d-4c2c-9f6f-0a8d2f1c5e77",
    ref: "zone1:shop/deployments.apps/app2",
    result: "",
    reason: "INC-4711",
    detail: { replicas: 3 },
    prevHash: `${seq - 1}`.padStart(64, "0"),
    hash: `${seq}`.padStart(64, "0"),
    ...change,
  };
}

export const rows: AuditQuery = {
  audit: {
    total: 4,
    pageInfo: { hasNextPage: false, endCursor: null },
    nodes: [
      row(44, { phase: "result", result: "done" }),
      row(43, {}),
      row(42, { actor: "maria", verb: "delete", phase: "result", result: "failed", source: "cli", cluster: "zone2" }),
      row(41, {
        action: null,
        verb: "protect",
        phase: "cluster",
        namespace: null,
        resource: "",
        name: "",
        uid: "",
        ref: null,
        reason: "",
        detail: { level: "four-eyes" },
      }),
    ],
  },
};

export const state: AuditStateQuery = {
  auditState: {
    seq: "44",
    hash: "44".padStart(64, "0"),
    first: "1",
    checkpoint: { seq: "40", at: before(50), key: "foretop+1f2e3d4c" },
    keys: ["foretop+1f2e3d4c+AbCd"],
  },
};

export const verified: AuditVerificationQuery = {
  auditVerification: { whole: true, rows: 44, rowsBefore: 0, checkpoints: 3, findings: [], tookMs: 12 },
};

export const tampered: AuditVerificationQuery = {
  auditVerification: {
    whole: false,
    rows: 43,
    rowsBefore: 0,
    checkpoints: 3,
    findings: ["Row 17 was changed: its hash is not that of its fields.", "Row 21 is missing."],
    tookMs: 12,
  },
};
