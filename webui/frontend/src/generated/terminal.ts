/* Generated from protocol/schema/terminal.json by "npm run types". */

export type Terminal = ServerMessage | ClientMessage;
export type ServerMessage = TerminalSnapshot | TerminalResized | TerminalControl | TerminalEnded | TerminalError;
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
export type ClientMessage = TerminalTakeControl | TerminalResize | TerminalAck;

/**
 * The screen: clear the terminal, give it this size, write ``content`` and then ``modes``.
 */
export interface TerminalSnapshot {
  schema_version?: "1";
  type: "session.snapshot";
  session_id: string;
  /**
   * History and screen with SGR escapes, lines separated by CR LF.
   */
  content: string;
  cols: number;
  rows: number;
  /**
   * Counts from 0.
   */
  cursor_x: number;
  /**
   * Counts from 0.
   */
  cursor_y: number;
  cursor_visible: boolean;
  /**
   * Whether a full-screen program is drawing.
   */
  alternate_on: boolean;
  /**
   * Number of the first output frame that comes after this screen.
   */
  seq: number;
  /**
   * Lines of history that stand before the screen.
   */
  scrollback: number;
  /**
   * Escape sequences that bring a fresh terminal into the same modes.
   */
  modes: string;
  title: string;
}
/**
 * The terminal has another size now, in characters.
 */
export interface TerminalResized {
  schema_version?: "1";
  type: "session.resized";
  cols: number;
  rows: number;
}
/**
 * Who types: ``holder`` is missing when nobody does.
 */
export interface TerminalControl {
  schema_version?: "1";
  type: "session.control";
  holder?: string;
  /**
   * Whether this viewer is in control.
   */
  yours: boolean;
  /**
   * Whether this viewer may take control at all.
   */
  may_write: boolean;
}
/**
 * The session is over; ``exit_code`` where it is known. Nothing follows.
 */
export interface TerminalEnded {
  schema_version?: "1";
  type: "session.ended";
  exit_code?: number;
}
/**
 * Something was refused or went wrong; the socket goes on.
 */
export interface TerminalError {
  schema_version?: "1";
  type: "session.error";
  error: string;
  code: ProblemCode;
}
/**
 * The viewer wants to type.
 */
export interface TerminalTakeControl {
  schema_version?: "1";
  type: "session.take_control";
}
/**
 * The viewer wants another size, in characters.
 */
export interface TerminalResize {
  schema_version?: "1";
  type: "session.resize";
  cols: number;
  rows: number;
}
/**
 * The highest frame number that the viewer has shown: each 200 ms, or after 64 KiB of output.
 */
export interface TerminalAck {
  schema_version?: "1";
  type: "session.ack";
  seq: number;
}
