/* Generated from protocol/schema/problems.json by "npm run types". */

export type Problems = Problem;
export type Problem = ErrorAnswer;
/**
 * What went wrong, as a stable word. Codes are added, never given another meaning.
 */
export type ProblemCode =
  | "invalid_request"
  | "malformed_message"
  | "malformed_frame"
  | "unknown_command"
  | "unknown_event"
  | "too_large"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "not_logged_in"
  | "login_failed"
  | "forbidden"
  | "not_in_control"
  | "rate_limited"
  | "csrf_refused"
  | "origin_refused"
  | "host_refused"
  | "setup_needed"
  | "setup_done"
  | "setup_code_wrong"
  | "name_taken"
  | "workdir_missing"
  | "session_ended"
  | "session_failed"
  | "tmux_missing"
  | "agent_missing"
  | "too_many"
  | "runaway_output"
  | "path_outside_workspace"
  | "out_of_order"
  | "checksum_mismatch"
  | "transfer_expired"
  | "disk_full"
  | "permission_denied"
  | "key_invalid"
  | "install_failed"
  | "update_unavailable"
  | "bundle_refused"
  | "hub_unreachable"
  | "hub_refused"
  | "hub_changed"
  | "device_offline"
  | "device_revoked"
  | "proof_wrong"
  | "clock_wrong"
  | "claim_wrong"
  | "timeout"
  | "unavailable"
  | "internal";
export type JsonValue = unknown;

/**
 * The body of every answer that is not a success: ``{"error": {"code", "message", "details"}}``.
 */
export interface ErrorAnswer {
  error: ProblemInfo;
}
/**
 * The inside of an error answer.
 */
export interface ProblemInfo {
  code: ProblemCode;
  /**
   * A sentence for a person: what happened and what to do.
   */
  message: string;
  details?: {
    [k: string]: JsonValue;
  };
}
