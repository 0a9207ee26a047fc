/* Generated from protocol/schema/streams.json by "npm run types". */

export type Streams = StreamMessage;
export type StreamMessage = StreamOpen | StreamWindow | StreamEnd | StreamClose;
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

/**
 * Hub to device: begin a stream to ``target``.
 */
export interface StreamOpen {
  schema_version: "1";
  stream_id: string;
  type: "stream.open";
  target: "web";
}
/**
 * Either way: the sender of this has room for so many bytes more.
 */
export interface StreamWindow {
  schema_version: "1";
  stream_id: string;
  type: "stream.window";
  bytes: number;
}
/**
 * Either way: the sender of this has no more bytes; the other direction goes on.
 */
export interface StreamEnd {
  schema_version: "1";
  stream_id: string;
  type: "stream.end";
}
/**
 * Either way: the stream is over in both directions; ``error`` says why, unless all went well.
 */
export interface StreamClose {
  schema_version: "1";
  stream_id: string;
  type: "stream.close";
  code?: ProblemCode;
  error?: string;
}
